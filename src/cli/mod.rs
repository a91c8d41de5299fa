//! The command line: one file a verb, arguments in, exit code out.
//!
//! Here: flags, what `list` and `show` print, how the verbs that write ask and answer, exit codes. Not here:
//! what may be done with a route (`rollout/`), how it is carried through (`pilot/`), the cockpit's screens (`app/`,
//! `ui/`). Called by `main.rs`; its engine also by tests and benches.

mod after;
mod args;
mod change;
mod cockpit;
mod config;
mod demo;
mod diagnose;
mod exit;
mod explain;
mod flip;
mod gather;
mod list;
mod log;
mod logs;
mod observed;
mod output;
mod probed;
mod rollback;
mod route_name;
mod session;
mod set;
mod show;
mod source;
mod splits;
mod step;
mod summary;
mod table;
mod target;
mod themes;
mod undo;
mod verify;
mod voice;

use std::future::Future;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Builder;

use crate::config::{Paths, Settings};
use args::{Cli, Global, Verb};
pub use cockpit::{Engine, Outside};
pub use demo::session as demo_session;
use exit::{Exit, Failure};
use output::tell;
use route_name::RouteName;
pub use session::Session;

/// How the cockpit is to look.
struct Look {
    /// The theme's name; the environment decides if absent.
    theme: Option<String>,
    /// ASCII characters only.
    ascii: bool,
    /// What is wrong with the settings of the look and the keys.
    warnings: Vec<String>,
}

/// Threads of the cockpit: one draws, one reads. Verbs need none but their own.
const COCKPIT_THREADS: usize = 2;

const NO_TERMINAL: &str = "the cockpit needs a terminal to draw on; without one, use a verb: list, show, diagnose, verify, step, set, flip, rollback, undo";

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    // A panic before this would still be printed, only less well.
    let _ = color_eyre::install();
    // Fails only if there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    run(Cli::parse()).unwrap_or_else(|failure| {
        tell(format_args!("error: {}", failure.message));
        failure.exit.into()
    })
}

fn run(mut cli: Cli) -> Result<ExitCode, Failure> {
    if let Some(Verb::Explain(args)) = &cli.verb {
        return Ok(explain::run(args)?.into());
    }
    let paths = Paths::find();
    if let Some(Verb::Config(what)) = &cli.verb {
        return Ok(config::run(what, &paths, cli.global.config.as_deref())?.into());
    }
    let asked = cli.global.config.as_deref();
    let (settings, warnings) = match cli.verb {
        Some(Verb::Rollback(_)) => {
            let (settings, metered) = config::settings_of_rollback(&paths, asked)?;
            if !metered {
                cli.global.prometheus = Some(source::NONE.to_owned());
            }
            (settings, Vec::new())
        }
        _ => config::settings(&paths, asked)?,
    };
    let settings = cli.global.over(settings)?;
    let _log = log::start(&paths)?;
    let mut look = Look { theme: settings.theme.clone(), ascii: settings.ascii, warnings };
    match cli.verb {
        None => {
            let mut builder = Builder::new_multi_thread();
            wait(builder.worker_threads(COCKPIT_THREADS), async {
                let session = Session::open(&cli.global, settings, &paths).await?;
                look.warnings.splice(0..0, session.preflight().await?);
                needs_terminal()?;
                cockpit::run(session, look).await
            })
        }
        Some(Verb::Demo(args)) => {
            needs_terminal()?;
            wait(
                Builder::new_multi_thread().worker_threads(COCKPIT_THREADS),
                demo::run(&args, settings, look),
            )
        }
        Some(verb) => {
            let work = verb_to_end(&verb, &cli.global, settings, &paths);
            let exit = wait(&mut Builder::new_current_thread(), work);
            if let (Err(failure), Some(flags)) = (&exit, verb.change()) {
                change::tell_failure(flags, failure)?;
            }
            Ok(exit?.into())
        }
    }
}

fn needs_terminal() -> Result<(), Failure> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage(NO_TERMINAL))
}

async fn verb_to_end(
    verb: &Verb,
    global: &Global,
    settings: Settings,
    paths: &Paths,
) -> Result<Exit, Failure> {
    if let Verb::Set(args) = verb {
        set::check(args)?;
    }
    let session = Session::open(global, settings, paths).await?;
    let id = |name: &RouteName| name.id(global.namespace.as_deref(), session.cluster.namespace());
    match verb {
        Verb::List(args) => list::run(&session, args).await,
        Verb::Show(args) => show::run(&session, &id(&args.route)?, args).await,
        Verb::Diagnose(args) => diagnose::run(&session, &id(&args.route)?, args).await,
        Verb::Set(args) => set::run(&session, id(&args.route)?, args).await,
        Verb::Rollback(args) => rollback::run(&session, id(&args.route)?, args).await,
        Verb::Step(args) => step::run(&session, id(&args.route)?, args).await,
        Verb::Flip(args) => flip::run(&session, id(&args.route)?, args).await,
        Verb::Undo(args) => undo::run(&session, id(&args.route)?, args).await,
        Verb::Verify(args) => verify::run(&session, id(&args.route)?, args).await,
        // Done by `run`, as they need no cluster.
        Verb::Config(_) | Verb::Demo(_) | Verb::Explain(_) => Ok(Exit::Done),
    }
}

/// Runs `work` to its end. What still hangs then, as a name lookup, is not waited for.
fn wait<T>(builder: &mut Builder, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = builder
        .enable_all()
        .build()
        .map_err(|error| Failure::error(format!("cannot start the runtime: {error}")))?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}
