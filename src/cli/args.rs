//! The command line: flags, verbs and what their values may be.

mod values;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use http::{HeaderName, HeaderValue};

use values::{share, shares, version_of, weight};

use super::exit::Failure;
use super::route_name::{RouteName, object_name};
use crate::config::Settings;
use crate::demo::Scenario;
use crate::pilot::Timing;
use crate::probe::{FEWEST_REQUESTS, MOST_REQUESTS, VersionFrom, header};
use crate::rollout::{self, duration, positive};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  error, for example a route that does not exist; diagnose: something is broken
  2  usage or configuration
  3  the gate did not pass, and no reason or name was given; nothing was written
  4  the route changed meanwhile; nothing was written
  5  written, but not proven; verify: not proven
  6  sent, and no answer came: it may have been written; look before you repeat;
     verify: disproven, what is served is not what is declared
  7  not permitted; the message names the right

Environment:
  KUBECONFIG, XDG_STATE_HOME (journal), XDG_CONFIG_HOME (settings, themes), NO_COLOR
  TIDEGATE_LOG=debug writes a log to the state directory";

/// A terminal cockpit for Kubernetes Gateway API rollouts.
///
/// Without a verb it opens the cockpit.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// Flags of all verbs.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// Flags of all verbs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The kubeconfig [default: $KUBECONFIG, then ~/.kube/config]
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context [default: its current one]
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// The namespace [default: the context's]
    #[arg(short, long, global = true, value_name = "NAME", value_parser = object_name)]
    pub namespace: Option<String>,
    /// All namespaces
    #[arg(short = 'A', long, global = true)]
    pub all_namespaces: bool,
    /// Where numbers come from.
    #[arg(
        help = "Where numbers come from: a Prometheus or what speaks its API, also kube://NAMESPACE/SERVICE:PORT; or none",
        long,
        global = true,
        value_name = "URL",
        env = "TIDEGATE_PROMETHEUS",
        hide_env_values = true
    )]
    pub prometheus: Option<String>,
    /// Whose metrics to use: auto, contour, kgateway, cilium, envoy-gateway, istio, istio-mesh, linkerd, traefik, app, or one of your own
    #[arg(long, global = true, value_name = "NAME")]
    pub provider: Option<String>,
    /// Wait after the controllers report a change, before requests are counted [default: 15s]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub settle: Option<Duration>,
    /// How long to wait for the controllers to report a change [default: 60s]
    #[arg(long, global = true, value_name = "TIME", value_parser = positive)]
    pub observe_timeout: Option<Duration>,
    /// How long to wait for proof, after settling [default: 90s]
    #[arg(long, global = true, value_name = "TIME", value_parser = positive)]
    pub proof_timeout: Option<Duration>,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// The cockpit's theme: dark, light, colorblind, colorblind-light, mono, or one of your own
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// The settings file [default: see tidegate config path]
    #[arg(long, global = true, value_name = "FILE", env = "TIDEGATE_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
}

