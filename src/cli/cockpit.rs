//! The cockpit. Placeholder until it lands.

use super::Look;
use super::exit::{Exit, Failure};
use super::session::Session;

/// Opens the cockpit and returns when it was left.
///
/// # Errors
/// In words, with its exit code, before the screen is touched.
#[expect(clippy::unused_async, reason = "the cockpit is not written yet")]
pub async fn run(session: Session, look: Look) -> Result<Exit, Failure> {
    let _ = (session, look.theme, look.ascii);
    Err(Failure::error("the cockpit is not built yet; use a verb, see tidegate --help"))
}
