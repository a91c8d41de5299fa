//! The open split: which one it is, what is looked at in it, and its own keys.
//!
//! It follows the object (namespace, name, uid, rule) as the list's selection does, and stays open when that is gone:
//! a screen that jumps to another route by itself would be stepped by mistake.

use super::actions::{ask, refuse};
use super::dialog::What;
use super::msg::Effect;
use super::panes::panes;
use super::routes::Shown;
use super::scroll::Scroll;
use super::split::Split;
use super::state::{App, Tone};
use crate::keys::{Action, Context, Key};
use crate::rollout::{Intent, Ladder};
use crate::route::{BackendRef, Route, RouteId, Rule};

/// What the middle of the screen shows.
#[derive(Debug, Default)]
pub enum Screen {
    /// The list of routes.
    #[default]
    Routes,
    /// One split.
    Split(Box<SplitView>),
}

/// What the keys of the open split move in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// Everything, which scrolls.
    Whole,
    /// The stages, one of which can be chosen.
    Ladder,
}

/// What of a split is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// All that matters now.
    Overview,
    /// What happened to its route.
    Timeline {
        /// Whether it was opened from the list, to which Esc leads back then.
        from_list: bool,
    },
}

/// An open split.
#[derive(Debug)]
pub struct SplitView {
    /// Its route.
    pub id: RouteId,
    uid: Box<str>,
    rule: usize,
    /// How the rule is called: by this it is found when rules are put before it.
    pub label: String,
    backends: Vec<BackendRef>,
    /// What is shown of it.
    pub page: Page,
    /// Where the keys go.
    pub pane: Pane,
    /// Index of the chosen stage on the ladder.
    stage: usize,
    /// How far it is scrolled.
    pub scroll: Scroll,
}

impl SplitView {
    fn of(split: &Split<'_>) -> Self {
        Self {
            id: split.route.id.clone(),
            uid: split.route.uid.clone(),
            rule: split.index,
            label: split.route.rule_label(split.index),
            backends: backends(split.route, split.index),
            page: Page::Overview,
            pane: Pane::Whole,
            stage: 0,
            scroll: Scroll::default(),
        }
    }

    /// Index of the chosen stage, while the keys go to the ladder.
    #[must_use]
    pub fn stage(&self, ladder: &Ladder) -> Option<usize> {
        let last = ladder.stages().len().saturating_sub(1);
        (self.pane == Pane::Ladder).then_some(self.stage.min(last))
    }

    /// Index of its rule in `route`, if it is still there and a split.
    fn rule_in(&self, route: &Route) -> Option<usize> {
        let is_split = |index: &usize| route.rules.get(*index).is_some_and(Rule::is_split);
        let same = |index: &usize| {
            route.rule_label(*index) == self.label || backends(route, *index) == self.backends
        };
        let moved = || (0..route.rules.len()).find(|index| route.rule_label(*index) == self.label);
        let found = Some(self.rule).filter(same).or_else(moved);
        found.filter(|_| route.uid == self.uid).filter(is_split)
    }

    fn turn_to(&mut self, page: Page) {
        self.page = page;
        self.pane = Pane::Whole;
        self.scroll = Scroll::default();
    }

    /// Notes how the rule is called by now, so that it is found the next time as well.
    fn follow(&mut self, route: &Route) {
        if let Some(rule) = self.rule_in(route) {
            self.rule = rule;
            self.label = route.rule_label(rule);
            self.backends = backends(route, rule);
        }
    }
}

fn backends(route: &Route, rule: usize) -> Vec<BackendRef> {
    let rule = route.rules.get(rule);
    rule.map_or_else(Vec::new, |rule| rule.backends.iter().map(|backend| backend.to.clone()).collect())
}

impl App {
    /// The open split, whether or not it is still there.
    #[must_use]
    pub fn open_split(&self) -> Option<&SplitView> {
        match &self.screen {
            Screen::Split(view) => Some(view),
            Screen::Routes => None,
        }
    }

    fn open_split_mut(&mut self) -> Option<&mut SplitView> {
        match &mut self.screen {
            Screen::Split(view) => Some(view),
            Screen::Routes => None,
        }
    }

    /// Whether the stages of a ladder are on the screen. A pair has none.
    #[must_use]
    pub fn has_ladder(&self) -> bool {
        let has_stages = |split: Split<'_>| split.stage(&self.start.conventions.ladder).is_some();
        self.open_split().is_some_and(|view| view.page == Page::Overview)
            && self.selected().is_some_and(has_stages)
    }