impl Global {
    /// The settings, where no flag says otherwise.
    ///
    /// # Errors
    /// When a flag names what the settings do not have.
    pub fn over(&self, mut settings: Settings) -> Result<Settings, Failure> {
        let timing = settings.timing;
        if let Some(name) = &self.provider {
            let usage = |error| {
                Failure::usage(format_args!("invalid value '{name}' for '--provider <NAME>': {error}"))
            };
            settings.providers = settings.providers.everywhere(name).map_err(usage)?;
        }
        Ok(Settings {
            theme: self.theme.clone().or(settings.theme),
            ascii: self.ascii || settings.ascii,
            all_namespaces: self.all_namespaces || (settings.all_namespaces && self.namespace.is_none()),
            timing: Timing {
                settle: self.settle.unwrap_or(timing.settle),
                observe: self.observe_timeout.unwrap_or(timing.observe),
                proof: self.proof_timeout.unwrap_or(timing.proof),
                ..timing
            },
            ..settings
        })
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Print the splits: weights, observed shares, errors and latency of each backend
    ///
    /// Ready endpoints and images are not read here; `show` has them.
    List(List),
    /// Print one route: parents, conditions, backends, other paths, owners, last change
    Show(Show),
    /// Walk from the route to the requests and name the first broken step; writes nothing
    ///
    /// Exit code 0: nothing that could be seen is broken, 1: something is.
    Diagnose(Diagnose),
    /// Tell of one way to be hurt by a split: what it looks like, what tidegate does, what to do
    Explain(Explain),
    /// Move the canary to the next stage of its ladder, one back, or to a share
    Step(Step),
    /// Set the weights of a split
    Set(Set),
    /// Swap a pair: all traffic from the one that has it to the other
    Flip(Flip),
    /// Drain the canary, or return to the previous version
    Rollback(Rollback),
    /// Take the newest change back
    ///
    /// Only while the weights are those that it wrote. A second undo does it again.
    Undo(Undo),
    /// Count requests until they show that a split is served as it is declared; writes nothing
    ///
    /// With --probe it sends some itself, and shows what this one URL serves.
    ///
    /// Exit code 0: proven, 5: unproven, 6: disproven.
    Verify(Verify),
    /// Try the cockpit on a simulated cluster: nothing real is read or written
    Demo(Demo),
    /// The settings file: where it is, what it may say, what is wrong with it
    #[command(subcommand)]
    Config(Config),
}

impl Verb {
    /// The flags of a verb that writes.
    #[must_use]
    pub fn change(&self) -> Option<&Change> {
        match self {
            Self::Step(args) => Some(&args.change),
            Self::Set(args) => Some(&args.change),
            Self::Flip(args) => Some(&args.change),
            Self::Rollback(args) => Some(&args.change),
            Self::Undo(args) => Some(&args.change),
            Self::List(_)
            | Self::Show(_)
            | Self::Diagnose(_)
            | Self::Explain(_)
            | Self::Verify(_)
            | Self::Demo(_)
            | Self::Config(_) => None,
        }
    }
}

/// `config`.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print the path of the settings file
    Path,
    /// Print every setting with its default and what it is for
    Sample,
    /// Tell what is wrong with the settings and with your own themes, by file, line and key
    Check {
        /// The file [default: the one that is used]
        file: Option<PathBuf>,
    },
    /// Print the keys in force as a table in Markdown
    Keys,
}

/// `list`.
#[derive(Debug, Args)]
pub struct List {
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: Format,
    /// Ask no Prometheus
    #[arg(long)]
    pub no_metrics: bool,
}

/// `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The route: NAME or NAMESPACE/NAME
    pub route: RouteName,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: Format,
    /// Ask no Prometheus
    #[arg(long)]
    pub no_metrics: bool,
    /// Count the errors in the newest logs of each backend's pods
    #[arg(long)]
    pub logs: bool,
}

/// `diagnose`.
#[derive(Debug, Args)]
pub struct Diagnose {
    /// The route: NAME or NAMESPACE/NAME
    pub route: RouteName,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: Format,
    /// Ask no Prometheus
    #[arg(long)]
    pub no_metrics: bool,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The failure; without it all are listed
    pub name: Option<String>,
}

/// `set`.
#[derive(Debug, Args)]
pub struct Set {
    /// The route: NAME or NAMESPACE/NAME
    pub route: RouteName,
    /// The weight of every backend of the split, for example checkout-stable=90 checkout-canary=10
    #[arg(required = true, value_name = "BACKEND=WEIGHT", value_parser = weight)]
    pub weights: Vec<(Box<str>, u32)>,
    /// The rule, where the route has several splits
    #[arg(long, value_name = "INDEX|NAME")]
    pub rule: Option<String>,
    /// How to go about it.
    #[command(flatten)]
    pub change: Change,
}

/// `step`.
#[derive(Debug, Args)]
pub struct Step {
    /// The route: NAME or NAMESPACE/NAME
    pub route: RouteName,
    /// One stage back
    #[arg(long, conflicts_with = "to")]
    pub back: bool,
    /// To this share of the canary in percent, for example 25; 100 promotes it
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub to: Option<rollout::Stage>,
    /// The rule, where the route has several splits that differ
    #[arg(long, value_name = "INDEX|NAME")]
    pub rule: Option<String>,
    /// The canary, where nothing says which backend it is
    #[arg(long, value_name = "BACKEND", value_parser = object_name)]
    pub canary: Option<String>,
    /// How to go about it.
    #[command(flatten)]
    pub change: Change,
}

