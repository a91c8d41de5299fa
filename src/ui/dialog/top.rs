//! What must be read before a change is confirmed: where the traffic goes, in which cluster, before and after, the
//! verdict.

use ratatui::text::Line;

use super::{LABEL, NARROW, has_none_ready, ready_of, remaining};
use crate::app::{App, ChangeDialog};
use crate::keys::{Action, Context};
use crate::pilot::Prepared;
use crate::rollout::{Edit, Effect, Plan, Role as BackendRole, RuleChange, Verdict, dead_end, roles};
use crate::route::{BackendRef, OwnerRule};
use crate::ui::fold::{fold, fold_into};
use crate::ui::format::{self, left, middle, right};
use crate::ui::paint::{Look, cut, width};
use crate::ui::theme::Role;
use crate::ui::words;

/// Cells for the name of a backend that would answer nobody, beside the one that gets most.
const LONGEST_DEAD: usize = 20;

/// Rows of what must be read, `most` of them: what is not as usual stands right above what follows, and the reasons of
/// the gate take what the rest leaves. `None` where that is too little.
pub(super) fn lines(
    app: &App,
    dialog: &ChangeDialog,
    prepared: &Prepared,
    room: usize,
    most: usize,
    look: &Look,
) -> Option<Vec<Line<'static>>> {
    let Some(plan) = prepared.main().map(|main| &main.plan) else { return Some(Vec::new()) };
    let mut all = fold(&destination(prepared, plan, room, look), room, 2);
    let mut add = |line: &Line<'_>| all.extend(fold(line, room, LABEL));
    add(&place(app, plan, room, look));
    for line in backends(app, prepared, plan, room, look) {
        add(&line);
    }
    let left = most.checked_sub(all.len() + 1).filter(|_| room >= NARROW)?;
    let gate = verdict(prepared, plan, look);
    let mut notices = notices(app, dialog, prepared);
    // That something else is shown than before comes before what the last key did.
    let first = usize::from(dialog.note.is_some());
    notices.splice(first..first, dialog.told_at(app.now.since_start).map(str::to_owned));
    // An owner may be what the gate holds against it: once is enough.
    let said = prepared.gate.words();
    notices.retain(|words| !said.contains(words));
    let beside = left.saturating_sub(fold(&gate, room, LABEL).len() - 1).max(1);
    let shown = notices.len().min(beside).min(left);
    all.extend(fold_into(&gate, room, LABEL, left + 1 - shown));
    all.resize_with(most - shown, Line::default);
    let rows = notices.iter().take(shown).rev();
    all.extend(rows.map(|words| Line::from(look.span(Role::Warn, cut(words, room)))));
    Some(all)
}

/// The same where little of it is in sight, in the order in which it must be read: `seen` rows hold the destination, the
/// gate, who else writes the route, and the weights.
pub(super) fn brief(
    app: &App,
    dialog: &ChangeDialog,
    prepared: &Prepared,
    room: usize,
    seen: usize,
    look: &Look,
) -> Vec<Line<'static>> {
    let Some(plan) = prepared.main().map(|main| &main.plan) else { return Vec::new() };
    let mut all = fold(&destination(prepared, plan, room, look), room, 2);
    let owner = owners(prepared).next().map(|words| Line::from(look.span(Role::Warn, cut(&words, room))));
    let weights = plan.main_change().map(|change| {
        let list = |weights: &[u32]| weights.iter().map(ToString::to_string).collect::<Vec<_>>().join("/");
        let moved = format!("{} -> {}", list(&change.before), list(&change.after));
        Line::from(vec![look.span(Role::Muted, left("weights", LABEL)), look.span(Role::Accent, moved)])
    });
    let others = all.len() + owner.iter().count() + weights.iter().count();
    let rows = seen.saturating_sub(others).max(1);
    all.extend(fold_into(&verdict(prepared, plan, look), room, LABEL, rows));
    all.extend(owner);
    all.extend(weights);
    for words in notices(app, dialog, prepared) {
        all.extend(fold(&Line::from(look.span(Role::Warn, words)), room, 0));
    }
    all.extend(fold(&place(app, plan, room, look), room, LABEL));
    for line in backends(app, prepared, plan, room, look) {
        all.extend(fold(&line, room, LABEL));
    }
    all
}

