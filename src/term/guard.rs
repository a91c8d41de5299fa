//! Taking the terminal and giving it back: once, from any thread, whatever happened before.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::queue;
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::stdio;

/// What we hold while the screen is ours.
struct Held {
    /// Our own handle: `std`'s stdout breaks a frame at its last newline.
    tty: File,
    /// Where fd 2 went before, if it was the terminal.
    stderr: Option<OwnedFd>,
}

/// `Some` while the screen is ours. One lock for frames and for leaving, so that no half frame lands on the
/// user's shell when another thread panics; no code of ours can panic under it.
static HELD: Mutex<Option<Held>> = Mutex::new(None);

fn held() -> MutexGuard<'static, Option<Held>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the terminal. What other code writes to fd 2 meanwhile goes to `stray`.
///
/// Taking it again repairs it: a shell may have changed the modes while we were stopped.
pub(super) fn enter(stray: &File) -> io::Result<()> {
    let mut held = held();
    if held.is_some() {
        disable_raw_mode()?;
    }
    enable_raw_mode()?;
    let taken = take(&mut held, stray);
    if taken.is_err() {
        let _ = give_back(&mut held);
        let _ = disable_raw_mode();
    }
    taken
}

fn take(held: &mut Option<Held>, stray: &File) -> io::Result<()> {
    let ours = match held {
        Some(ours) => ours,
        None => {
            held.insert(Held { tty: File::from(io::stdout().as_fd().try_clone_to_owned()?), stderr: None })
        }
    };
    if ours.stderr.is_none() && rustix::termios::isatty(stdio::stderr()) {
        let kept = stdio::stderr().try_clone_to_owned()?;
        stdio::dup2_stderr(stray)?;
        ours.stderr = Some(kept);
    }
    let mut bytes = Vec::new();
    queue!(bytes, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
    ours.tty.write_all(&bytes)
}

/// Gives the terminal back if it is ours: raw mode, alternate screen, paste, cursor, colours, fd 2.
///
/// May be called from anywhere and as often as one likes.
pub fn restore() {
    // Nobody is left to tell: the way out goes on either way.
    let _ = leave();
}

pub(super) fn leave() -> io::Result<()> {
    give_back(&mut held())
}

/// Like [`restore`], but gives up when a write to a dead terminal holds the lock.
pub(super) fn restore_without_waiting() {
    if let Ok(mut held) = HELD.try_lock() {
        let _ = give_back(&mut held);
    }
}

/// Every step is tried even when one before it fails.
fn give_back(held: &mut Option<Held>) -> io::Result<()> {
    let Some(mut ours) = held.take() else { return Ok(()) };
    // Modes first: whoever sees the alternate screen go may type at once.
    let cooked = disable_raw_mode();
    let mut bytes = Vec::new();
    let written = queue!(
        bytes,
        EndSynchronizedUpdate,
        SetAttribute(Attribute::Reset),
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    )
    .and_then(|()| ours.tty.write_all(&bytes));
    let errors = ours.stderr.map_or(Ok(()), |stderr| stdio::dup2_stderr(stderr).map_err(io::Error::from));
    cooked.and(written).and(errors)
}

/// The terminal as a writer: what is written while it is not ours vanishes.
#[derive(Debug)]
pub(super) struct Tty;

impl Write for Tty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match held().as_mut() {
            Some(ours) => ours.tty.write_all(bytes).map(|()| bytes.len()),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
