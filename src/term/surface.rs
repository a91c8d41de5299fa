//! A frame is one write inside a synchronized update; a frame that changes nothing is no write at all.

use std::io::{self, Write};

use crossterm::{queue, terminal};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// What most frames fit into.
const FRAME_BYTES: usize = 64 * 1024;

/// A terminal that reports no size (a serial line, `expect`) gets this one.
const UNKNOWN_SIZE: Size = Size::new(80, 24);

/// ratatui's backend over a buffer of its own, since crossterm's flushes several times a frame.
#[derive(Debug)]
pub struct Surface<W: Write> {
    sink: W,
    /// The bytes of the frame so far.
    frame: Vec<u8>,
    cursor_shown: bool,
    /// Where the terminal's cursor is, unless drawing has moved it.
    cursor: Option<Position>,
}

impl<W: Write> Surface<W> {
    /// The terminal behind `sink` has its cursor hidden.
    #[must_use]
    pub fn new(sink: W) -> Self {
        Self { sink, frame: Vec::with_capacity(FRAME_BYTES), cursor_shown: false, cursor: None }
    }

    /// Forgets what the terminal looked like: somebody else had it.
    pub(super) fn forget(&mut self) {
        self.frame.clear();
        self.cursor_shown = false;
        self.cursor = None;
    }

    /// crossterm's own backend, writing into the frame.
    fn encode(&mut self) -> io::Result<CrosstermBackend<&mut Vec<u8>>> {
        if self.frame.is_empty() {
            queue!(self.frame, terminal::BeginSynchronizedUpdate)?;
        }
        Ok(CrosstermBackend::new(&mut self.frame))
    }
}

impl<W: Write> Backend for Surface<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.cursor = None;
        self.encode()?.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor_shown {
            self.cursor_shown = false;
            self.encode()?.hide_cursor()?;
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if !self.cursor_shown {
            self.cursor_shown = true;
            self.encode()?.show_cursor()?;
        }
        Ok(())
    }

    /// Never asks the terminal: its answer would have to be read from among the keys.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        if self.cursor != Some(position) {
            self.cursor = Some(position);
            self.encode()?.set_cursor_position(position)?;
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.encode()?.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = terminal::size()?;
        Ok(if width == 0 || height == 0 { UNKNOWN_SIZE } else { Size { width, height } })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::ZERO })
    }

    /// ratatui calls this once, at the end of a frame.
    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        queue!(self.frame, terminal::EndSynchronizedUpdate)?;
        let written = self.sink.write_all(&self.frame);
        self.frame.clear();
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::text::Text;
    use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

    /// Each write as it came.
    #[derive(Default)]
    struct Writes(Vec<String>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn terminal() -> Terminal<Surface<Writes>> {
        let viewport = Viewport::Fixed(Rect::new(0, 0, 200, 60));
        Terminal::with_options(Surface::new(Writes::default()), TerminalOptions { viewport }).unwrap()
    }

    fn writes(terminal: &mut Terminal<Surface<Writes>>, render: impl FnOnce(&mut Frame)) -> Vec<String> {
        terminal.draw(render).unwrap();
        std::mem::take(&mut terminal.backend_mut().sink.0)
    }

    fn text(text: &str) -> impl FnOnce(&mut Frame) {
        move |frame| frame.render_widget(Text::raw(text), frame.area())
    }

    #[test]
    fn a_frame_is_one_write_inside_a_synchronized_update() {
        let long = "x".repeat(200) + "\n";
        let written = writes(&mut terminal(), text(&long.repeat(60)));
        assert_eq!(written.len(), 1);
        assert!(written[0].starts_with("\x1b[?2026h") && written[0].ends_with("\x1b[?2026l"));
        assert!(written[0].len() > 12_000);
    }

    #[test]
    fn an_unchanged_frame_writes_nothing() {
        let mut terminal = terminal();
        assert_eq!(writes(&mut terminal, text("same")).len(), 1);
        assert_eq!(writes(&mut terminal, text("same")), Vec::<String>::new());
    }

    #[test]
    fn one_changed_cell_costs_few_bytes() {
        let mut terminal = terminal();
        writes(&mut terminal, text("1"));
        let written = writes(&mut terminal, text("2"));
        assert!(written[0].len() < 50, "{written:?}");
    }

    #[test]
    fn the_cursor_moves_only_when_it_must() {
        let mut terminal = terminal();
        let cursor = |x| move |frame: &mut Frame| frame.set_cursor_position((x, 0));
        let written = writes(&mut terminal, cursor(4));
        assert_eq!(written, ["\x1b[?2026h\x1b[?25h\x1b[1;5H\x1b[?2026l"]);
        assert!(writes(&mut terminal, cursor(4)).is_empty());
        assert_eq!(writes(&mut terminal, cursor(5)), ["\x1b[?2026h\x1b[1;6H\x1b[?2026l"]);
        assert_eq!(writes(&mut terminal, |_| {}), ["\x1b[?2026h\x1b[?25l\x1b[?2026l"]);
    }

    #[test]
    fn drawing_takes_the_cursor_away_so_it_is_set_again() {
        let mut terminal = terminal();
        let field = |typed: &'static str| {
            move |frame: &mut Frame| {
                frame.render_widget(Text::raw(typed), frame.area());
                frame.set_cursor_position((9, 9));
            }
        };
        writes(&mut terminal, field("a"));
        assert!(writes(&mut terminal, field("b"))[0].contains("\x1b[10;10H"));
    }
}
