//! Bad input: the real binary, its exit code and the whole of its message. Upper deadlines only.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test panics when it fails")]

mod changes;
mod diagnose;
mod program;
mod server;
mod verify;

use program::{Home, kubeconfig};
use server::{Answer, Server, forbidden, healthy, prometheus, status};

const VERBS: [&[&str]; 4] = [
    &["list"],
    &["show", "checkout"],
    &["set", "checkout", "checkout-stable=100", "checkout-canary=0"],
    &["rollback", "checkout", "--yes"],
];

/// Every verb, and the cockpit.
fn all() -> impl Iterator<Item = &'static [&'static str]> {
    VERBS.into_iter().chain([&[][..]])
}

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    args.iter().chain(more).copied().collect()
}

#[test]
fn no_kubeconfig() {
    let home = Home::empty();
    for args in all() {
        home.refuses(
            args,
            2,
            "no kubeconfig: --kubeconfig and $KUBECONFIG are not set and ~/.kube/config does not exist; \
             give one of them",
        );
    }
}

#[test]
fn a_kubeconfig_that_cannot_be_read() {
    let home = Home::empty();
    let gone = home.path().join("gone").display().to_string();
    let broken = home.write("broken", "clusters: [");
    for args in all() {
        home.refuses(
            &with(args, &["--kubeconfig", &gone]),
            2,
            &format!("cannot use kubeconfig {gone} (--kubeconfig): No such file or directory (os error 2)"),
        );
        let run = home.run_with(args, &[("KUBECONFIG", &broken)]);
        let start = format!("error: cannot use kubeconfig {broken} ($KUBECONFIG): ");
        assert!(run.err.starts_with(&start), "{}", run.err);
        assert_eq!((run.exit, run.err.lines().count()), (Some(2), 1), "{}", run.err);
    }
}

#[test]
fn a_context_that_is_not_there() {
    let home = Home::with(Server::closed());
    let file = home.path().join(".kube/config").display().to_string();
    let none = home.write("none", &kubeconfig(Server::closed(), ""));
    for args in all() {
        home.refuses(
            &with(args, &["--context", "prod"]),
            2,
            &format!("no context `prod` in kubeconfig {file} (the default); there is: rig"),
        );
        home.refuses(
            &with(args, &["--kubeconfig", &none]),
            2,
            &format!("kubeconfig {none} (--kubeconfig) has no current context; give one with --context: rig"),
        );
    }
}

#[test]
fn no_gateway_api() {
    let server = Server::start(|_, _| status(404, "404 page not found"));
    let home = Home::with(server);
    for args in all() {
        home.refuses(
            args,
            2,
            &format!(
                "the cluster of context `rig` ({}) has no Gateway API: it serves no HTTPRoutes; install the \
                 Gateway API's CRDs or choose another --context",
                server.url()
            ),
        );
    }
}

#[test]
fn an_api_server_that_is_away() {
    let server = Server::closed();
    let home = Home::with(server);
    for (args, what) in VERBS.into_iter().zip([
        "list routes in namespace shop",
        "",
        "read route shop/checkout",
        "read route shop/checkout",
    ]) {
        let run = home.run(args);
        let start = format!("error: context `rig` ({}): cannot {what}", server.url());
        let end = ": the API server cannot be reached (Connection refused (os error 111)); check the server's \
                   address in the kubeconfig and the network, or choose another --context\n";
        assert!(run.err.starts_with(&start) && run.err.ends_with(end), "{}", run.err);
        assert_eq!((run.exit, run.err.lines().count(), &*run.out), (Some(2), 1, ""), "{}", run.err);
    }
}

#[test]
fn an_api_server_that_is_silent() {
    let server = Server::start(|_, _| Answer::Silence);
    let home = Home::with(server);
    home.refuses(
        &["list"],
        2,
        &format!(
            "context `rig` ({}): cannot list routes in namespace shop: no answer from the API server within 10 s; \
             check the server's address in the kubeconfig and the network, or choose another --context",
            server.url()
        ),
    );
}

