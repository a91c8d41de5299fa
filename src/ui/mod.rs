//! Draws the state of `app`: theme, layout, one file a view.

pub mod format;
pub mod theme;
