//! The palette: whatever can be done or gone to, found by a few letters.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::Input;

use super::actions;
use super::contexts;
use super::layers::Layer;
use super::msg::Effect;
use super::routes::Entry;
use super::routes_keys;
use super::scroll::Scroll;
use super::state::{App, Tone};
use super::survey::{self, Survey};
use super::typing::{input_request, pasted};
use crate::cluster::Scope;
use crate::keys::{Action, Binding, Context, Key};
use crate::route::RouteId;

/// What comes of taking an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// As if its key had been pressed.
    Action(Action, Key),
    /// Selects a route.
    Route(RouteId),
    /// Watches a namespace, or all.
    Scope(Scope),
    /// Goes to another context.
    Context(String),
    /// Copies a link.
    Link(String),
    /// Draws with another theme.
    Theme(String),
}

/// Something that can be found.
#[derive(Debug, Clone)]
pub struct Item {
    /// What is searched and shown.
    pub text: String,
    /// The key that does the same.
    pub key: String,
    /// Why it cannot be done now.
    pub refused: Option<String>,
    /// What it does.
    pub run: Run,
}

impl Item {
    /// What stands before the description of an action; else all.
    fn name(&self) -> &str {
        self.text.split_once(": ").map_or(&*self.text, |(name, _)| name)
    }
}

/// An item that fits.
#[derive(Debug, Clone)]
pub struct Found {
    /// Index of the item.
    pub item: usize,
    /// Which characters of its text fit, in order.
    pub marks: Vec<u32>,
}

/// Words by which other tools know what is called otherwise here.
const SYNONYMS: [(&str, &str); 10] = [
    ("ns", "namespace"),
    ("namespaces", "namespace"),
    ("ctx", "context"),
    ("contexts", "context"),
    ("abort", "roll-back"),
    ("rollback", "roll-back"),
    ("history", "timeline"),
    ("describe", "yaml"),
    ("debug", "diagnose"),
    ("doctor", "diagnose"),
];

/// What was typed, its first word as it is called here.
fn in_our_words(typed: &str) -> String {
    let (first, rest) = typed.split_once(' ').map_or((typed, ""), |(first, rest)| (first, rest));
    let ours = SYNONYMS.iter().find(|(theirs, _)| first.eq_ignore_ascii_case(theirs));
    ours.map_or_else(|| typed.to_owned(), |(_, ours)| format!("{ours} {rest}"))
}

/// Most items that are looked through by hand.
const MOST: usize = 100;

/// The open palette.
#[derive(Debug, Default)]
pub struct Palette {
    /// What was typed.
    pub input: Input,
    items: Vec<Item>,
    found: Vec<Found>,
    /// How many fit, shown or not.
    pub fitting: usize,
    /// Which of them is marked.
    pub cursor: usize,
}

impl Palette {
    /// The items that fit, the best first.
    #[must_use]
    pub fn found(&self) -> impl ExactSizeIterator<Item = (&Item, &[u32])> {
        self.found.iter().map(|found| (&self.items[found.item], &*found.marks))
    }

    /// Looks through the items again: for those that hold each word in one piece; where there is none, for those that
    /// hold its letters with others between, in their name: a sentence holds nearly any letters.
    fn search(&mut self) {
        self.cursor = 0;
        let mut config = Config::DEFAULT;
        config.prefer_prefix = true;
        let mut matcher = Matcher::new(config);
        let mut letters = Vec::new();
        let typed = in_our_words(self.input.value());
        let words = |kind| Pattern::new(&typed, CaseMatching::Ignore, Normalization::Smart, kind);
        let mut pattern = words(AtomKind::Substring);
        let mut scored = self.score(&pattern, &mut matcher, |item| &item.text);
        if scored.is_empty() {
            pattern = words(AtomKind::Fuzzy);
            scored = self.score(&pattern, &mut matcher, Item::name);
            let best = scored.iter().map(|(score, _)| *score).max().unwrap_or_default();
            scored.retain(|(score, _)| score * 8 >= best * 7);
        }
        self.fitting = scored.len();
        scored.sort_by_key(|(score, index)| (Reverse(*score), *index));
        scored.truncate(MOST);
        let marked = scored.into_iter().map(|(_, item)| {
            let mut marks = Vec::new();
            let text = Utf32Str::new(&self.items[item].text, &mut letters);
            pattern.indices(text, &mut matcher, &mut marks);
            marks.sort_unstable();
            marks.dedup();
            Found { item, marks }
        });
        self.found = marked.collect();
    }

