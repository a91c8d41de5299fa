//! The program under test.

use std::io::Write;
use std::process::Command;
use std::{env, fs, thread};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Stylize;
use ratatui::text::Line;
use tidegate::term::{self, Event, Events, Screen};

use super::DEADLINE;

/// Runs it to its end, and leaves the exit code where the test finds it.
pub fn run() {
    color_eyre::install().unwrap();
    term::install_panic_hook();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // The harness would catch the panic and go on; a real `main` would not.
    let end = std::panic::catch_unwind(|| runtime.block_on(cockpit()));
    let code = match end {
        Ok(Ok(code)) => code.into(),
        Ok(Err(error)) => {
            // not `eprintln`, which panics when the terminal is gone
            let _ = writeln!(std::io::stderr(), "Error: {error}");
            1
        }
        Err(_) => 101,
    };
    fs::write(folder().join("exit"), code.to_string()).unwrap();
    std::process::exit(code);
}

/// A loop as small as can be: shows what came in last; some keys do harm.
async fn cockpit() -> std::io::Result<u8> {
    let mut events = Events::new()?;
    let mut screen = Screen::open_with_stderr(fs::File::create(folder().join("stray"))?)?;
    let mut last = String::from("nothing");
    let mut frames = 0;
    loop {
        frames += 1;
        screen.draw(|frame| {
            assert!(last != "p", "a panic in a draw");
            let size = format!("size {}x{}", frame.area().width, frame.area().height);
            let lines = [
                format!("pid {}", std::process::id()),
                size,
                format!("last {last}"),
                format!("frame {frames}"),
            ];
            for (row, line) in frame.area().rows().zip(lines) {
                frame.render_widget(Line::raw(line).yellow().reversed(), row);
            }
        })?;
        match events.next().await? {
            Event::Key(KeyEvent { code: KeyCode::Char(key), modifiers, .. }) => {
                let control = modifiers.contains(KeyModifiers::CONTROL);
                last = key.to_string();
                match key {
                    'c' if control => return Ok(130),
                    'z' if control => screen.stop_job()?,
                    'q' => return Ok(0),
                    'e' => return Err(std::io::Error::other("an error out of the loop")),
                    't' => drop(tokio::spawn(async { panic!("a panic in a task") })),
                    'h' => drop(thread::spawn(|| panic!("a panic in a thread"))),
                    'w' => eprintln!("stray words"),
                    'l' => {
                        events.release_keys().await;
                        screen.suspend()?;
                        // slow enough for a reader left behind to take the word first
                        Command::new("sh")
                            .args(["-c", "sleep 0.3; read word; echo \"lent $word\"; read word"])
                            .status()?;
                        screen.resume()?;
                    }
                    // a loop that hangs
                    's' => thread::sleep(DEADLINE),
                    _ => {}
                }
            }
            Event::Key(_) => {}
            Event::Paste(text) => last = format!("paste {text}"),
            Event::Resize => last = "resize".into(),
            Event::Continued => {
                last = "continued".into();
                screen.resume()?;
            }
            Event::Quit(signal) => return Ok(signal.exit_code()),
        }
    }
}

fn folder() -> std::path::PathBuf {
    env::var_os("TIDEGATE_TEST_FOLDER").unwrap().into()
}
