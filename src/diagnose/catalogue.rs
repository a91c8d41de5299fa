//! The catalogue of failures: twelve ways in which a split of traffic has hurt somebody, what each looks like, what
//! tidegate does about it, and what a person does. Data: `tidegate explain` and the documentation are made from it.

/// One failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// What `tidegate explain` calls it.
    pub name: &'static str,
    /// In one sentence.
    pub title: &'static str,
    /// How it shows itself.
    pub looks: &'static str,
    /// What tidegate sees or warns of, and what it cannot see.
    pub tidegate: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// All of them.
pub static FAILURES: &[Failure] = &[
    Failure {
        name: "too-much",
        title: "The canary gets more than its share",
        looks: "5 % declared, 12 or 50 % observed. Clients keep one connection or one session with the version that they \
                began on; a client retries what fails and each attempt counts; or the gateway ignores weights and spreads \
                evenly or by the number of endpoints.",
        tidegate: "Shows the observed share beside the declared one. `diagnose` tests the two, tells an even spread and one by \
                   endpoints apart, and names `sessionPersistence` and `retry` where the route sets them. Cookies set outside \
                   of the route and the number of connections cannot be seen from here.",
        remedy: "Probe with a new connection for each request: if that gives the declared share, it is connections or \
                 sessions. Until it is understood, roll back instead of stepping.",
    },
    Failure {
        name: "none",
        title: "The canary gets nothing",
        looks: "A step was accepted, and nobody reaches the new version: its panels stay empty, or everybody who was meant for \
                it gets 500 or 503.",
        tidegate: "`diagnose` walks from the route to the requests and names the first broken step: an equal match on an older \
                   route, a parent that does not take the route, a Gateway that is missing or not programmed, a Service or \
                   port that does not exist, no ready endpoint, an edit not taken up. The gate fails a backend \
                   without a ready endpoint. An empty panel is drawn as a gap and never passes a gate.",
        remedy: "Correct the first broken step. Several gateways hand the share of a backend that they cannot resolve to the \
                 others without an error, so do not take silence for health.",
    },
    Failure {
        name: "mirrored-writes",
        title: "A mirror writes a second time",
        looks: "The shadow gets copies of POST, PUT and DELETE too, and books, mails or charges what the first one did.",
        tidegate: "`diagnose` warns of each mirror in a rule that matches other methods than GET, HEAD and OPTIONS. The open \
                   split lists mirrors among the other paths, and `a` in the rollback dialog takes them out. What the shadow does \
                   with a copy cannot be seen.",
        remedy: "Mirror a rule with `method: GET` alone, or give the shadow stores and credentials of its own.",
    },
    Failure {
        name: "ineffective-rollback",
        title: "The weight is 0, and requests still come",
        looks: "After a rollback the canary goes on answering: by a header rule, another route, a mirror, a connection that \
                stays open, or since the edit was refused and the old weights are served.",
        tidegate: "The rollback dialog lists the paths that remain, and its proof counts: `proven` only once enough requests were \
                   seen, `split drained, N other paths remain` where others lead there. `diagnose` warns of a canary with \
                   weight 0 and open paths, and calls requests that reached weight 0 broken.",
        remedy: "Roll back with all paths (`a` in the dialog, `--all-paths`), then end the connections that stay: restart or \
                 scale down the canary.",
    },
    Failure {
        name: "double-consumer",
        title: "Both versions work on the same queue",
        looks: "The canary has 0 % of the requests and still handles half of the messages: consumers, cron jobs and \
                watchers run in every pod, whatever the weights are.",
        tidegate: "Not visible in traffic. The split view shows that pods of the canary run at weight 0.",
        remedy: "Deploy the canary with its consumers switched off, or scale it to 0 after a rollback. Whether they are off is for \
                 a person to see.",
    },
    Failure {
        name: "spoofed-header",
        title: "Strangers choose the canary by a header",
        looks: "A rule sends `x-canary: 1` to the canary for testers, and anybody on the internet can send it; a rollback by \
                weights changes nothing for them.",
        tidegate: "`diagnose` warns of each rule that sends a header or parameter to the canary alone. Such a rule is another path: \
                   shown in the split view, counted against a rollback's proof, taken out by `a`.",
        remedy: "Have the edge strip the header, compare with a secret value, or bind the rule to an internal listener.",
    },
    Failure {
        name: "rare-path",
        title: "Hardly anybody takes the path that is broken",
        looks: "The canary looks healthy on 20 requests an hour, or the one call that fails comes once a day. Full traffic \
                finds it.",
        tidegate: "Gates and proofs count: below enough requests the answer is `hold` or `unproven: 37 of 135 requests`, never \
                   `pass`. `diagnose` says when a split has so few requests that hours pass before anything can be told. A rare \
                   call within a busy route cannot be seen: numbers are per version, not per call.",
        remedy: "Probe the path, give it a rule and so numbers of its own, or bake longer at a stage with more traffic.",
    },
    Failure {
        name: "metrics-down",
        title: "Nobody counts any more",
        looks: "Prometheus is away, a target is down, a label was renamed: panels stand still, and no error is reported.",
        tidegate: "`no data` is a verdict: it never passes a gate and is never drawn as zero. Samples older than three scrapes \
                   are old, an answer with gaps is not decided on. A rollback works without any metrics, and then says \
                   `unproven`.",
        remedy: "Roll back on what else you see if you must; then mend the metrics: `diagnose` says what is missing.",
    },
    Failure {
        name: "failover-loop",
        title: "Two versions take over from each other in turn",
        looks: "Rolled back, stepped again, rolled back: somebody, or a controller, starts what was just stopped, and each \
                turn hits users.",
        tidegate: "The gate holds the first step of a canary whose newest change was a rollback, and says who made it and when. \
                   Who else writes the route stands on it as a badge, and an advance against Argo Rollouts or Flagger wants a name \
                   typed. The timeline shows each turn, and `diagnose` warns of two rollbacks within two hours that were made \
                   from this machine.",
        remedy: "Stop whoever starts it again first (suspend the Canary, abort the Rollout, pause the sync), then roll back \
                 once.",
    },
    Failure {
        name: "stale-failover",
        title: "The version to return to is not what it was",
        looks: "Nobody looked at the old side for weeks: it was scaled down, its image was replaced, or its schema is gone. The \
                rollback makes things worse.",
        tidegate: "The lamp `rollback ready` looks at the destination's endpoints and at how much each would carry, at the right to \
                   patch, at owners, and at a dry run. A destination without a ready endpoint wants its name typed. The dialog \
                   names the image, and says which one it had then where it is another now. `diagnose` warns where an endpoint of it would \
                   carry more than twice what the busiest carries now.",
        remedy: "Keep the old side at a size that bears the whole traffic until the new one is settled.",
    },
    Failure {
        name: "broken-sessions",
        title: "A change of weights tears sessions apart",
        looks: "Carts are empty and users are logged out after a step; or nothing moves, since sessions stay where they \
                began.",
        tidegate: "`diagnose` warns where `sessionPersistence` is set on a split, and the split view names it. Cookies of the \
                   application or of a load balancer in front cannot be seen.",
        remedy: "Keep sessions in a store that both versions read, or step only as sessions end; count a rollback as done once \
                 they have.",
    },
    Failure {
        name: "shadow-overload",
        title: "Copies crush the shadow, or what it shares",
        looks: "A mirror sends all requests to two pods that were made for a trickle; they fail, or the database that they share \
                with everybody does.",
        tidegate: "`diagnose` compares the ready endpoints of the shadow with those that answer, and with the part that is copied, \
                   and warns above one and a half times the load. What both share cannot be seen.",
        remedy: "Copy a part (`requestMirror.percent`), scale the shadow first, and give it stores of its own.",
    },
];