    /// How well what is `searched` of each item fits, of those that do.
    fn score(
        &self,
        pattern: &Pattern,
        matcher: &mut Matcher,
        searched: impl Fn(&Item) -> &str,
    ) -> Vec<(u32, usize)> {
        let mut letters = Vec::new();
        let mut scored = Vec::new();
        for (index, item) in self.items.iter().enumerate() {
            let text = Utf32Str::new(searched(item), &mut letters);
            scored.extend(pattern.score(text, matcher).map(|score| (score, index)));
        }
        scored
    }
}

/// Opens it with all that there is now.
pub(super) fn open(app: &mut App) -> Vec<Effect> {
    let mut palette = Palette { items: items(app), ..Palette::default() };
    palette.search();
    app.layers.push(Layer::Palette(Box::new(palette)));
    survey::ask(app).into_iter().collect()
}

/// More has become known while it is open. What was marked stays so.
pub(super) fn refresh(app: &mut App) {
    let items = items(app);
    if let Some(palette) = app.layers.palette_mut() {
        let marked = palette.found.get(palette.cursor).map(|found| palette.items[found.item].run.clone());
        palette.items = items;
        palette.search();
        let place = palette.found().position(|(item, _)| marked.as_ref() == Some(&item.run));
        palette.cursor = place.unwrap_or_default();
    }
}

fn items(app: &App) -> Vec<Item> {
    let mut items: Vec<Item> =
        app.start.keymap.iter().filter(|binding| belongs(app, binding)).map(|b| action(app, b)).collect();
    let plain = |text: String, run: Run| Item { text, key: String::new(), refused: None, run };
    for id in app.routes.entries().map(Entry::id) {
        items.push(plain(format!("route {id}"), Run::Route(id.clone())));
    }
    if app.scope != Scope::All {
        items.push(plain("namespace: all of them".to_owned(), Run::Scope(Scope::All)));
    }
    for (name, splits) in namespaces(app) {
        let of = if splits == 1 { "split" } else { "splits" };
        items.push(plain(format!("namespace {name}  {splits} {of}"), Run::Scope(Scope::Namespace(name))));
    }
    let links = app.selected().map(|split| split.links(&app.place.context, &app.start.conventions));
    let link = |(name, url): (String, String)| plain(format!("link {name}: copy {url}"), Run::Link(url));
    items.extend(links.into_iter().flatten().map(link));
    let others = app.start.contexts.iter().filter(|name| **name != app.place.context);
    items.extend(others.map(|name| plain(format!("context {name}"), Run::Context(name.clone()))));
    let themes = app.start.themes.iter();
    items.extend(themes.map(|name| plain(format!("theme {name}"), Run::Theme(name.clone()))));
    items
}

/// Whether it means something where the palette was opened. Moving is done by its keys alone.
fn belongs(app: &App, binding: &Binding) -> bool {
    use Action as A;
    let here = if app.open_split().is_some() { Context::View } else { Context::Routes };
    let moves = matches!(
        binding.action,
        A::Down | A::Up | A::Top | A::Bottom | A::PageDown | A::PageUp | A::Close | A::Palette
    );
    [Context::Split, here, Context::Anywhere].contains(&binding.context) && !moves
}