#[test]
fn a_prometheus_that_is_none() {
    let home = Home::with(Server::start(healthy));
    for args in all() {
        home.refuses(
            &with(args, &["--prometheus", "localhost 9090"]),
            2,
            "--prometheus localhost 9090 is not a usable URL: relative URL without a base. Give it as \
             http://HOST:PORT, for example --prometheus http://localhost:9090, \
             or kube://NAMESPACE/SERVICE:PORT",
        );
    }
    let page = Server::start(|_, _| Answer::Say(200, "<html>Log in</html>".to_owned())).url();
    let other = Server::start(|_, _| status(404, "no")).url();
    // A rollback is not stopped by metrics, whatever is wrong with them.
    let rollback = |args: &&[&str]| args.first() == Some(&"rollback");
    for args in all().filter(|args| !rollback(args)) {
        home.refuses(
            &with(args, &["--prometheus", &page]),
            2,
            &format!(
                "{page} answered with a web page, not with metrics: a login page or another server. \
                 Give --prometheus the address of Prometheus itself"
            ),
        );
        home.refuses(
            &with(args, &["--prometheus", &other]),
            2,
            &format!(
                "{other} has no Prometheus API (404). Check --prometheus: the path before /api/v1 must be part of \
                 it, for example http://HOST/prometheus"
            ),
        );
    }
    for url in [&page, &other] {
        let run = home.run(&with(VERBS[3], &["--prometheus", url]));
        assert_eq!((run.exit, &*run.err), (Some(0), ""), "{}", run.out);
    }
}

#[test]
fn a_wrong_prometheus_in_the_settings_costs_the_numbers_alone() {
    let home = Home::with(Server::start(healthy));
    let page = Server::start(|_, _| Answer::Say(200, "<html>Log in</html>".to_owned())).url();
    let wrong = [
        (&*page, format!("{page} answered with a web page")),
        ("localhost 9090", "--prometheus localhost 9090 is not a usable URL".to_owned()),
    ];
    for (url, why) in wrong {
        let settings = home.write("settings.toml", &format!("[prometheus]\nurl = \"{url}\"\n"));
        let run = |args: &[&str]| home.run(&with(args, &["--config", &settings]));
        let words = format!("there are no numbers, since prometheus.url of the settings is wrong: {why}");
        let set = with(VERBS[2], &["--yes"]);
        for args in [VERBS[0], VERBS[1], &*set] {
            let run = run(args);
            let told = run.err.lines().filter(|line| line.starts_with(&format!("warning: {words}")));
            assert_eq!((run.exit, told.count()), (Some(0), 1), "{args:?}: {}", run.err);
        }
        let held = run(&["step", "checkout", "--to", "25", "--yes"]);
        assert_eq!(held.exit, Some(3), "the gate holds: {} {}", held.out, held.err);
        let cockpit = run(&[]);
        assert!(cockpit.err.starts_with("error: the cockpit needs a terminal"), "{}", cockpit.err);
    }
}

#[test]
fn what_a_change_is_judged_by_may_be_wrong_in_the_settings_of_a_rollback() {
    let home = Home::with(Server::start(healthy));
    for (text, key) in [
        ("[gate]\nerrors = \"many\"\n", "2: gate.errors: "),
        ("[gate.checks]\nown = \"no check\"\n", "2: gate.checks.own: "),
        ("[prometheus]\nmatchers = 1\n", "2: prometheus.matchers: "),
        ("[[provider]]\nname = \"own\"\n", "1: provider.requests: "),
        ("[[probe]]\nurl = \"nowhere\"\n", "2: probe.url: "),
        ("[logs]\npattern = \"(\"\n", "2: logs.pattern: "),
    ] {
        let settings = home.write("settings.toml", text);
        let run = |args: &[&str]| home.run(&with(args, &["--config", &settings]));
        let back = run(&["rollback", "checkout", "--yes"]);
        let told = |line: &str| line.starts_with("warning: ") && line.contains(key);
        assert!(back.exit == Some(0) && back.err.lines().any(told), "{key} {:?} {}", back.exit, back.err);
        assert!(back.err.contains("without numbers, so nothing is proven"), "{}", back.err);
        let set = run(&with(VERBS[2], &["--yes"]));
        assert!(set.exit == Some(2) && set.err.starts_with("error: nothing was done"), "{key} {}", set.err);
    }
    let settings = home.write("settings.toml", "[roles]\ncanary = 1\n");
    let back = home.run(&["rollback", "checkout", "--yes", "--config", &settings]);
    assert_eq!(back.exit, Some(2), "which backend is drained is no guess: {}", back.err);
}

