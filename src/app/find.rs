//! Typing a filter: the list shows what fits with each letter.

use tui_input::{Input, InputRequest};

use super::layers::Layer;
use super::msg::Effect;
use super::state::App;
use super::typing::{input_request, pasted};
use crate::keys::{Action, Context, Key};

/// Begins with the filter that there is.
pub(super) fn open_filter(app: &mut App) -> Vec<Effect> {
    app.layers.push(Layer::Filter(Input::new(app.arrangement.filter.clone())));
    Vec::new()
}

pub(super) fn press(app: &mut App, key: Key) -> Vec<Effect> {
    let cursor = app.list.cursor();
    match app.start.keymap.lookup(Context::Find, key) {
        Some(Action::Done) => drop(app.layers.pop()),
        Some(Action::Close) => {
            app.layers.pop();
            app.arrange(|arrangement| arrangement.filter.clear());
        }
        Some(Action::Down) => app.list.go(cursor + 1, &app.routes),
        Some(Action::Up) => app.list.go(cursor.saturating_sub(1), &app.routes),
        _ => {
            if let Some(request) = input_request(key) {
                edit(app, [request]);
            }
        }
    }
    Vec::new()
}

pub(super) fn paste(app: &mut App, text: &str) {
    edit(app, pasted(text));
}

fn edit(app: &mut App, requests: impl IntoIterator<Item = InputRequest>) {
    let Some(Layer::Filter(input)) = app.layers.top_mut() else { return };
    for request in requests {
        input.handle(request);
    }
    let typed = input.value().to_owned();
    app.arrange(|arrangement| arrangement.filter = typed);
}
