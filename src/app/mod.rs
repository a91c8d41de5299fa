//! State, messages and `update`: (state, message) → (state, effects).
//!
//! Lives here: everything the cockpit knows and decides. Nothing here waits, reads a clock or opens a socket: time
//! comes in with each message, and what is to be done goes out as [`Effect`]s. Does not live here: how it
//! looks (`ui/`), which key means what (`keys/`), what may be done with a route (`rollout/`).
//! Called by the runner in `cli/`, which performs the effects and sends their answers back as [`Msg`]s.

mod actions;
mod alerts;
mod arrangement;
mod changes;
mod checklist;
mod contexts;
mod dialog;
mod draining;
mod facts;
mod find;
mod freeze;
mod health;
mod lamp;
mod layers;
mod list;
mod logs;
mod msg;
mod names;
mod numbers;
mod object;
mod palette;
mod panes;
mod place;
mod preview;
mod routes;
mod routes_keys;
mod schedule;
mod scroll;
mod split;
mod split_view;
mod state;
mod survey;
mod timeline;
mod typing;
mod update;
mod walk_view;
mod watched;
mod weights;
mod word;
mod wrap;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

pub use arrangement::{Arrangement, Sort};
pub use changes::{Change, Changes};
pub use contexts::Switching;
pub use dialog::{Ask, ChangeDialog, Ready, Step, What};
pub use facts::{FactsState, Looked};
pub use freeze::Frozen;
pub use health::Worst;
pub use lamp::{Lamp, Lamps};
pub use layers::{Layer, Layers};
pub use list::List;
pub use logs::LogsRead;
pub use msg::{Effect, Msg, Now};
pub use numbers::{BackendNumbers, NumbersState, REFRESH, SPAN, STEP, WINDOW, too_many_errors};
pub use object::ObjectView;
pub use palette::{Found, Item, Palette, Run};
pub use panes::{Banner, Panes, banners, panes};
pub use place::Place;
pub use preview::Preview;
pub use routes::{Entry, Routes, Row, Shown};
pub use schedule::next_wake;
pub use scroll::Scroll;
pub use split::{Observed, Split};
pub use split_view::{Page, Pane, Screen, SplitView};
pub use state::{App, Link, Logged, Said, Start, Tone};
pub use survey::Survey;
pub use timeline::{Event, Past};
pub use update::update;
pub use walk_view::WalkView;
pub use weights::{Field, WeightEditor};
pub use wrap::wrap;
