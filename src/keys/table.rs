//! The table.

use std::borrow::Cow;

use super::action::Action;
use super::context::Context;
use super::key::Key;
use crate::rollout::ChecklistItem;

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// What it does.
    pub action: Action,
    /// The keys, the usual one first; none if the settings took them away.
    pub keys: Cow<'static, [Key]>,
    /// Where.
    pub context: Context,
    /// For the help: one sentence without a full stop.
    pub help: &'static str,
    /// For the line of hints: one or two words; empty for keys that need none.
    pub hint: &'static str,
    /// Whether it leads to a change of the cluster.
    pub writes: bool,
}

impl Binding {
    /// Its keys, as in `j down`.
    #[must_use]
    pub fn keys_text(&self) -> String {
        self.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

const fn row(
    context: Context,
    keys: &'static [Key],
    action: Action,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { action, keys: Cow::Borrowed(keys), context, help, hint, writes: false }
}

const fn change(
    context: Context,
    keys: &'static [Key],
    action: Action,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    let mut binding = row(context, keys, action, hint, help);
    binding.writes = true;
    binding
}

use Action as A;
use Context as C;
use Key::Char;

/// A page, as in pagers and editors; where text is typed, these are keys of the text.
const DOWN: &[Key] = &[Key::PageDown, Key::Ctrl('f'), Key::Ctrl('d')];
const UP: &[Key] = &[Key::PageUp, Key::Ctrl('b'), Key::Ctrl('u')];

/// Every action with the keys it has unless the settings say otherwise. New rows are added here and nowhere else.
pub static TABLE: &[Binding] = &[
    change(C::Split, &[Char('s')], A::StepNext, "step", "the canary to the next stage"),
    change(C::Split, &[Char('b')], A::StepBack, "step back", "the canary back one stage"),
    change(C::Split, &[Char('r')], A::RollBack, "roll back", "drain the canary; never blocked"),
    change(C::Split, &[Char('w')], A::SetWeights, "weights", "set any weights"),
    change(C::Split, &[Char('f')], A::Flip, "flip", "all traffic of a pair to the other one"),
    change(C::Split, &[Char('u')], A::Undo, "undo", "the newest change back; again: redo it"),
    change(C::Split, &[], A::Promote, "", "all traffic to the canary"),
    row(C::Split, &[Char('v')], A::Verify, "verify", "count whether the declared split is served"),
    row(C::Split, &[], A::LogErrors, "", "count the errors in the newest logs of each version"),
    row(C::Split, &[], A::Tick(ChecklistItem::Consumers), "", "note that what was drained consumes no queue"),
    row(
        C::Split,
        &[],
        A::Tick(ChecklistItem::Flag),
        "",
        "note that the feature flag of what was drained is off",
    ),
    row(
        C::Split,
        &[],
        A::Tick(ChecklistItem::Hypothesis),
        "",
        "note that what may have been wrong is written down",
    ),
    row(C::Split, &[Char('c')], A::Copy, "", "only in a dialog: copies its kubectl command"),
    row(C::Split, &[Char('l')], A::Timeline, "timeline", "what happened to the route"),
    row(C::Split, &[Char(':')], A::Palette, "palette", "any action, route, namespace, context, theme"),
    row(C::Split, &[Char('d')], A::Yaml, "yaml", "the object as YAML, and its newest change"),
    row(C::Split, &[Char('x')], A::Diagnose, "diagnose", "walk to what is broken, step by step"),
    row(C::Split, &[Char(' ')], A::Freeze, "freeze", "hold the screen; data goes on behind it"),
    row(C::Split, &[Char('t')], A::Theme, "", "the next theme"),
    row(C::Split, &[Char('m')], A::Messages, "", "what was said so far"),
    row(C::Split, &[Key::Ctrl('r')], A::Reconnect, "", "reconnect now, with fresh credentials"),
    row(C::View, &[Key::Esc], A::Close, "list", "back to the list"),
    row(C::View, &[Key::Tab], A::NextPane, "ladder", "to the ladder, or back"),
    row(C::View, &[Key::Enter], A::Open, "", "in the ladder: what the chosen stage does"),
    row(
        C::View,
        &[Char('j'), Key::Down, Key::Right],
        A::Down,
        "",
        "scroll down; the next stage of the ladder",
    ),
    row(C::View, &[Char('k'), Key::Up, Key::Left], A::Up, "", "scroll up; the stage before"),
    row(C::View, &[Char('g'), Key::Home], A::Top, "", "the first line, or stage"),
    row(C::View, &[Char('G'), Key::End], A::Bottom, "", "the last line, or stage"),
    row(C::View, DOWN, A::PageDown, "", "a page down"),
    row(C::View, UP, A::PageUp, "", "a page up"),
    row(C::View, &[Char('q')], A::Quit, "quit", "quit; asks while a proof runs"),
    row(C::Routes, &[Key::Enter], A::Open, "open", "open the selected split"),
    row(C::Routes, &[Char('/')], A::Filter, "filter", "only routes that hold these words"),
    row(C::Routes, &[Char('o')], A::Sort, "sort", "rows by name, worst, share or newest first"),
    row(C::Routes, &[Char('.')], A::Quiet, "", "routes without a split: show or hide"),
    row(C::Routes, &[Char('a')], A::AllNamespaces, "namespaces", "all namespaces, or one again"),
    row(C::Routes, &[Char('j'), Key::Down], A::Down, "", "one row down"),
    row(C::Routes, &[Char('k'), Key::Up], A::Up, "", "one row up"),
    row(C::Routes, &[Char('g'), Key::Home], A::Top, "", "the first row"),
    row(C::Routes, &[Char('G'), Key::End], A::Bottom, "", "the last row"),
    row(C::Routes, DOWN, A::PageDown, "", "a page down"),
    row(C::Routes, UP, A::PageUp, "", "a page up"),
    row(C::Routes, &[Char('q')], A::Quit, "quit", "quit; asks while a proof runs"),
    row(C::Routes, &[Key::Esc], A::Close, "", "clear the message, then the filter"),
    change(C::Dialog, &[Char('y')], A::Confirm, "confirm", "do it; Enter never does"),
    row(C::Dialog, &[Char('n'), Key::Esc], A::Decline, "decline", "write nothing"),
    row(C::Dialog, &[Char('c')], A::Copy, "copy", "send the kubectl command to your terminal"),
    row(C::Dialog, &[Char('1')], A::Choose(1), "", "the first reason, or the first backend"),
    row(C::Dialog, &[Char('2')], A::Choose(2), "", "the second reason, or the second backend"),
    row(C::Dialog, &[Char('3')], A::Choose(3), "", "a reason to type, or the third backend"),
    row(C::Dialog, &[Char('4')], A::Choose(4), "", "the fourth backend"),
    row(C::Dialog, &[Char('5')], A::Choose(5), "", "the fifth backend"),
    row(C::Dialog, &[Char('6')], A::Choose(6), "", "the sixth backend"),
    row(C::Dialog, &[Char('7')], A::Choose(7), "", "the seventh backend"),
    row(C::Dialog, &[Char('8')], A::Choose(8), "", "the eighth backend"),
    row(C::Dialog, &[Char('9')], A::Choose(9), "", "the ninth backend"),
    row(C::Dialog, &[Char('j'), Key::Down], A::Down, "", "scroll down"),
    row(C::Dialog, &[Char('k'), Key::Up], A::Up, "", "scroll up"),
    row(C::Dialog, DOWN, A::PageDown, "", "a page down"),
    row(C::Dialog, UP, A::PageUp, "", "a page up"),
    row(C::Rollback, &[Char('a')], A::OtherPaths, "all paths", "take the other paths to it as well"),
    row(C::Weights, &[Key::Tab, Key::Down], A::NextField, "next", "the next backend"),
    row(C::Weights, &[Key::BackTab, Key::Up], A::PreviousField, "", "the backend before"),
    row(C::Weights, &[Key::Enter], A::Done, "show", "what these weights do; writes nothing yet"),
    row(C::Weights, &[Key::Esc], A::Close, "close", "leave the weights as they are"),
    row(C::Text, &[Key::Enter], A::Done, "done", "end the text; does not confirm"),
    row(C::Text, &[Key::Esc], A::Close, "back", "drop the text"),
    row(C::Text, &[Key::Ctrl('k')], A::Copy, "copy", "send the kubectl command to your terminal"),
    row(C::Text, &[Key::Down], A::Down, "", "scroll down"),
    row(C::Text, &[Key::Up], A::Up, "", "scroll up"),
    row(C::Text, &[Key::PageDown], A::PageDown, "", "a page down"),
    row(C::Text, &[Key::PageUp], A::PageUp, "", "a page up"),
    row(C::Find, &[Key::Enter], A::Done, "take", "keep the filter; do the marked entry"),
    row(C::Find, &[Key::Esc], A::Close, "close", "drop the filter; close the palette"),
    row(C::Find, &[Key::Down, Key::Ctrl('n')], A::Down, "", "one row down"),
    row(C::Find, &[Key::Up, Key::Ctrl('p')], A::Up, "", "one row up"),
    row(C::Help, &[Char('j'), Key::Down], A::Down, "scroll", "scroll down"),
    row(C::Help, &[Char('k'), Key::Up], A::Up, "", "scroll up"),
    row(C::Help, DOWN, A::PageDown, "", "a page down"),
    row(C::Help, UP, A::PageUp, "", "a page up"),
    row(C::Help, &[Char('g'), Key::Home], A::Top, "", "the first line"),
    row(C::Help, &[Char('G'), Key::End], A::Bottom, "", "the last line"),
    row(C::Help, &[Key::Esc, Char('q')], A::Close, "close", "close it"),
    row(C::Yaml, &[Char('m')], A::ManagedFields, "managedFields", "show managedFields, or leave them out"),
    row(C::Quit, &[Char('y')], A::Confirm, "quit", "quit; its proof will not be seen"),
    row(C::Quit, &[Char('n'), Key::Esc], A::Decline, "stay", "stay"),
    row(C::Anywhere, &[Char('?')], A::Help, "help", "show the keys; a letter where text is typed"),
    row(C::Anywhere, &[Key::Ctrl('z')], A::Suspend, "", "suspend"),
    row(C::Anywhere, &[Key::Ctrl('c')], A::QuitNow, "", "quit at once"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_context_has_keys_and_a_place_in_the_help() {
        for binding in TABLE {
            assert!(
                Context::ALL.contains(&binding.context)
                    && !binding.help.is_empty()
                    // what is done seldom is in the palette alone
                    && (!binding.keys.is_empty() || matches!(binding.action, Action::Promote | Action::Tick(_) | Action::LogErrors))
            );
        }
        assert!(Context::ALL.iter().all(|context| TABLE.iter().any(|binding| binding.context == *context)));
    }

    #[test]
    fn a_name_stands_for_one_row_of_its_context() {
        for (index, one) in TABLE.iter().enumerate() {
            let name = |binding: &Binding| (binding.context.name(), binding.action.name());
            assert!(TABLE.iter().skip(index + 1).all(|other| name(other) != name(one)), "{:?}", name(one));
            let kebab =
                |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            assert!(kebab(one.action.name()) && kebab(one.context.name()), "{:?}", name(one));
        }
    }
}
