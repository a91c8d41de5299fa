//! The terminal: guard, events, frames.
