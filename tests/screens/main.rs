//! What a person sees: the real cockpit over the demo, without a terminal and with time that stands still.
//!
//! Pictures for README are drawn here (`UPDATE_SCREENSHOTS=1 cargo test --test screens pictures`), screens are pinned
//! with their styles, and every one is drawn at every size.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test panics when it fails")]

mod cockpit;
mod every_size;
mod pictures;
mod pinned;
mod png;
mod steady;
mod styles;
mod svg;
mod world;
