//! What a person must see before a change is written, in lines; the destination first.

use crate::cluster::Facts;
use crate::pilot::{DryRun, Prepared};
use crate::rollout::{Demand, Edit, RuleChange};
use crate::route::BackendRef;
use crate::ui::format::{percent, share};

use super::output::{counted, one_line, steers};

/// The lines.
pub fn lines(prepared: &Prepared) -> Vec<String> {
    let mut lines = destination(prepared);
    for planned in &prepared.planned {
        for edit in &planned.plan.edits {
            lines.extend(edit_lines(&planned.plan.route.to_string(), edit));
        }
        lines.extend(planned.plan.notes.iter().map(|note| format!("note: {note}")));
    }
    lines.extend(prepared.released_since().map(|words| format!("note: {words}")));
    lines.extend(gate(prepared));
    if !prepared.remaining.is_empty() {
        lines.push(format!("still leading there afterwards: {}", counted(prepared.remaining.len(), "path")));
        lines.extend(prepared.remaining.iter().map(|path| format!("  {path}")));
    }
    if !prepared.shared.is_empty() {
        let paths = counted(prepared.shared.len(), "other path");
        lines.push(format!("the share cannot be proven, requests also come by {paths}:"));
        lines.extend(prepared.shared.iter().map(|path| format!("  {path}")));
    }
    for planned in &prepared.planned {
        lines.push(format!("dry run of {}: {}", planned.plan.route, dry_run(&planned.dry_run)));
    }
    lines.into_iter().map(|line| clean(&line)).collect()
}

fn destination(prepared: &Prepared) -> Vec<String> {
    let mut gaining: Vec<(BackendRef, f64)> = Vec::new();
    for (backend, share) in prepared.planned.iter().flat_map(|planned| planned.plan.gaining()) {
        if !gaining.iter().any(|(known, _)| *known == backend) {
            gaining.push((backend, share));
        }
    }
    let line = |(backend, share): &(BackendRef, f64)| {
        let hundredths = (*share * 10_000.0).round() / 100.0;
        let amount = match *share {
            all if all >= 1.0 => "ALL TRAFFIC".to_owned(),
            _ if hundredths > 0.0 && hundredths < 100.0 => format!("{hundredths} % of traffic"),
            tiny_or_nearly_all => format!("{} of traffic", percent(Some(tiny_or_nearly_all))),
        };
        let facts =
            prepared.backends.iter().find(|known| known.backend == *backend).map(|known| &known.facts);
        format!("{amount} -> {backend}  {}", behind(facts))
    };
    gaining.iter().map(line).collect()
}

/// `v1.4.1  3/3 ready`.
fn behind(facts: Option<&Facts>) -> String {
    let Some(facts) = facts else { return "readiness was not read".to_owned() };
    let version = facts.pods.as_ref().ok().and_then(|pods| pods.version());
    let version = version.map(|version| format!("{version}  ")).unwrap_or_default();
    let ready = match &facts.endpoints {
        Ok(endpoints) => format!("{}/{} ready", endpoints.ready, endpoints.total),
        Err(why) => format!("readiness unknown: {why}"),
    };
    version + &ready
}

fn edit_lines(route: &str, edit: &Edit) -> Vec<String> {
    match edit {
        Edit::Weights(change) => {
            let mut lines = vec![format!("{route} rule {}", change.label)];
            lines.extend(weights(change));
            lines
        }
        Edit::Redirect { .. } | Edit::Unmirror { .. } => vec![format!("{route} {edit}")],
    }
}

fn weights(change: &RuleChange) -> Vec<String> {
    let sum = |weights: &[u32]| weights.iter().map(|weight| u64::from(*weight)).sum::<u64>();
    let (before_sum, after_sum) = (sum(&change.before), sum(&change.after));
    let pairs = change.backends.iter().zip(change.before.iter().zip(&change.after));
    let rows: Vec<[String; 4]> = pairs
        .map(|(backend, (before, after))| {
            let shares = [share(u64::from(*before), before_sum), share(u64::from(*after), after_sum)];
            let [before_share, after_share] = shares;
            [backend.to_string(), format!("{before} -> {after}"), before_share, after_share]
        })
        .collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max();
    let (names, numbers) = (width(0).unwrap_or_default(), width(1).unwrap_or_default());
    let line = |[name, weights, before, after]: &[String; 4]| {
        format!("  {name:names$}  {weights:numbers$}  {before} -> {after}")
    };
    rows.iter().map(line).collect()
}

