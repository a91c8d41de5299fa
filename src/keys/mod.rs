//! One table: action, keys, context, help text, whether it writes.
//!
//! Lives here: what a key is, and which action it stands for where: `TABLE` with the keys as shipped, [`Keymap`] with
//! those in force. It feeds dispatch, help and hints, so these cannot differ. Does not live here: what an action does (`app/`), how keys arrive (`term/`).
//! Called by `app/` for dispatch, by `ui/` for help and hints, by the runner to translate events.

mod action;
mod context;
mod key;
mod keymap;
mod reference;
mod sheet;
mod table;

pub use action::Action;
pub use context::Context;
pub use key::{BadKey, Key};
pub use keymap::Keymap;
pub use reference::markdown;
pub use sheet::{Entry, sheet};
pub use table::{Binding, TABLE};
