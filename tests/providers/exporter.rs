//! HTTP on loopback: exporters whose counters rise at a known rate, and whatever else says always the same.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

/// A counter and how fast it rises.
#[derive(Debug, Clone)]
pub struct Counter {
    /// Metric and labels, as they stand in the exposition.
    pub series: String,
    /// A second.
    pub rate: f64,
}

/// Answers every GET by its path, as long as the test's process lives.
pub fn serve(
    content_type: &'static str,
    page: impl Fn(&str) -> String + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let page = Arc::new(page);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let page = Arc::clone(&page);
            thread::spawn(move || answer(stream, content_type, &*page));
        }
    });
    address
}

fn answer(stream: TcpStream, content_type: &str, page: &dyn Fn(&str) -> String) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let path = line.split_whitespace().nth(1)?.to_owned();
        loop {
            line.clear();
            reader.read_line(&mut line).ok()?;
            if line.trim().is_empty() {
                break;
            }
        }
        let body = page(&path);
        let length = body.len();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all((head + &body).as_bytes()).ok()?;
    }
}

/// An exporter of these counters, which begin at 0 now.
pub fn export(counters: Vec<Counter>) -> SocketAddr {
    let begun = Instant::now();
    serve("text/plain; version=0.0.4", move |_| {
        let seconds = begun.elapsed().as_secs_f64();
        let line =
            |counter: &Counter| format!("{} {:.0}\n", counter.series, (counter.rate * seconds).floor());
        counters.iter().map(line).collect()
    })
}
