//! The lower part of a dialog, which scrolls: checks, warnings, paths, the server's answer, the equivalent command.

use ratatui::text::Line;

use super::dialog::LABEL;
use super::format::left;
use super::paint::Look;
use super::theme::Role;
use super::words;
use crate::app::{App, wrap};
use crate::pilot::{DryRun, Planned, Prepared};
use crate::rollout::kubectl;

pub(super) fn lines(app: &App, prepared: &Prepared, room: usize, look: &Look) -> Vec<Line<'static>> {
    let mut all = Vec::new();
    let mut say = |name: &str, role: Role, text: &str| {
        for (place, part) in wrap(text, room.saturating_sub(LABEL)).into_iter().enumerate() {
            let name = if place == 0 { name } else { "" };
            all.push(Line::from(vec![look.span(Role::Muted, left(name, LABEL)), look.span(role, part)]));
        }
    };
    for planned in &prepared.planned {
        let several = prepared.planned.len() > 1;
        server(planned, several, &mut say);
    }
    for check in &prepared.gate.checks {
        let sign = words::verdict(check.verdict, look);
        let text = format!("{} {}: {}", sign.glyph, check.verdict, check.words);
        say(check.name, sign.role, &text);
    }
    for planned in &prepared.planned {
        edits(planned, &mut say);
        for owner in &planned.fresh.owners {
            say("owner", Role::Warn, &owner.to_string());
        }
        for note in &planned.plan.notes {
            say("note", Role::Text, note);
        }
    }
    let remaining = match prepared.remaining.len() {
        0 => None,
        1 => Some("1 other path to it remains".to_owned()),
        paths => Some(format!("{paths} other paths to it remain")),
    };
    if let Some(remaining) = remaining {
        say("paths", Role::Warn, &remaining);
        for path in &prepared.remaining {
            say("", Role::Text, &path.to_string());
        }
    }
    if !prepared.shared.is_empty() {
        say(
            "shared",
            Role::Text,
            "other requests reach the same backends, so the share cannot be proven by counts:",
        );
        for path in &prepared.shared {
            say("", Role::Muted, &path.to_string());
        }
    }
    for backend in &prepared.backends {
        let facts = &backend.facts;
        match (&facts.endpoints, &facts.pods) {
            (Err(why), _) | (_, Err(why)) => {
                say("behind", Role::NoData, &format!("{}: {why}", backend.backend));
            }
            (Ok(ends), Ok(pods)) => {
                let images = pods.images.join(", ");
                let mut text = format!("{}: {}/{} ready, {images}", backend.backend, ends.ready, ends.total);
                if pods.restarts > 0 {
                    text = format!("{text}, {} restarts", pods.restarts);
                }
                if pods.oom_kills > 0 {
                    text = format!("{text}, {} ended for lack of memory", pods.oom_kills);
                }
                say("behind", Role::Muted, &text);
            }
        }
    }
    for planned in &prepared.planned {
        say("kubectl", Role::Muted, &kubectl(&app.start.context, &planned.plan));
    }
    all
}

fn server(planned: &Planned, several: bool, say: &mut impl FnMut(&str, Role, &str)) {
    let (role, words) = match &planned.dry_run {
        DryRun::Accepted => (Role::Ok, "a dry run was accepted".to_owned()),
        DryRun::Refused(why) => (Role::Bad, format!("a dry run was refused: {why}")),
        DryRun::Forbidden(why) => (Role::Bad, why.clone()),
        DryRun::Unknown(why) => (Role::Warn, format!("not known whether the server accepts it: {why}")),
    };
    let route = if several { format!("{}: ", planned.plan.route) } else { String::new() };
    say("server", role, &format!("{route}{words}"));
}

fn edits(planned: &Planned, say: &mut impl FnMut(&str, Role, &str)) {
    for edit in &planned.plan.edits {
        let route = &planned.plan.route;
        let text = format!("{route} {edit}");
        say("writes", Role::Text, &text);
    }
}
