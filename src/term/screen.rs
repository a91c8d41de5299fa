//! The screen while it is ours.

use std::fs::File;
use std::io::{self, IsTerminal, Write};

use crossterm::clipboard::CopyToClipboard;
use crossterm::queue;
use ratatui::layout::{Position, Rect};
use ratatui::{Frame, Terminal};

use super::guard::{self, Tty};
use super::job;
use super::surface::Surface;

/// The terminal in raw mode on its alternate screen. Dropping it gives the terminal back.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<Surface<Tty>>,
    /// Where writes to fd 2 go while the screen is ours.
    stray: File,
}

impl Screen {
    /// Takes the terminal; what other code writes to fd 2 meanwhile is thrown away.
    ///
    /// # Errors
    /// When standard output is no terminal, or it does not let itself be taken.
    pub fn open() -> io::Result<Self> {
        Self::open_with_stderr(File::options().write(true).open("/dev/null")?)
    }

    /// Takes the terminal; what other code writes to fd 2 meanwhile goes to `stray`, say the log file.
    ///
    /// # Errors
    /// When standard output is no terminal, or it does not let itself be taken.
    pub fn open_with_stderr(stray: File) -> io::Result<Self> {
        if !io::stdout().is_terminal() {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "standard output is not a terminal"));
        }
        // With NO_COLOR crossterm drops bold and reverse as well, and the selection with them. Colours are
        // the theme's business: it chooses `mono` then.
        crossterm::style::force_color_output(true);
        let terminal = Terminal::new(Surface::new(Tty))?;
        guard::enter(&stray)?;
        Ok(Self { terminal, stray })
    }

    /// Draws one frame: one write, or none when nothing on it has changed.
    ///
    /// # Errors
    /// When the terminal cannot be written to; as a rule it is gone, and SIGHUP is on its way.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame)) -> io::Result<()> {
        self.terminal.draw(render).map(drop)
    }

    /// Gives the terminal away for a while, to `$EDITOR` or a login. Frames drawn meanwhile vanish.
    ///
    /// Call [`Events::release_keys`](super::Events::release_keys) first, or two readers share the keys.
    ///
    /// # Errors
    /// When the terminal does not take back its old state.
    pub fn suspend(&mut self) -> io::Result<()> {
        guard::leave()
    }

    /// Takes the terminal again, after [`Screen::suspend`] and on every
    /// [`Event::Continued`](super::Event::Continued); the next frame is drawn whole.
    ///
    /// In the background (the shell said `bg`) it stops the job again instead, as every program does that
    /// needs the terminal; `fg` then brings another `Continued`.
    ///
    /// # Errors
    /// When the terminal does not let itself be taken.
    pub fn resume(&mut self) -> io::Result<()> {
        if !job::in_foreground() {
            return job::stop();
        }
        guard::enter(&self.stray)?;
        self.terminal.backend_mut().forget();
        let size = self.terminal.size()?;
        // Not `Terminal::clear`, which leaves the frame begun; a resize forgets both buffers.
        self.terminal.resize(Rect::from((Position::ORIGIN, size)))
    }

    /// What ctrl-z asks for: gives the terminal back, stops the job, and goes on when the shell says `fg`.
    ///
    /// # Errors
    /// When the terminal cannot be given back or taken again.
    pub fn stop_job(&mut self) -> io::Result<()> {
        self.suspend()?;
        job::stop()?;
        // In the background nobody said `fg`: perhaps SIGTERM came with SIGCONT, and is to be heard first.
        if job::in_foreground() { self.resume() } else { Ok(()) }
    }

    /// Sends `text` to the terminal's clipboard (OSC 52). Nobody tells whether it arrived: tmux and some
    /// terminals drop it.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut bytes = Vec::new();
        queue!(bytes, CopyToClipboard::to_clipboard_from(text))?;
        Tty.write_all(&bytes)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        guard::restore();
    }
}
