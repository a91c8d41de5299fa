//! Job control: stopping on ctrl-z, and knowing who has the terminal.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpgrp, kill_current_process_group};
use rustix::termios::tcgetpgrp;
use signal_hook::{flag, low_level};

/// How long the stop may take: the kernel may hand the signal to a thread that has yet to get its turn.
const UNTIL_STOPPED: Duration = Duration::from_millis(300);

/// Stops the job as the kernel would on ctrl-z, and returns when it goes on.
///
/// The whole group stops, or a wrapper script would keep the terminal. It is SIGTSTP with its default action
/// and not SIGSTOP: where no shell could continue us (`ssh host tidegate`, a container) the kernel ignores it.
pub(super) fn stop() -> io::Result<()> {
    let continued = Arc::new(AtomicBool::new(false));
    let handler = flag::register(Signal::CONT.as_raw(), Arc::clone(&continued))?;
    let stopped = kill_current_process_group(Signal::TSTP);
    let asked = Instant::now();
    while !continued.load(Ordering::Relaxed) && asked.elapsed() < UNTIL_STOPPED {
        // The kernel stops the whole group at its leisure, or not at all, and announces neither.
        sleep(Duration::from_millis(1));
    }
    low_level::unregister(handler);
    Ok(stopped?)
}

/// Whether the terminal is ours to change. From the background, the attempt alone would stop us, deaf to SIGTERM.
pub(super) fn in_foreground() -> bool {
    !tcgetpgrp(rustix::stdio::stdout()).is_ok_and(|group| group != getpgrp())
}
