//! The terminal: who holds it, what it tells us, when a frame is due.
//!
//! Here: taking and giving back the screen, one write a frame, keys and signals as one stream, the clipboard.
//! Not here: what is drawn (`ui`), what a key means (`keys`), what happens then (`app`).
//! Called by: the verb that runs the cockpit, which owns one [`Screen`], one [`Events`] and one [`FramePacer`].
//!
//! Order matters: [`install_panic_hook`], then [`Events::new`] (signals are caught from then on), then
//! [`Screen::open`]. Dropped in the reverse order, the terminal is given back while signals are still caught.

mod events;
mod guard;
mod job;
mod pace;
mod panic;
mod screen;
mod signals;
mod surface;

pub use events::{Event, Events};
pub use guard::restore;
pub use pace::FramePacer;
pub use panic::install_panic_hook;
pub use screen::Screen;
pub use signals::Signal;
pub use surface::Surface;