/// The failure of this name.
#[must_use]
pub fn failure(name: &str) -> Option<&'static Failure> {
    FAILURES.iter().find(|failure| failure.name == name)
}

/// The name that `name` may have been meant to be.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    const LEAST: f64 = 0.7;
    let likeness = |failure: &Failure| strsim::jaro(name, failure.name);
    let best = FAILURES.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) > LEAST).then_some(best.name)
}

/// The catalogue in Markdown, for the documentation.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::new();
    for failure in FAILURES {
        let Failure { name, title, looks, tidegate, remedy } = failure;
        text.extend(["## ", title, " (`", name, "`)\n\n"]);
        text.extend(["**What it looks like.** ", looks, "\n\n"]);
        text.extend(["**What tidegate does.** ", tidegate, "\n\n"]);
        text.extend(["**What to do.** ", remedy, "\n\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::*;

    #[test]
    fn there_are_twelve_each_with_a_name_of_its_own() {
        assert_eq!(FAILURES.len(), 12);
        for one in FAILURES {
            assert_eq!(FAILURES.iter().filter(|other| other.name == one.name).count(), 1, "{}", one.name);
            assert!(!one.title.ends_with('.') && one.remedy.ends_with('.'), "{}", one.name);
            assert_eq!(failure(one.name), Some(one));
        }
    }

    #[test]
    fn a_slip_of_the_pen_finds_what_was_meant() {
        assert_eq!(nearest("metrics"), Some("metrics-down"));
        assert_eq!(nearest("rarepath"), Some("rare-path"));
        assert_eq!(nearest("spoofed_header"), Some("spoofed-header"));
        assert_eq!(nearest("zzz"), None);
    }

    /// With `INSTA_UPDATE=always` it is rewritten.
    #[test]
    fn the_documentation_has_the_catalogue() {
        const MARK: &str = "<!-- catalogue -->\n";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/failures.md");
        let document = fs::read_to_string(path).unwrap();
        let (before, has) = document.split_once(MARK).unwrap();
        let wanted = markdown();
        let wanted = wanted.trim_end();
        if has.trim_end() != wanted && env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            fs::write(path, [before, MARK, wanted, "\n"].concat()).unwrap();
            return;
        }
        assert_eq!(has.trim_end(), wanted, "set INSTA_UPDATE=always to rewrite it");
    }
}
