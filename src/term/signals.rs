//! Signals that end the program, and the one that says it goes on.

use std::time::Duration;
use std::{io, process, thread};

use tokio::select;
use tokio::signal::unix::{self, SignalKind};

use super::guard;

/// How long an orderly end may take after a signal.
const GRACE: Duration = Duration::from_secs(5);

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
    hangup: unix::Signal,
    interrupt: unix::Signal,
    quit: unix::Signal,
    terminate: unix::Signal,
    continued: unix::Signal,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: unix::signal(SignalKind::hangup())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            quit: unix::signal(SignalKind::quit())?,
            terminate: unix::signal(SignalKind::terminate())?,
            continued: unix::signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// Ends before going on: `kill %1` sends a stopped job both.
    pub(super) async fn next(&mut self) -> Notice {
        select! {
            biased;
            _ = self.hangup.recv() => Notice::Quit(Signal::Hangup),
            _ = self.terminate.recv() => Notice::Quit(Signal::Terminate),
            _ = self.interrupt.recv() => Notice::Quit(Signal::Interrupt),
            _ = self.quit.recv() => Notice::Quit(Signal::Quit),
            _ = self.continued.recv() => Notice::Continued,
        }
    }
}