    /// The open split as the route has it now; `None` when it is gone.
    pub(super) fn find(&self, view: &SplitView) -> Option<Split<'_>> {
        let entry = self.routes.entry(&view.id)?;
        let route = entry.listed.as_ref().ok()?;
        self.split_of(route, view.rule_in(route)?, false, entry.changed)
    }

    /// Why the open split is not there any more.
    #[must_use]
    pub fn gone(&self, view: &SplitView) -> Option<String> {
        if self.find(view).is_some() {
            return None;
        }
        let (id, label) = (&view.id, &view.label);
        Some(match self.routes.entry(id).map(|entry| &entry.listed) {
            None => format!("route {id} is gone"),
            Some(Err(bad)) => format!("route {id} cannot be read any more: {}", bad.why),
            Some(Ok(route)) if route.uid != view.uid => {
                format!("route {id} was deleted and made again: this is another one")
            }
            Some(Ok(_)) => format!("rule {label} of route {id} is gone, or no split any more"),
        })
    }

    /// The routes have changed.
    pub(super) fn follow_open_split(&mut self) {
        let Screen::Split(view) = &mut self.screen else { return };
        if let Some(route) = self.routes.get(&view.id) {
            view.follow(route);
        }
    }
}

/// Opens the selected split.
pub(super) fn open_selected(app: &mut App) {
    if let Some(split) = app.selected() {
        app.screen = Screen::Split(Box::new(SplitView::of(&split)));
        return;
    }
    match app.routes.shown(app.list.cursor()) {
        Some(Shown::Bad(bad)) => {
            let text = format!("{} cannot be read: {}", bad.id, bad.why);
            app.say(Tone::Warn, text);
        }
        Some(_) => app.say(Tone::Plain, "this is no split: no rule of it has two or more backends"),
        None => {}
    }
}

/// Opens what happened to the route of the selected split.
pub(super) fn open_timeline(app: &mut App) {
    open_selected(app);
    if let Some(view) = app.open_split_mut() {
        view.turn_to(Page::Timeline { from_list: true });
    }
}

/// Does what a key of the open split asks for.
pub(super) fn act(app: &mut App, action: Action, key: Key) -> Vec<Effect> {
    let page = usize::from(panes(app).body()).saturating_sub(2).max(1);
    let next = app.selected().map_or(0, |split| next_stage(&split, &app.start.conventions.ladder));
    let last = app.selected().map_or(0, |split| app.start.conventions.ladder.of(split.route).stages().len());
    let has_ladder = app.has_ladder();
    let Some(view) = app.open_split_mut() else { return Vec::new() };
    let last = last.saturating_sub(1);
    let stage = view.stage.min(last);
    match (action, view.pane) {
        (Action::Down, Pane::Ladder) => view.stage = (stage + 1).min(last),
        (Action::Up, Pane::Ladder) => view.stage = stage.saturating_sub(1),
        (Action::Top, Pane::Ladder) => view.stage = 0,
        (Action::Bottom, Pane::Ladder) => view.stage = last,
        (Action::Down, Pane::Whole) => view.scroll.down(1),
        (Action::Up, Pane::Whole) => view.scroll.up(1),
        (Action::Top, Pane::Whole) => view.scroll.top(),
        (Action::Bottom, Pane::Whole) => view.scroll.bottom(),
        (Action::PageDown, _) => view.scroll.down(page),
        (Action::PageUp, _) => view.scroll.up(page),
        (Action::NextPane, Pane::Whole) if has_ladder => {
            view.pane = Pane::Ladder;
            view.stage = next;
            // What is moved in is in sight.
            view.scroll.top();
        }
        (Action::NextPane, Pane::Ladder) => view.pane = Pane::Whole,
        (Action::Open, Pane::Ladder) => return go_to_stage(app, stage, key),
        (Action::Open, Pane::Whole) if has_ladder => {
            if let Some(tab) = app.start.keymap.key_of(Action::NextPane, Context::View) {
                let text = format!("{tab} goes to the ladder; {key} there asks for the chosen stage");
                app.say(Tone::Plain, text);
            }
        }
        (Action::Timeline, _) if view.page == Page::Overview => {
            view.turn_to(Page::Timeline { from_list: false });
        }
        (Action::Timeline, _) => view.turn_to(Page::Overview),
        (Action::Close, _) if view.page == (Page::Timeline { from_list: false }) => {
            view.turn_to(Page::Overview);
        }
        (Action::Close, _) => close(app),
        _ => {}
    }
    Vec::new()
}

fn close(app: &mut App) {
    app.screen = Screen::Routes;
    app.said = None;
}

/// Index of the stage that a step would lead to; the last one at the end.
fn next_stage(split: &Split<'_>, default: &Ladder) -> usize {
    let ladder = default.of(split.route);
    let (weight, sum) = split.canary_weight().unwrap_or_default();
    ladder.position(weight, sum).min(ladder.stages().len().saturating_sub(1))
}

/// Asks for the share of a stage, however many stages that skips.
fn go_to_stage(app: &mut App, stage: usize, key: Key) -> Vec<Effect> {
    if let Some(why) = app.refused() {
        return refuse(app, why);
    }
    let Some(split) = app.selected() else { return Vec::new() };
    let ladder = app.start.conventions.ladder.of(split.route);
    let Some(stage) = ladder.stages().get(stage).copied() else { return Vec::new() };
    let intent = Intent::Stage { rule: split.index, stage, canary: None };
    ask(app, What::Stage, intent, key)
}

#[cfg(test)]
mod tests;
