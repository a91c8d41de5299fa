//! Job control: stopping on ctrl-z, and knowing who has the terminal.

use std::io;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Signal, getpgrp, kill_current_process_group};
use rustix::termios::tcgetpgrp;

/// The kernel may hand the signal to another thread: ours sleeps meanwhile, and is stopped in its sleep.
const UNTIL_STOPPED: Duration = Duration::from_millis(20);

/// Stops the job as the kernel would on ctrl-z, and returns when it goes on.
///
/// The whole group stops, or a wrapper script would keep the terminal. It is SIGTSTP with its default action
/// and not SIGSTOP: where no shell could continue us (`ssh host tidegate`, a container) the kernel ignores it.
pub(super) fn stop() -> io::Result<()> {
    kill_current_process_group(Signal::TSTP)?;
    sleep(UNTIL_STOPPED);
    Ok(())
}

/// Whether the terminal is ours to change. From the background, the attempt alone would stop us, deaf to SIGTERM.
pub(super) fn in_foreground() -> bool {
    !tcgetpgrp(rustix::stdio::stdout()).is_ok_and(|group| group != getpgrp())
}
