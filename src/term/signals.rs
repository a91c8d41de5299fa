//! Signals that end the program, and the one that says it goes on.

use std::time::Duration;
use std::{io, process, thread};

use tokio::select;
use tokio::signal::unix::{self, SignalKind};
use tokio::time::timeout;

use super::guard;

/// How long an orderly end may take after a signal.
const GRACE: Duration = Duration::from_secs(5);

/// How much later a signal may come that was sent together with SIGCONT.
const A_MOMENT: Duration = Duration::from_millis(10);

/// A signal that asks the program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The terminal is gone.
    Hangup,
    /// Sent by somebody: ctrl-c itself arrives as a key.
    Interrupt,
    /// Sent by somebody, as ctrl-\ is a key too.
    Quit,
    /// The polite request of `kill`.
    Terminate,
}

impl Signal {
    /// The exit code shells expect: 128 and the signal's number.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        128 + match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Quit => 3,
            Self::Terminate => 15,
        }
    }

    /// Sees to it that the program ends even if its loop hangs. Reading a terminal that is gone can: crossterm
    /// then spins.
    pub(super) fn end_at_last(self) {
        thread::spawn(move || {
            thread::sleep(GRACE);
            guard::restore_without_waiting();
            process::exit(self.exit_code().into());
        });
    }
}

/// What a signal means to us.
pub(super) enum Notice {
    Quit(Signal),
    Continued,
}

/// All of them as one stream. From [`Signals::new`] on, none has its default action any more.
pub(super) struct Signals {
    ends: Ends,
    continued: unix::Signal,
}

struct Ends {
    hangup: unix::Signal,
    interrupt: unix::Signal,
    quit: unix::Signal,
    terminate: unix::Signal,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            ends: Ends {
                hangup: unix::signal(SignalKind::hangup())?,
                interrupt: unix::signal(SignalKind::interrupt())?,
                quit: unix::signal(SignalKind::quit())?,
                terminate: unix::signal(SignalKind::terminate())?,
            },
            continued: unix::signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// Ends before going on: `kill %1` sends a stopped job both, in either order. Going on in the background
    /// would stop it again before it hears the other.
    pub(super) async fn next(&mut self) -> Notice {
        select! {
            signal = self.ends.next() => return Notice::Quit(signal),
            _ = self.continued.recv() => {}
        }
        timeout(A_MOMENT, self.ends.next()).await.map_or(Notice::Continued, Notice::Quit)
    }
}

impl Ends {
    async fn next(&mut self) -> Signal {
        select! {
            _ = self.hangup.recv() => Signal::Hangup,
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.quit.recv() => Signal::Quit,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}
