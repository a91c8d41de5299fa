//! Every screen and layer at every size, from nothing to 120x40.

use tidegate::app::{App, Layer, Page};
use tidegate::demo::Scenario;

use super::cockpit::Cockpit;
use super::pinned::SCREENS;

/// The largest.
const MOST: (u16, u16) = (120, 40);

/// What gets the keys, in a word.
fn kind(app: &App) -> &'static str {
    match app.layers.top() {
        None => match app.open_split().map(|view| view.page) {
            None => "routes",
            Some(Page::Overview) => "split",
            Some(Page::Timeline { .. }) => "timeline",
        },
        Some(Layer::Help(_)) => "help",
        Some(Layer::Messages(_)) => "messages",
        Some(Layer::Object(_)) => "yaml",
        Some(Layer::Walk(_)) => "walk",
        Some(Layer::Filter(_)) => "filter",
        Some(Layer::Palette(_)) => "palette",
        Some(Layer::Change(_)) => "dialog",
        Some(Layer::Weights(_)) => "weights",
        Some(Layer::Quit) => "quit",
    }
}

#[tokio::test(start_paused = true)]
async fn no_screen_panics_at_any_size() {
    let mut drawn = Vec::new();
    for screen in SCREENS {
        let mut cockpit = Cockpit::open(Scenario::Failing, MOST, "mono");
        cockpit.go(screen.way).await;
        drawn.push(kind(cockpit.app()));
        for columns in 0..=MOST.0 {
            for rows in 0..=MOST.1 {
                cockpit.resize((columns, rows));
                cockpit.frame();
            }
        }
    }
    for kind in [
        "routes", "split", "timeline", "help", "messages", "yaml", "walk", "filter", "palette", "dialog",
        "weights", "quit",
    ] {
        assert!(drawn.contains(&kind), "{kind} was never drawn: {drawn:?}");
    }
}
