//! Keys, pastes, sizes and signals as one stream.

use std::time::Duration;
use std::{io, thread};

use crossterm::event::{self, KeyEvent, KeyEventKind};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::task::JoinHandle;

use super::signals::{Notice, Signal, Signals};

/// How often the reader looks whether it is still wanted.
const LOOK_UP: Duration = Duration::from_secs(1);

/// What the terminal, or the system, tells us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A key was pressed; ctrl-c and ctrl-z are keys like any other.
    Key(KeyEvent),
    /// Text was pasted, so none of it is a command.
    Paste(String),
    /// The terminal has another size: draw again.
    Resize,
    /// The job goes on after a stop: call [`Screen::resume`](super::Screen::resume) and draw.
    Continued,
    /// The program is asked to end. It is ended by force after five seconds.
    Quit(Signal),
}

/// The stream of [`Event`]s.
///
/// Signals are caught from the start, keys are read from the first [`Events::next`] on. Both go through one
/// channel, so it does not matter who polls, or how often the wait is cancelled.
#[derive(Debug)]
pub struct Events {
    sender: UnboundedSender<io::Result<Event>>,
    queue: UnboundedReceiver<io::Result<Event>>,
    /// Taken out of the queue while looking for more resizes.
    next: Option<io::Result<Event>>,
    signals: JoinHandle<()>,
    keys: Option<Keys>,
}

impl Events {
    /// Starts to catch signals. Must be called inside the runtime, before [`Screen::open`](super::Screen::open).
    ///
    /// # Errors
    /// When a signal handler cannot be installed.
    pub fn new() -> io::Result<Self> {
        let (sender, queue) = unbounded_channel();
        let signals = tokio::spawn(catch(Signals::new()?, sender.clone()));
        Ok(Self { sender, queue, next: None, signals, keys: None })
    }

    /// Waits for the next event; a burst of resizes is one. May be cancelled without losing any.
    ///
    /// # Errors
    /// When the terminal cannot be read any more.
    pub async fn next(&mut self) -> io::Result<Event> {
        let sender = &self.sender;
        self.keys.get_or_insert_with(|| Keys::read(sender.clone()));
        let event = match self.next.take() {
            Some(event) => event,
            None => self.queue.recv().await.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into())),
        };
        self.coalesced(event)
    }

    /// The next event if one is waiting: so a held key moves many rows and draws once.
    ///
    /// # Errors
    /// When the terminal cannot be read any more.
    pub fn try_next(&mut self) -> io::Result<Option<Event>> {
        match self.next.take().or_else(|| self.queue.try_recv().ok()) {
            Some(event) => self.coalesced(event).map(Some),
            None => Ok(None),
        }
    }

    /// Stops reading keys, for another program that is about to get the terminal. Keys already read are kept;
    /// the next call of [`Events::next`] reads on.
    pub async fn release_keys(&mut self) {
        if let Some(keys) = self.keys.take() {
            drop(keys.stop);
            let _ = keys.stopped.await;
        }
    }

    fn coalesced(&mut self, event: io::Result<Event>) -> io::Result<Event> {
        if matches!(event, Ok(Event::Resize)) {
            while self.next.is_none()
                && let Ok(more) = self.queue.try_recv()
            {
                self.next = Some(more).filter(|more| !matches!(more, Ok(Event::Resize)));
            }
        }
        event
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.signals.abort();
    }
}

async fn catch(mut signals: Signals, sender: UnboundedSender<io::Result<Event>>) {
    loop {
        let event = match signals.next().await {
            Notice::Continued => Event::Continued,
            Notice::Quit(signal) => {
                signal.end_at_last();
                Event::Quit(signal)
            }
        };
        if sender.send(Ok(event)).is_err() {
            return;
        }
    }
}

/// The thread that reads keys, until `stop` is dropped.
///
/// A thread of its own, because crossterm spins when the terminal is gone: on a worker of the runtime it would
/// keep SIGHUP from being heard. And not crossterm's `EventStream`, which leaves a reader behind for a while when
/// it is dropped, and eats the first keys of the program the terminal was lent to.
#[derive(Debug)]
struct Keys {
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
}

impl Keys {
    fn read(sender: UnboundedSender<io::Result<Event>>) -> Self {
        let (stop, mut stop_asked) = oneshot::channel::<()>();
        let (done, stopped) = oneshot::channel();
        thread::spawn(move || {
            while stop_asked.try_recv() == Err(TryRecvError::Empty) {
                let Some(event) = read_one().transpose() else { continue };
                let lost = event.is_err();
                if sender.send(event).is_err() || lost {
                    break;
                }
            }
            let _ = done.send(());
        });
        Self { stop, stopped }
    }
}

/// Waits a while for one event.
fn read_one() -> io::Result<Option<Event>> {
    Ok(if event::poll(LOOK_UP)? { ours(event::read()?) } else { None })
}

/// Only presses are keys: some terminals report the release as well.
fn ours(event: event::Event) -> Option<Event> {
    match event {
        event::Event::Key(key) if key.kind == KeyEventKind::Press => Some(Event::Key(key)),
        event::Event::Paste(text) => Some(Event::Paste(text)),
        event::Event::Resize(..) => Some(Event::Resize),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    fn key(code: char) -> Event {
        Event::Key(KeyEvent::new(KeyCode::Char(code), KeyModifiers::NONE))
    }

    #[tokio::test]
    async fn a_burst_of_resizes_is_one_and_no_key_is_lost() {
        let mut events = Events::new().unwrap();
        for event in [Event::Resize, Event::Resize, Event::Resize, key('j'), Event::Resize, key('k')] {
            events.sender.send(Ok(event)).unwrap();
        }
        for expected in [Event::Resize, key('j'), Event::Resize, key('k')] {
            assert_eq!(events.try_next().unwrap(), Some(expected));
        }
        assert_eq!(events.try_next().unwrap(), None);
    }

    #[test]
    fn a_release_is_no_key() {
        let mut released = KeyEvent::new(KeyCode::Char('y'), KeyModifiers::NONE);
        released.kind = KeyEventKind::Release;
        assert_eq!(ours(event::Event::Key(released)), None);
        assert_eq!(
            ours(event::Event::Key(KeyEvent::new(KeyCode::Char('y'), KeyModifiers::NONE))),
            Some(key('y'))
        );
    }

    #[test]
    fn exit_codes_are_the_shells() {
        assert_eq!(Signal::Hangup.exit_code(), 129);
        assert_eq!(Signal::Terminate.exit_code(), 143);
    }
}
