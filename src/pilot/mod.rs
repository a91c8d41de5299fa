//! Carries one change through, from plan to proof.

mod writer;

pub(crate) use writer::MayWrite;
pub use writer::{WriteError, Writer};