#[test]
fn a_prometheus_that_is_away_costs_the_numbers_alone() {
    let home = Home::with(Server::start(healthy));
    let url = Server::closed().url();
    let why = format!(
        "nothing listens at {url} (connection refused). Is Prometheus running, and is its port-forward still open?"
    );
    for verb in [&["list"][..], &["show", "checkout"]] {
        let run = home.run(&with(verb, &["-o", "json", "--prometheus", &url]));
        assert_eq!((run.exit, run.err), (Some(0), format!("warning: {why}\n")));
        let document: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let backend = &document["splits"][0]["backends"][0];
        assert_eq!(backend["observedShareReason"], format!("no data: {why}"));
        for unknown in ["observedShare", "requestsPerSecond", "errorRate", "p99Seconds", "readyEndpoints"] {
            assert_eq!(backend[unknown], serde_json::Value::Null, "{unknown}");
        }
    }
}

#[test]
fn flags_with_bad_values() {
    let home = Home::with(Server::closed());
    let start = |flag: &str, value: &str| format!("invalid value '{value}' for '{flag}'");
    let hint = "give a time up to 24h with its unit, for example 15s, 500ms or 2m";
    let cases = [
        ("--settle", "15", "--settle <TIME>", &*format!("it is no time; {hint}")),
        ("--settle", "-5s", "--settle <TIME>", &format!("it is negative; {hint}")),
        ("--observe-timeout", "soon", "--observe-timeout <TIME>", &format!("it is no time; {hint}")),
        ("--proof-timeout", "48h", "--proof-timeout <TIME>", &format!("it is too long; {hint}")),
        ("--proof-timeout", "0s", "--proof-timeout <TIME>", "a time limit of 0 would end every wait at once"),
        (
            "--namespace",
            "Shop",
            "--namespace <NAME>",
            "names have lower-case letters, digits, '-' and '.' only",
        ),
    ];
    for (flag, value, shown, why) in cases {
        let argument = format!("{flag}={value}");
        home.refuses_argument(&["list", &argument], &format!("{}: {why}", start(shown, value)));
    }
    let providers = "auto, contour, kgateway, cilium, envoy-gateway, istio, istio-mesh, linkerd, traefik, app, \
                     nginx-gateway-fabric, kong";
    let why = format!("\"nginx\" is no metrics provider; there are: {providers}");
    home.refuses(
        &["list", "--provider=nginx"],
        2,
        &format!("{}: {why}", start("--provider <NAME>", "nginx")),
    );
    home.refuses_argument(
        &["list", "-o", "yaml"],
        "invalid value 'yaml' for '--output <FORMAT>'\n  [possible values: table, json]",
    );
}

#[test]
fn routes_that_are_not_there() {
    let home = Home::with(Server::start(healthy));
    home.write(".config/tidegate/themes/mine.toml", "[roles]\ntext = 1\n");
    for verb in [&["show", "pay"][..], &["set", "shop/pay", "a=1"], &["rollback", "httproute/pay"]] {
        let why = "no route pay in namespace shop (context `rig`); tidegate list -n shop shows what there is";
        home.refuses(verb, 1, why);
        // A theme never keeps anybody from anything.
        for theme in ["solar", "mine"] {
            home.refuses(&with(verb, &["--theme", theme]), 1, why);
        }
    }
    home.refuses(
        &["show", "shop/checkout", "-n", "web"],
        2,
        "ROUTE shop/checkout names namespace shop and --namespace says web; give one of them",
    );
    home.refuses_argument(
        &["show", "Check/Out"],
        "invalid value 'Check/Out' for '<ROUTE>': names have lower-case letters, digits, '-' and '.' only",
    );
}