/// What is not as usual, the most important first.
fn notices(app: &App, dialog: &ChangeDialog, prepared: &Prepared) -> Vec<String> {
    let take = app.start.keymap.key_of(Action::OtherPaths, Context::Rollback);
    let take = take.filter(|_| dialog.is_rollback() && !dialog.takes_other_paths());
    let remain = remaining(prepared).map(|words| match take {
        Some(key) => format!("{words}; {key} = take them too"),
        None => words,
    });
    let told = dialog.note.iter().chain(&dialog.unread).cloned().chain(prepared.released_since());
    told.chain(owners(prepared)).chain(remain).collect()
}

/// Who refuses the change or takes it back, in words.
fn owners(prepared: &Prepared) -> impl Iterator<Item = String> {
    let owners = prepared.planned.iter().flat_map(|planned| planned.fresh.owners.iter());
    owners.filter(|owner| owner.rule() != OwnerRule::Free).map(ToString::to_string)
}

/// Where the traffic goes comes first; that nobody would answer comes before that.
fn destination(prepared: &Prepared, plan: &Plan, room: usize, look: &Look) -> Line<'static> {
    let gaining = plan.gaining();
    let Some((to, share)) = gaining.first() else {
        return Line::from(look.span(Role::Text, "no backend gains traffic"));
    };
    let all = *share > 1.0 - 1e-9;
    let percent = exact_share(plan, to).unwrap_or_else(|| format::percent(Some(*share)));
    let nobody = has_none_ready(prepared, to);
    let mut line = Vec::new();
    let dead = |edit: &Edit| dead_end(edit, |backend| has_none_ready(prepared, backend));
    let mut edits = prepared.planned.iter().flat_map(|planned| &planned.plan.edits);
    if let Some(dead) = edits.find_map(dead).filter(|_| !nobody) {
        line.push(look.span(Role::Bad, format!("503 FROM {}   ", middle(&dead.name, LONGEST_DEAD))));
    }
    if nobody {
        let whom = if all { "ALL".to_owned() } else { percent.clone() };
        line.push(look.span(Role::Bad, format!("0 READY -> 503 FOR {whom}   ")));
    }
    let amount = if all { "ALL TRAFFIC".to_owned() } else { percent };
    let colour = match &plan.canary {
        Some(canary) if canary.same_object(to) => Role::Canary,
        _ => Role::Stable,
    };
    let ready = if nobody { String::new() } else { readiness(prepared, to) };
    let behind = format!("  {}  {ready}", version(prepared, to));
    line.push(look.span(Role::Accent, format!("{amount} -> ")));
    let used: usize = line.iter().map(ratatui::text::Span::width).sum::<usize>() + behind.len();
    let name_room = if room < NARROW { usize::MAX } else { room.saturating_sub(used).max(12) };
    line.push(look.span(colour, middle(&to.to_string(), name_room)));
    line.push(look.span(Role::Text, behind));
    match prepared.planned.len() - 1 {
        0 => {}
        more => line.push(look.span(Role::Warn, format!("  +{more} more routes"))),
    }
    Line::from(line)
}

/// The share of `to` in the split that was looked at, as it is declared.
fn exact_share(plan: &Plan, to: &BackendRef) -> Option<String> {
    let change = plan.main_change()?;
    let index = change.backends.iter().position(|backend| backend == to)?;
    let sum = change.after.iter().map(|weight| u64::from(*weight)).sum();
    Some(format::share((*change.after.get(index)?).into(), sum))
}

fn readiness(prepared: &Prepared, backend: &BackendRef) -> String {
    ready_of(prepared, backend)
        .map_or("readiness unknown".to_owned(), |(ready, total)| format!("{ready}/{total} ready"))
}

fn version(prepared: &Prepared, backend: &BackendRef) -> String {
    let facts = prepared.backends.iter().find(|known| known.backend == *backend);
    let pods = facts.and_then(|known| known.facts.pods.as_ref().ok());
    pods.and_then(|pods| pods.version()).unwrap_or("version unknown").to_owned()
}

fn place(app: &App, plan: &Plan, room: usize, look: &Look) -> Line<'static> {
    let rule = plan.main_change().map(|change| format!("  rule {}", change.label)).unwrap_or_default();
    let text = format!("{}  {}  {}{rule}", app.place.context, app.place.server, plan.route);
    Line::from(vec![
        look.span(Role::Muted, left("cluster", LABEL)),
        look.span(Role::Text, if room < NARROW { text } else { middle(&text, room.saturating_sub(LABEL)) }),
    ])
}

