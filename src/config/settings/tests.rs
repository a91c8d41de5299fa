//! What a settings file may say, and a corpus of files that say something else.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use super::*;
use crate::keys::{Action, Context, Key};
use crate::metrics::{Access, Address, Header, Login, Secret, Tls};

fn good(text: &str) -> Settings {
    let (settings, faults) = Settings::read(text);
    assert_eq!(faults, [], "{text}");
    settings
}

/// Each file of the corpus has the exact messages beside it. With `INSTA_UPDATE=always` they are rewritten.
#[test]
fn bad_files_are_told_what_is_wrong_and_where() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bad_config"));
    let update = env::var("INSTA_UPDATE").is_ok_and(|update| update == "always");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let (_, faults) = Settings::read(&text);
        let mut told = String::new();
        for fault in &faults {
            writeln!(told, "{:?} {}", fault.reach, fault.in_file(Path::new("config.toml"))).unwrap();
        }
        assert!(!told.is_empty(), "{} is not bad", path.display());
        let expected = path.with_extension("txt");
        if update {
            fs::write(&expected, &told).unwrap();
        }
        assert_eq!(told, fs::read_to_string(&expected).unwrap_or_default(), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 25, "only {seen}");
}

#[test]
fn an_empty_file_says_nothing() {
    assert_eq!(good(""), Settings::default());
}

#[test]
fn settings_reach_their_values() {
    let settings = good(
        "theme = \"mono\"\nascii = true\nall-namespaces = true\nladder = [10, 0.5, 100, 0]\n\
         [prometheus]\nurl = \"http://prometheus:9090\"\nprovider = \"contour\"\n\
         [roles]\ncanary = \"canary-*\"\n[production]\ncontexts = [\"*prod*\"]\n\
         [times]\nrefresh = \"2s\"\nsettle = \"0s\"\nobserve-timeout = \"1m 30s\"\nproof-timeout = \"5m\"\n",
    );
    assert_eq!(settings.theme.as_deref(), Some("mono"));
    assert!(settings.ascii && settings.all_namespaces);
    assert_eq!(settings.conventions.ladder, Ladder::parse("0 0.5 10 100").unwrap());
    let url = Address("http://prometheus:9090".to_owned());
    assert_eq!(settings.prometheus.access.url, Some(url));
    assert_eq!(settings.providers.usual.as_deref(), Some("contour"));
    assert_eq!(settings.conventions.names.canary, ["canary-*".parse().unwrap()]);
    assert_eq!(settings.conventions.names.blue, Conventions::default().names.blue);
    assert!(settings.conventions.production.covers("eu-prod", "", ""));
    assert_eq!(settings.refresh, Duration::from_secs(2));
    let timing = settings.timing;
    assert_eq!((timing.settle, timing.observe.as_secs(), timing.proof.as_secs()), (Duration::ZERO, 90, 300));
}

#[test]
fn keys_can_be_swapped_added_and_taken_away() {
    let keymap = good("[keys.split]\nstep = \"b\"\nback = [\"s\", \"ctrl-s\"]\nset-weights = []\n").keymap;
    assert_eq!(keymap.lookup(Context::Split, Key::Char('b')), Some(Action::StepNext));
    assert_eq!(keymap.lookup(Context::Split, Key::Ctrl('s')), Some(Action::StepBack));
    assert_eq!(keymap.keys_of(Action::SetWeights, Context::Split), []);
    assert_eq!(keymap.lookup(Context::Split, Key::Char('w')), None);
    let order = |keymap: &Keymap| keymap.iter().map(|row| (row.context, row.action)).collect::<Vec<_>>();
    assert_eq!(order(&keymap), order(&Keymap::default()));
}

#[test]
fn what_is_wrong_stays_as_it_is_by_default() {
    let (settings, faults) = Settings::read("ascii = true\nladder = [200]\n[keys.split]\nstep = \"y\"\n");
    assert_eq!(faults.iter().map(|fault| fault.reach).collect::<Vec<_>>(), [Reach::Work, Reach::Look]);
    assert_eq!(settings, Settings { ascii: true, ..Settings::default() });
}