#[test]
fn nothing_to_list_is_said() {
    let home = Home::with(Server::start(healthy));
    let run = home.run(&["list", "-n", "web"]);
    assert_eq!((run.exit, &*run.out), (Some(0), ""));
    assert_eq!(run.err, "no splits in namespace web: it has no routes\n");
}

#[test]
fn rights_that_are_missing() {
    let all_forbidden = Server::start(|method, path| {
        if path.contains("/httproutes") {
            forbidden("list", path.contains("/shop/").then_some("shop"))
        } else {
            healthy(method, path)
        }
    });
    let home = Home::with(all_forbidden);
    home.refuses(
        &["list"],
        7,
        "cannot list routes in namespace shop: you lack the right to list \
         httproutes.gateway.networking.k8s.io in namespace shop (403)",
    );
    home.refuses(
        &["list", "-A"],
        7,
        "cannot list routes in all namespaces: you lack the right to list \
         httproutes.gateway.networking.k8s.io in all namespaces (403); choose one namespace with -n",
    );
}

#[test]
fn routes_of_other_namespaces_may_be_unknown() {
    let server = Server::start(|method, path| {
        if path.ends_with("/v1/httproutes") { forbidden("list", None) } else { healthy(method, path) }
    });
    let metrics = Server::start(prometheus).url();
    let run = Home::with(server).run(&["list", "-o", "json", "--prometheus", &metrics, "--provider", "app"]);
    assert_eq!((run.exit, &*run.err), (Some(0), ""));
    let document: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let backends = &document["splits"][0]["backends"];
    assert_eq!([&backends[0]["observedShare"], &backends[1]["observedShare"]], [0.9, 0.1]);
    assert_eq!(
        backends[0]["observedShareReason"],
        "only routes of namespace shop are known: no right to list httproutes.gateway.networking.k8s.io \
         in all namespaces"
    );
}

#[test]
fn one_bad_object_is_one_row() {
    let server = Server::start(|method, path| {
        let Answer::Say(status, body) = healthy(method, path) else { return Answer::Silence };
        let broken = r#""items":[{"metadata":{"namespace":"shop","name":"odd"},"spec":{"rules":7}},"#;
        Answer::Say(status, body.replacen("\"items\":[", broken, 1))
    });
    let run = Home::with(server).run(&["list", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.exit, document["splits"].as_array().unwrap().len()), (Some(0), 7));
    assert_eq!(document["routesWithoutSplit"], 1);
    assert_eq!(document["unreadable"][0]["name"], "odd");
    assert!(document["unreadable"][0]["why"].as_str().unwrap().contains("invalid type"));
}

#[test]
fn the_cockpit_needs_a_terminal() {
    Home::with(Server::start(healthy)).refuses(
        &[],
        2,
        "the cockpit needs a terminal to draw on; without one, use a verb: list, show, diagnose, verify, step, set, flip, rollback, undo",
    );
}

#[test]
fn help() {
    let home = Home::empty();
    for (name, args) in [
        ("help", &["--help"][..]),
        ("list", &["list", "--help"]),
        ("show", &["show", "--help"]),
        ("diagnose", &["diagnose", "--help"]),
        ("explain", &["explain", "--help"]),
        ("set", &["set", "--help"]),
        ("rollback", &["rollback", "--help"]),
        ("step", &["step", "--help"]),
        ("flip", &["flip", "--help"]),
        ("undo", &["undo", "--help"]),
        ("verify", &["verify", "--help"]),
    ] {
        let run = home.run(args);
        assert_eq!((run.exit, &*run.err), (Some(0), ""));
        insta::assert_snapshot!(name, run.out);
    }
}
