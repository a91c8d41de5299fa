//! How far something longer than the screen is scrolled.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A scrolled text. How long it is depends on how it is drawn, so the drawing tells the farthest there is: without
/// that, keys pressed at the end would have to be pressed back again.
#[derive(Debug, Default)]
pub struct Scroll {
    at: usize,
    farthest: AtomicUsize,
}

impl Scroll {
    /// First line in sight.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at.min(self.farthest.load(Ordering::Relaxed))
    }

    /// As [`Scroll::at`], for a text of `lines` of which `height` are in sight.
    #[must_use]
    pub fn within(&self, lines: usize, height: usize) -> usize {
        self.farthest.store(lines.saturating_sub(height), Ordering::Relaxed);
        self.at()
    }

    /// Goes `lines` down, as far as there are any.
    pub(super) fn down(&mut self, lines: usize) {
        self.at = self.at().saturating_add(lines).min(*self.farthest.get_mut());
    }

    /// Goes `lines` up.
    pub(super) fn up(&mut self, lines: usize) {
        self.at = self.at().saturating_sub(lines);
    }

    /// To the first line.
    pub(super) fn top(&mut self) {
        self.at = 0;
    }

    /// To the last line of a text that was not drawn yet.
    pub(super) fn end(&mut self) {
        self.at = usize::MAX;
        *self.farthest.get_mut() = usize::MAX;
    }

    /// To the last.
    pub(super) fn bottom(&mut self) {
        self.at = *self.farthest.get_mut();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_pressed_at_the_end_are_not_pressed_back_again() {
        let mut scroll = Scroll::default();
        assert_eq!(scroll.within(30, 10), 0);
        scroll.down(15);
        scroll.down(15);
        scroll.up(1);
        assert_eq!(scroll.at(), 19);
        assert_eq!(scroll.within(12, 10), 2, "the text became shorter");
        scroll.up(1);
        assert_eq!(scroll.at(), 1);
        scroll.bottom();
        assert_eq!(scroll.at(), 2);
    }
}