fn gate(prepared: &Prepared) -> Vec<String> {
    let checks = &prepared.gate.checks;
    if checks.is_empty() {
        return vec!["gate: none, since no canary gains".to_owned()];
    }
    let mut lines = vec![format!("gate: {}", prepared.gate.verdict())];
    lines.extend(
        checks
            .iter()
            .map(|check| format!("  {:<10}  {:<14}  {}", check.name, check.verdict.to_string(), check.words)),
    );
    lines
}

fn dry_run(outcome: &DryRun) -> String {
    match outcome {
        DryRun::Accepted => "the server accepts it".to_owned(),
        DryRun::Refused(why) => format!("refused: {why}"),
        DryRun::Forbidden(words) => format!("not permitted: {words}"),
        DryRun::Unknown(why) => format!("unknown: {why}"),
    }
}

/// Why more than a `y` is wanted, and what: for who did not give it.
pub fn demanded(prepared: &Prepared, typed: Option<&str>) -> String {
    let name = match &prepared.demand {
        Demand::Yes => return "not confirmed".to_owned(),
        Demand::Reason => {
            return format!(
                "the gate says {}: {}; give a reason with --reason TEXT",
                prepared.gate.verdict(),
                prepared.gate.words()
            );
        }
        Demand::Name(name) => name,
    };
    let wrong = typed.map(|typed| format!("--confirm {typed} is not the receiving backend; "));
    format!("{}{}; confirm it with --confirm {name}", wrong.unwrap_or_default(), danger(prepared))
}

/// What makes the receiving backend's name be asked for.
fn danger(prepared: &Prepared) -> String {
    let gaining: Vec<_> = prepared.planned.iter().flat_map(|planned| planned.plan.gaining()).collect();
    let none_ready = prepared.backends.iter().find(|known| {
        let gains = gaining.iter().any(|(backend, _)| *backend == known.backend);
        gains && known.facts.endpoints.as_ref().is_ok_and(|endpoints| endpoints.ready == 0)
    });
    let silenced = prepared.planned.iter().find_map(|planned| planned.plan.silenced.first());
    let gate = &prepared.gate;
    if gate.verdict() == crate::rollout::Verdict::Fail {
        format!("the gate says fail: {}", gate.words())
    } else if gate.owner_refuses {
        let owners = prepared.main().map(|planned| &planned.fresh.owners);
        owners.and_then(|owners| owners.first()).map_or_else(String::new, ToString::to_string)
    } else if let Some(known) = none_ready {
        format!("{} has no ready endpoint and would answer 503", known.backend)
    } else if let Some(backend) = silenced {
        format!("{backend} would get no more traffic")
    } else {
        "the settings call this place production".to_owned()
    }
}

/// Like [`one_line`], but keeps the columns.
fn clean(line: &str) -> String {
    let text = line.trim_start_matches(' ');
    let indent = &line[..line.len() - text.len()];
    if text.chars().any(steers) { format!("{indent}{}", one_line(text)) } else { line.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{backend, checkout, prepared, split};
    use crate::rollout::{Intent, Verdict};
    use crate::route::Route;

    #[test]
    fn a_dead_end_on_a_second_route_is_why_its_name_is_asked_for() {
        let back = |route: &Route, name: &str| {
            let [from, into] = ["canary", "stable"].map(|role| backend(&format!("{name}-{role}")));
            let intent = Intent::Drain { from, into, other_paths: true };
            prepared(route, &intent, Verdict::NotApplicable, Demand::Yes)
        };
        let mut both = back(&checkout(7, 95, 5), "checkout");
        let mut wallet = back(&split("wallet", 1, &[("wallet-stable", 90), ("wallet-canary", 10)]), "wallet");
        for known in &mut wallet.backends {
            known.facts.endpoints.as_mut().unwrap().ready = 0;
        }
        both.planned.append(&mut wallet.planned);
        both.backends.append(&mut wallet.backends);
        both.demand = Demand::Name("wallet-stable".into());
        let dead = backend("wallet-stable");
        assert_eq!(
            demanded(&both, None),
            format!(
                "{dead} has no ready endpoint and would answer 503; confirm it with --confirm wallet-stable"
            )
        );
    }
}
