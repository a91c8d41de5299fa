//! The lower part of a dialog, which scrolls: checks, warnings, paths, the server's answer, the equivalent command.

use ratatui::text::{Line, Span};

use super::{LABEL, remaining};
use crate::app::App;
use crate::pilot::{DryRun, Planned, Prepared};
use crate::rollout::{Check, kubectl};
use crate::ui::fold::fold;
use crate::ui::format::left;
use crate::ui::paint::Look;
use crate::ui::theme::Role;
use crate::ui::words;

pub(super) fn lines(app: &App, prepared: &Prepared, room: usize, look: &Look) -> Vec<Line<'static>> {
    let mut all = Rest { room, look, lines: Vec::new() };
    for planned in &prepared.planned {
        all.server(planned, prepared.planned.len() > 1);
    }
    for check in &prepared.gate.checks {
        all.check(check);
    }
    for planned in &prepared.planned {
        for edit in &planned.plan.edits {
            all.say("writes", Role::Text, &format!("{} {edit}", planned.plan.route));
        }
        for owner in &planned.fresh.owners {
            all.say("owner", Role::Warn, &owner.to_string());
        }
        for note in &planned.plan.notes {
            all.say("note", Role::Text, note);
        }
    }
    if let Some(words) = remaining(prepared) {
        all.say("paths", Role::Warn, &words);
        for path in &prepared.remaining {
            all.say("", Role::Text, &path.to_string());
        }
    }
    if !prepared.shared.is_empty() {
        all.say(
            "shared",
            Role::Text,
            "other requests reach the same backends, so the share cannot be proven by counts:",
        );
        for path in &prepared.shared {
            all.say("", Role::Muted, &path.to_string());
        }
    }
    for backend in &prepared.backends {
        let facts = &backend.facts;
        match (&facts.endpoints, &facts.pods) {
            (Err(why), _) | (_, Err(why)) => {
                all.say("behind", Role::NoData, &format!("{}: {why}", backend.backend));
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
                all.say("behind", Role::Muted, &text);
            }
        }
    }
    for planned in &prepared.planned {
        all.say("kubectl", Role::Muted, &kubectl(&app.place.context, &planned.plan));
    }
    all.lines
}

struct Rest<'a> {
    room: usize,
    look: &'a Look,
    lines: Vec<Line<'static>>,
}

impl Rest<'_> {
    fn add(&mut self, name: &str, said: impl IntoIterator<Item = Span<'static>>) {
        let name = self.look.span(Role::Muted, left(name, LABEL));
        let line: Line<'_> = [name].into_iter().chain(said).collect();
        self.lines.extend(fold(&line, self.room, LABEL));
    }

    fn say(&mut self, name: &str, role: Role, text: &str) {
        self.add(name, [self.look.span(role, text)]);
    }

    fn check(&mut self, check: &Check) {
        let sign = words::verdict(check.verdict, self.look);
        let verdict = self.look.span(sign.role, format!("{} {}  ", sign.glyph, check.verdict));
        self.add(check.name, [verdict, self.look.span(Role::Text, check.words.clone())]);
    }

    fn server(&mut self, planned: &Planned, several: bool) {
        let (role, words) = match &planned.dry_run {
            DryRun::Accepted => (Role::Ok, "a dry run was accepted".to_owned()),
            DryRun::Refused(why) => (Role::Bad, format!("a dry run was refused: {why}")),
            DryRun::Forbidden(why) => (Role::Bad, why.clone()),
            DryRun::Unknown(why) => (Role::Warn, format!("not known whether the server accepts it: {why}")),
        };
        let route = if several { format!("{}: ", planned.plan.route) } else { String::new() };
        self.say("server", role, &format!("{route}{words}"));
    }
}