fn action(app: &App, binding: &Binding) -> Item {
    let key = binding.keys.first();
    Item {
        text: format!("{}: {}", binding.action.name(), binding.help),
        key: key.map(ToString::to_string).unwrap_or_default(),
        refused: app.cannot(binding.action),
        run: Run::Action(binding.action, key.copied().unwrap_or(Key::Enter)),
    }
}

/// The namespaces with routes, and how many splits each has.
fn namespaces(app: &App) -> Vec<(Box<str>, usize)> {
    if let Some(Survey::Known(known)) = &app.survey {
        return known.clone();
    }
    let mut all: Vec<(Box<str>, usize)> = Vec::new();
    for route in app.routes.entries().filter_map(|entry| entry.listed.as_ref().ok()) {
        match all.last_mut().filter(|(name, _)| *name == route.id.namespace) {
            Some((_, splits)) => *splits += route.splits().count(),
            None => all.push((route.id.namespace.clone(), route.splits().count())),
        }
    }
    all
}

pub(super) fn press(app: &mut App, key: Key) -> Vec<Effect> {
    let action = app.start.keymap.lookup(Context::Find, key);
    let Some(Layer::Palette(palette)) = app.layers.top_mut() else { return Vec::new() };
    let last = palette.found.len().saturating_sub(1);
    match action {
        Some(Action::Done) => return take(app),
        Some(Action::Close) => drop(app.layers.pop()),
        Some(Action::Down) => palette.cursor = (palette.cursor + 1).min(last),
        Some(Action::Up) => palette.cursor = palette.cursor.saturating_sub(1),
        _ => {
            if let Some(request) = input_request(key) {
                palette.input.handle(request);
                palette.search();
            }
        }
    }
    Vec::new()
}

pub(super) fn paste(app: &mut App, text: &str) {
    let Some(palette) = app.layers.palette_mut() else { return };
    for request in pasted(text) {
        palette.input.handle(request);
    }
    palette.search();
}

/// Does what the marked item says. A namespace may be typed in full, whether or not it is known.
fn take(app: &mut App) -> Vec<Effect> {
    let Some(Layer::Palette(palette)) = app.layers.pop() else { return Vec::new() };
    let typed = palette.input.value().trim();
    let chosen = palette.found.get(palette.cursor).map(|found| palette.items[found.item].clone());
    let Some(item) = chosen else {
        let name = typed.strip_prefix("namespace ").or_else(|| typed.strip_prefix("ns "));
        let Some(name) = name.map(str::trim).filter(|name| is_namespace(name)) else {
            app.say(Tone::Plain, format!("nothing is called {typed}"));
            return Vec::new();
        };
        return contexts::watch_scope(app, Scope::Namespace(name.into()));
    };
    if let Some(why) = item.refused {
        return actions::refuse(app, why);
    }
    match item.run {
        Run::Action(Action::Help, _) => {
            app.layers.push(Layer::Help(Scroll::default()));
            Vec::new()
        }
        Run::Action(Action::Suspend, _) => vec![Effect::Suspend],
        Run::Action(Action::QuitNow, _) => vec![Effect::Quit],
        Run::Action(action, key) => routes_keys::act(app, action, key),
        Run::Route(id) => {
            select(app, &id);
            Vec::new()
        }
        Run::Scope(scope) => contexts::watch_scope(app, scope),
        Run::Context(name) => contexts::switch(app, name),
        Run::Link(url) => {
            app.say(Tone::Plain, format!("sent to your terminal: {url}"));
            vec![Effect::Copy(url)]
        }
        Run::Theme(name) => routes_keys::use_theme(app, name),
    }
}