#[test]
fn a_context_says_what_is_otherwise_in_it() {
    let settings = good(
        "[prometheus]\nurl = \"https://mimir/prometheus\"\nuser = \"ann\"\npassword-env = \"PASSWORD\"\n\
         headers = { X-Scope-OrgID = \"shop\" }\nca-file = \"/ca.pem\"\n\
         [prometheus.contexts.\"prod eu\"]\nbearer-token-file = \"/token\"\ndiscover = false\n\
         [prometheus.contexts.test]\nurl = \"\"\ninsecure-skip-verify = true\n",
    );
    let headers = vec![Header { name: "X-Scope-OrgID".to_owned(), value: "shop".to_owned() }];
    let tls = Tls { ca_file: Some("/ca.pem".into()), ..Tls::default() };
    let password = Some(Secret::Env("PASSWORD".to_owned()));
    let all = Access {
        url: Some(Address("https://mimir/prometheus".to_owned())),
        tls: tls.clone(),
        login: Some(Login::Basic { user: "ann".to_owned(), password }),
        headers,
    };
    let prod = Access { login: Some(Login::Bearer(Secret::File("/token".into()))), ..all.clone() };
    let test = Access { url: None, tls: Tls { insecure_skip_verify: true, ..tls }, ..all.clone() };
    let of = |context| {
        let found = settings.prometheus_of(context);
        (&found.access, found.discover)
    };
    assert_eq!([of("x"), of("prod eu"), of("test")], [(&all, true), (&prod, false), (&test, true)]);
}

#[test]
fn a_login_is_shown_to_no_other_address() {
    let settings = good("[prometheus]\nurl = \"https://a\"\nbearer-token-env = \"T\"\n");
    assert!(settings.prometheus.at("https://a").access.login.is_some());
    assert!(settings.prometheus.at("https://b").access.login.is_none());
    let settings = good("[prometheus]\nbearer-token-env = \"T\"\n");
    assert!(settings.prometheus.at("https://b").access.login.is_some());
}

#[test]
fn a_provider_of_ones_own_comes_first_and_a_known_one_keeps_what_is_not_said() {
    let settings = good(
        "[prometheus]\nprovider = \"mine\"\nmatchers = { cluster = [\"eu\", \"us-*\"] }\n\
         [prometheus.contexts.test]\nmatchers = { cluster = \"test\" }\n\
         [prometheus.routes]\n\"shop/*\" = \"traefik\"\n\"*/*\" = \"auto\"\n\
         [[provider]]\nname = \"contour\"\nlabels = { cluster_name = \"{namespace}_{name}_{port}\" }\n\
         [[provider]]\nname = \"traefik\"\nlabels = { app = \"{name}\" }\n\
         [[provider]]\nname = \"mine\"\nrequests = \"r\"\nerrors = { code = [\"5*\", \"0\"] }\n\
         labels = { pod = \"{name}-*\" }\nunit = \"ms\"\n",
    );
    let providers = &settings.providers;
    let known = |name: &str| providers.known.iter().filter(|known| known.name == name).collect::<Vec<_>>();
    assert_eq!(providers.known[0].name, "mine");
    assert_eq!((providers.known[0].latency.as_deref(), providers.known[0].errors.len()), (None, 2));
    assert_eq!(known("contour")[0].labels, ["cluster_name"]);
    assert_eq!(known("contour")[0].requests, "envoy_cluster_upstream_rq_xx");
    assert_eq!(known("traefik").len(), 1, "with labels of one's own there is one way");
    assert_eq!(providers.usual.as_deref(), Some("mine"));
    let routes: Vec<_> = providers.routes.iter().map(|(like, to)| (like.to_string(), to.as_str())).collect();
    assert_eq!(routes, [("shop/*".to_owned(), "traefik"), ("*/*".to_owned(), "auto")]);
    let matchers = |context: &str| settings.prometheus_of(context).matchers.clone();
    assert_eq!((matchers("test")[0].values.len(), matchers("other")[0].values.len()), (1, 2));
    let contour = &providers.clone().within(&matchers("test")).known[1];
    assert_eq!((contour.matchers.len(), contour.matchers[0].label.as_str()), (1, "cluster"));
}
