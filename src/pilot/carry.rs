//! One change from confirmation to its ending, telling what happens on the way.

use tokio::sync::mpsc::UnboundedSender;

use super::Pilot;
use super::progress::{Ending, Progress};
use super::states::Confirmed;

impl Pilot {
    /// Writes, waits for the controllers, counts requests. Sends each step to `progress`; that nobody listens
    /// any more is no error. A rollback is planned again where the route has changed.
    pub async fn carry(&self, confirmed: Confirmed, progress: &UnboundedSender<Progress>) -> Ending {
        let _ = (confirmed, progress);
        todo!()
    }

    /// Writes and does not wait for what follows.
    ///
    /// # Errors
    /// The reason why nothing was written.
    pub async fn write_only(
        &self,
        confirmed: Confirmed,
        progress: &UnboundedSender<Progress>,
    ) -> Result<super::Written, super::NotWritten> {
        let _ = (confirmed, progress);
        todo!()
    }
}