/// Before and after of those that move: weights, shares, readiness. Who is left without traffic comes first; of more
/// than three the first two, and how many there are besides.
fn backends(app: &App, prepared: &Prepared, plan: &Plan, room: usize, look: &Look) -> Vec<Line<'static>> {
    let Some(change) = plan.main_change() else { return vec![Line::default(), Line::default()] };
    let weights = |index: usize| Some((*change.before.get(index)?, *change.after.get(index)?));
    let mut order: Vec<usize> = (0..change.backends.len()).collect();
    let differs = |index: usize| weights(index).is_some_and(|(before, after)| before != after);
    let moved = order.iter().filter(|index| differs(**index)).count();
    order.sort_by_key(|index| match weights(*index) {
        // Of two both are seen, in their order.
        Some((1.., 0)) if moved > 2 => 0,
        _ if differs(*index) => 1,
        _ => 2,
    });
    let shown = if moved == 3 { 3 } else { 2 };
    let longest = change.backends.iter().map(|b| usize::from(width(&b.name))).max().unwrap_or(0);
    let name_room = if room < NARROW { longest } else { longest.min(room.saturating_sub(LABEL + 44)).max(8) };
    let known = prepared.main().map(|main| {
        roles(&main.fresh, change.rule, &app.start.conventions.names, plan.canary.as_ref().map(|c| &*c.name))
    });
    let mut all: Vec<Line<'static>> = order
        .iter()
        .take(shown)
        .filter_map(|index| {
            let backend = change.backends.get(*index)?;
            let (before, after) = weights(*index)?;
            let share = |weights: &[u32], weight: u32| {
                format::share(weight.into(), weights.iter().map(|weight| u64::from(*weight)).sum())
            };
            let (was, is) = (share(&change.before, before), share(&change.after, after));
            let of_pair = known.as_ref().filter(|known| known.is_pair());
            let of_pair = of_pair.and_then(|known| known.of.get(*index).copied().flatten());
            let (label, role) = match (of_pair, &plan.canary) {
                (Some(active @ BackendRole::Active), _) => (active.word(), Role::Stable),
                (Some(other), _) => (other.word(), Role::Canary),
                (None, Some(_)) if is_canary(plan, change, *index) => ("canary", Role::Canary),
                (None, Some(_)) if change.backends.len() == 2 => ("stable", Role::Stable),
                _ => ("", Role::Text),
            };
            let ready_role = if has_none_ready(prepared, backend) { Role::Bad } else { Role::Muted };
            Some(Line::from(vec![
                look.span(role, left(label, LABEL)),
                look.span(Role::Text, left(&backend.to_string(), name_room)),
                look.span(
                    Role::Text,
                    format!("  {} -> {}", right(&before.to_string(), 4), left(&after.to_string(), 4)),
                ),
                look.span(Role::Accent, format!("  {} -> {}", right(&was, 6), left(&is, 6))),
                look.span(ready_role, format!("  {}", readiness(prepared, backend))),
            ]))
        })
        .collect();
    all.resize_with(shown, Line::default);
    if moved > shown {
        let more = format!("{}and {} more move", left("", LABEL), moved - shown);
        all.push(Line::from(look.span(Role::Warn, more)));
    }
    all
}

fn is_canary(plan: &Plan, change: &RuleChange, index: usize) -> bool {
    let pair = plan.canary.as_ref().zip(change.backends.get(index));
    pair.is_some_and(|(canary, backend)| canary.same_object(backend))
}

fn verdict(prepared: &Prepared, plan: &Plan, look: &Look) -> Line<'static> {
    let verdict = prepared.gate.verdict();
    let sign = words::verdict(verdict, look);
    let (said, why) = match (verdict, plan.effect) {
        (Verdict::NotApplicable, Effect::Rollback) => {
            ("no gate".to_owned(), "a rollback is never blocked".to_owned())
        }
        (Verdict::NotApplicable, _) => ("no gate".to_owned(), "nobody new gets traffic".to_owned()),
        _ => (verdict.to_string(), prepared.gate.words()),
    };
    Line::from(vec![
        look.span(Role::Muted, left("gate", LABEL)),
        look.span(sign.role, format!("{} {said}  ", sign.glyph)),
        look.span(Role::Text, why),
    ])
}
