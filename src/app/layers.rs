//! What lies over the list: a stack, of which the top gets the keys.

use tui_input::Input;

use super::dialog::ChangeDialog;
use super::object::ObjectView;
use super::palette::Palette;
use super::scroll::Scroll;
use super::state::App;
use super::walk_view::WalkView;
use super::weights::WeightEditor;
use crate::keys::Context;

/// What lies over the list.
#[derive(Debug)]
pub enum Layer {
    /// The keys.
    Help(Scroll),
    /// What was said so far.
    Messages(Scroll),
    /// A whole object.
    Object(Box<ObjectView>),
    /// The debugging walk.
    Walk(Box<WalkView>),
    /// The filter being typed.
    Filter(Input),
    /// The palette.
    Palette(Box<Palette>),
    /// A change to confirm.
    Change(Box<ChangeDialog>),
    /// The weight editor.
    Weights(Box<WeightEditor>),
    /// Whether to quit while proofs run.
    Quit,
}

impl App {
    /// Where a key that is pressed now belongs to.
    #[must_use]
    pub fn contexts(&self) -> Vec<Context> {
        self.contexts_of(self.layers.top())
    }

    /// Where it belonged to before the help was opened over it.
    #[must_use]
    pub fn contexts_below_help(&self) -> Vec<Context> {
        self.contexts_of(self.layers.0.iter().rfind(|layer| !matches!(layer, Layer::Help(_))))
    }

    fn contexts_of(&self, layer: Option<&Layer>) -> Vec<Context> {
        match layer {
            None if self.open_split().is_some() => vec![Context::Split, Context::View, Context::Anywhere],
            None => vec![Context::Split, Context::Routes, Context::Anywhere],
            Some(Layer::Help(_) | Layer::Messages(_) | Layer::Walk(_)) => vec![Context::Help],
            Some(Layer::Object(_)) => vec![Context::Help, Context::Yaml],
            Some(Layer::Filter(_) | Layer::Palette(_)) => vec![Context::Find],
            Some(Layer::Quit) => vec![Context::Quit],
            Some(Layer::Weights(_)) => vec![Context::Weights, Context::Anywhere],
            Some(Layer::Change(dialog)) if dialog.is_rollback() => vec![Context::Dialog, Context::Rollback],
            Some(Layer::Change(_)) => vec![Context::Dialog],
        }
    }
}

/// The layers, the lowest first. There is at most one dialog and one editor.
#[derive(Debug, Default)]
pub struct Layers(Vec<Layer>);

impl Layers {
    /// The one that gets the keys.
    #[must_use]
    pub fn top(&self) -> Option<&Layer> {
        self.0.last()
    }

    pub(super) fn top_mut(&mut self) -> Option<&mut Layer> {
        self.0.last_mut()
    }

    /// Whether nothing lies over the list.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, the lowest first: as they are drawn.
    pub fn iter(&self) -> impl Iterator<Item = &Layer> {
        self.0.iter()
    }

    /// Lays one over the others.
    pub(super) fn push(&mut self, layer: Layer) {
        self.0.push(layer);
    }

    /// Takes the top away.
    pub(super) fn pop(&mut self) -> Option<Layer> {
        self.0.pop()
    }

    /// Takes away all that `unwanted` says.
    pub(super) fn remove(&mut self, unwanted: impl Fn(&Layer) -> bool) {
        self.0.retain(|layer| !unwanted(layer));
    }

    /// Takes the change to confirm away, and leaves what lies over it.
    pub(super) fn take_dialog(&mut self) -> Option<Box<ChangeDialog>> {
        let place = self.0.iter().position(|layer| matches!(layer, Layer::Change(_)))?;
        match self.0.remove(place) {
            Layer::Change(dialog) => Some(dialog),
            _ => None,
        }
    }

    /// The change to confirm, whatever lies over it.
    #[must_use]
    pub fn dialog(&self) -> Option<&ChangeDialog> {
        self.0.iter().find_map(|layer| match layer {
            Layer::Change(dialog) => Some(&**dialog),
            _ => None,
        })
    }

    pub(super) fn dialog_mut(&mut self) -> Option<&mut ChangeDialog> {
        self.0.iter_mut().find_map(|layer| match layer {
            Layer::Change(dialog) => Some(&mut **dialog),
            _ => None,
        })
    }

    /// Whether one of them leads to a write.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.0.iter().any(|layer| matches!(layer, Layer::Change(_) | Layer::Weights(_)))
    }

    pub(super) fn object_mut(&mut self) -> Option<&mut ObjectView> {
        self.0.iter_mut().find_map(|layer| match layer {
            Layer::Object(view) => Some(&mut **view),
            _ => None,
        })
    }

    pub(super) fn walk_mut(&mut self) -> Option<&mut WalkView> {
        self.0.iter_mut().find_map(|layer| match layer {
            Layer::Walk(view) => Some(&mut **view),
            _ => None,
        })
    }

    pub(super) fn palette_mut(&mut self) -> Option<&mut Palette> {
        self.0.iter_mut().find_map(|layer| match layer {
            Layer::Palette(palette) => Some(&mut **palette),
            _ => None,
        })
    }

    pub(super) fn editor_mut(&mut self) -> Option<&mut WeightEditor> {
        self.0.iter_mut().find_map(|layer| match layer {
            Layer::Weights(editor) => Some(&mut **editor),
            _ => None,
        })
    }
}