/// `flip`.
#[derive(Debug, Args)]
pub struct Flip {
    /// The route: NAME or NAMESPACE/NAME
    pub route: RouteName,
    /// The rule, where the route has several pairs that differ
    #[arg(long, value_name = "INDEX|NAME")]
    pub rule: Option<String>,
    /// How to go about it.
    #[command(flatten)]
    pub change: Change,
}

/// `undo`.
#[derive(Debug, Args)]
pub struct Undo {
    /// The route: NAME or NAMESPACE/NAME
    pub route: RouteName,
    /// How to go about it.
    #[command(flatten)]
    pub change: Change,
}

/// `rollback`.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The route: NAME or NAMESPACE/NAME
    pub route: RouteName,
    /// The rule, where the route has several splits with different canaries
    #[arg(long, value_name = "INDEX|NAME")]
    pub rule: Option<String>,
    /// Also rules with the canary alone, mirrors to it, and other routes
    #[arg(long)]
    pub all_paths: bool,
    /// The backend to drain, where nothing says which one is the canary
    #[arg(long, value_name = "BACKEND", value_parser = object_name)]
    pub canary: Option<String>,
    /// How to go about it.
    #[command(flatten)]
    pub change: Change,
}

/// `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The route: NAME or NAMESPACE/NAME
    pub route: RouteName,
    /// The rule, where the route has several splits
    #[arg(long, value_name = "INDEX|NAME")]
    pub rule: Option<String>,
    /// The shares that must be declared, in the order of the backends, for example 90/10
    #[arg(long, value_name = "SHARES", value_parser = shares)]
    pub expect: Option<Expected>,
    /// Send requests to this URL and count who answers, instead of asking a Prometheus [default: the one of the settings]
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "")]
    pub probe: Option<String>,
    /// How many requests the probe sends, 10000 at most, 50 a second [default: 200]
    #[arg(long, value_name = "NUMBER", requires = "probe",
        value_parser = clap::value_parser!(u32).range(i64::from(FEWEST_REQUESTS)..=i64::from(MOST_REQUESTS)))]
    pub requests: Option<u32>,
    /// A header of each request of the probe, for example 'Host: shop.example'; may be repeated
    #[arg(long, value_name = "NAME: VALUE", requires = "probe", value_parser = header)]
    pub header: Vec<(HeaderName, HeaderValue)>,
    /// Where an answer names its version: header:NAME, json:FIELD or regex:EXPRESSION
    #[arg(long, value_name = "PLACE", requires = "probe")]
    pub version_from: Option<VersionFrom>,
    /// Whose a version is, where its name, image tag or label does not tell; may be repeated
    #[arg(long, value_name = "BACKEND=VERSION", requires = "probe", value_parser = version_of)]
    pub version_of: Vec<(Box<str>, String)>,
    /// How to print the ending
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: EndingFormat,
}

/// Shares that are expected, as numbers whose ratio counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected(pub Vec<u32>);

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// What happens
    #[arg(long, value_name = "NAME", default_value = "failing")]
    pub scenario: Scenario,
    /// The same number gives the same traffic
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
}

/// Flags of the verbs that write.
#[derive(Debug, Args)]
pub struct Change {
    /// Write without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Show what would be written and what the server says of it, and write nothing
    #[arg(long, conflicts_with_all = ["yes", "wait"])]
    pub dry_run: bool,
    /// Why, for the journal; demanded where the gate does not pass
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The receiving backend's name, demanded where the change is dangerous
    #[arg(long, value_name = "BACKEND")]
    pub confirm: Option<String>,
    /// Wait until counted requests prove it
    #[arg(long)]
    pub wait: bool,
    /// How to print the ending
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: EndingFormat,
}

/// How `list` and `show` print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns.
    Table,
    /// JSON.
    Json,
}

/// How the verbs that write print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EndingFormat {
    /// Lines.
    Text,
    /// Lines on standard error, and the ending as JSON on standard output.
    Json,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