fn is_namespace(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Goes to a route. What would hide it is taken away.
fn select(app: &mut App, id: &RouteId) {
    app.screen = super::Screen::Routes;
    if !app.list.go_to(id, &app.routes) {
        app.arrange(|arrangement| {
            arrangement.filter.clear();
            arrangement.hides_quiet = false;
        });
        app.list.go_to(id, &app.routes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Msg;
    use crate::app::fixture::{Bench, checkout, split};
    use crate::rollout::Link;

    fn found(bench: &Bench) -> Vec<&str> {
        let Some(Layer::Palette(palette)) = bench.app.layers.top() else { panic!("no palette") };
        palette.found().map(|(item, _)| item.text.split(':').next().unwrap()).collect()
    }

    #[test]
    fn words_in_one_piece_come_alone_and_letters_apart_only_where_there_is_none() {
        let routes =
            ["checkout", "wallet", "frontroll"].map(|name| Ok(split(name, 1, &[("a", 1), ("b", 1)])));
        let mut bench = Bench::with((80, 24), routes.into());
        bench.keys(":rol");
        assert_eq!(found(&bench), ["roll-back", "route shop/frontroll"], "the best first, and no nonsense");
        bench.key(Key::Esc).keys(":re");
        assert_eq!(found(&bench)[0], "reconnect", "not what holds it in its description");
        bench.key(Key::Esc).keys(":rlbck");
        assert_eq!(found(&bench), ["roll-back"]);
        bench.key(Key::Esc).keys(":chkt");
        assert_eq!(found(&bench), ["route shop/checkout"]);
    }

    #[test]
    fn words_of_other_tools_find_what_they_mean_and_never_another_action() {
        let mut bench = Bench::with((80, 24), vec![Ok(checkout(7, 95, 5))]);
        bench.keys(":ns");
        assert!(!found(&bench).is_empty());
        assert!(found(&bench).iter().all(|item| item.contains("namespace")), "{:?}", found(&bench));
        bench.key(Key::Esc).keys(":ctx");
        assert_eq!(found(&bench), ["context prod-us"]);
        bench.key(Key::Esc).keys(":sto");
        assert_eq!(found(&bench), [""; 0], "not the step, whose description holds these letters");
        for (typed, wanted) in [(":abort", "roll-back"), (":rollback", "roll-back"), (":describe", "yaml")] {
            bench.key(Key::Esc).keys(typed);
            assert_eq!(found(&bench), [wanted]);
        }
    }

    #[test]
    fn a_link_is_filled_in_for_what_is_selected_and_copied() {
        let mut bench = Bench::with((80, 24), vec![Ok(checkout(7, 95, 5))]);
        let link = Link::parse("grafana", "https://g/{{context}}/{{namespace}}/{{service}}?from={{stable}}");
        bench.app.start.conventions.links = vec![link.unwrap()];
        bench.keys(":grafana");
        assert_eq!(found(&bench), ["link grafana"]);
        bench.key(Key::Enter);
        let copied = bench.effects.iter().find_map(|effect| match effect {
            Effect::Copy(text) => Some(text.as_str()),
            _ => None,
        });
        let url = "https://g/prod-eu/shop/checkout-canary?from=checkout-stable";
        assert_eq!(copied, Some(url));
        assert_eq!(bench.said(), format!("sent to your terminal: {url}"), "who keeps it is not known");
    }

    #[test]
    fn what_is_marked_stays_marked_when_more_becomes_known() {
        let mut bench = Bench::with((80, 24), vec![Ok(checkout(7, 95, 5))]);
        bench.keys(":namespace").key(Key::Down).key(Key::Down);
        let marked = |bench: &Bench| match bench.app.layers.top() {
            Some(Layer::Palette(palette)) => palette.found[palette.cursor..][..1]
                .iter()
                .map(|found| palette.items[found.item].run.clone())
                .next(),
            _ => None,
        };
        let before = marked(&bench).unwrap();
        let generation = bench.app.generation;
        let known = ["another", "more", "shop", "zoo"].map(|name| (name.into(), 3));
        bench.msg(Msg::Survey { generation, namespaces: Some(known.into()) });
        assert_eq!(marked(&bench), Some(before));
    }
}
