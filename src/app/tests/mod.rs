//! The update loop, key by key.

mod accidents;
mod confirming;
mod everywhere;
mod layers;
mod list;
mod offers;
mod refused;
mod schedule;
mod stale;

use std::time::Duration;

use super::fixture::{Bench, checkout, places, prepared, split, start};
use super::{App, Effect, Layer, Link, Msg, Now, Shown, Start, Step, next_wake};
use crate::cluster::{Access, Scope, Update};
use crate::keys::{Action, Binding, Key, Keymap};
use crate::pilot::{DryRun, Ending, NotWritten, PrepareError, Progress, Rehearsed, Stage};
use crate::rollout::{Demand, Intent, Verdict};
use crate::route::{BadRoute, RouteId};

fn bench() -> Bench {
    Bench::with((120, 40), vec![Ok(checkout(7, 95, 5))])
}

/// A step that is shown and armed.
fn armed(verdict: Verdict, demand: Demand) -> Bench {
    let mut bench = bench();
    bench.keys("s").prepared(verdict, demand).after(300);
    bench
}

/// The ticket of the open dialog, whatever happened since it was asked for.
fn ticket_of(bench: &Bench) -> u64 {
    bench.dialog().ticket
}

fn lost() -> Update {
    use crate::cluster::{Trouble, Why};
    Update::Lost(Trouble {
        what: "watch routes".into(),
        why: Why::Unreachable("connection refused".into()),
        advice: None,
    })
}

/// `App` is moved between threads by the runner's runtime.
#[test]
fn the_state_is_plain_data() {
    fn plain<T: Send>() {}
    plain::<App>();
    plain::<Now>();
}

fn shop() -> Bench {
    let pair = |name: &str| -> Vec<(String, u32)> {
        vec![(format!("{name}-stable"), 90), (format!("{name}-canary"), 10)]
    };
    let made = ["api", "cart", "checkout", "search"].map(|name| {
        let backends = pair(name);
        let backends: Vec<(&str, u32)> = backends.iter().map(|(name, weight)| (&**name, *weight)).collect();
        Ok(split(name, 1, &backends))
    });
    let mut all: Vec<_> = made.into();
    all.push(Ok(split("static", 1, &[("static", 1)])));
    Bench::with((80, 24), all)
}

fn selected(bench: &Bench) -> String {
    bench.app.looked_at().map(|id| id.name.to_string()).unwrap_or_default()
}
