//! A Prometheus on loopback that answers as a test says. Plain sockets: half of what it must do, no
//! HTTP library would let it do.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// One question as it arrived.
#[derive(Debug)]
pub struct Asked {
    /// Path of the request.
    pub path: String,
    /// The `Authorization` header, or nothing.
    pub authorization: String,
    /// The `X-Scope-OrgID` header, or nothing.
    pub tenant: String,
    /// The form, decoded.
    pub form: Vec<(String, String)>,
}

impl Asked {
    /// A field of the form; empty if absent.
    pub fn field(&self, name: &str) -> &str {
        self.form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The question itself.
    pub fn query(&self) -> &str {
        self.field("query")
    }
}

/// What comes back.
pub enum Reply {
    /// A complete answer: status, content type, body.
    Whole(u16, &'static str, String),
    /// A redirect to there.
    Redirect(&'static str),
    /// The head of an answer and some of its body, then the connection closes.
    CutOff,
    /// Nothing, with the connection left open.
    Silence,
}

impl Reply {
    /// A vector or matrix, as JSON.
    pub fn json(kind: &str, result: &str) -> Self {
        Self::Whole(
            200,
            "application/json",
            format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}}}"#),
        )
    }

    /// A vector of (labels as JSON, value).
    pub fn vector(items: &[(&str, &str)]) -> Self {
        let items: Vec<String> = items
            .iter()
            .map(|(labels, value)| format!(r#"{{"metric":{labels},"value":[1795262728.5,"{value}"]}}"#))
            .collect();
        Self::json("vector", &format!("[{}]", items.join(",")))
    }
}

/// Where a running server is, and what it was asked.
pub struct Server {
    pub url: String,
    asked: Receiver<Asked>,
}

impl Server {
    /// Answers every question by `reply`, each connection on a thread of its own.
    pub fn start(reply: impl Fn(&Asked) -> Reply + Send + Clone + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, asked) = channel();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (reply, sender) = (reply.clone(), sender.clone());
                thread::spawn(move || {
                    let mut connection = connection.unwrap();
                    let Some(question) = read(&connection) else { return };
                    let answer = reply(&question);
                    // The test may have ended already.
                    let _ = sender.send(question);
                    write(&mut connection, answer);
                });
            }
        });
        Self { url, asked }
    }

    /// All questions so far, oldest first.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.try_iter().collect()
    }
}

fn read(connection: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut authorization, mut tenant) = (0, String::new(), String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" => value.clone_into(&mut authorization),
            "x-scope-orgid" => value.clone_into(&mut tenant),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let form = reqwest::Url::parse(&format!("http://form/?{}", String::from_utf8(body).ok()?)).ok()?;
    let form = form.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
    Some(Asked { path, authorization, tenant, form })
}

fn write(connection: &mut TcpStream, reply: Reply) {
    let text = match reply {
        Reply::Whole(status, kind, body) => format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ),
        Reply::Redirect(to) => {
            format!("HTTP/1.1 302 X\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        Reply::CutOff => {
            "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{\"status\":"
                .to_owned()
        }
        Reply::Silence => {
            // Until the client gives up and closes.
            let _ = connection.read(&mut [0]);
            return;
        }
    };
    // A client that has gone away is its own affair.
    let _ = connection.write_all(text.as_bytes());
}
