//! What the server remembers.

use std::{net::SocketAddr, time::Instant};

#[derive(Clone, Debug)]
pub struct Connection {
    /// Counted from 1 over the life of the server.
    pub number: usize,
    pub peer: SocketAddr,
    pub opened_at: Instant,
    /// `None` while it lasts.
    pub closed_at: Option<Instant>,
    /// A TLS handshake was completed.
    pub tls: bool,
    /// The name that the client asked for in that handshake.
    pub server_name: Option<String>,
    /// Bytes that the client sent after STARTTLS without waiting for the handshake: it must never send any.
    pub smuggled: Vec<u8>,
    pub log: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthAttempt {
    pub connection: usize,
    pub mechanism: String,
    pub username: String,
    pub password: String,
    pub tls: bool,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub connection: usize,
    /// When the final dot arrived.
    pub at: Instant,
    /// The reverse path without brackets; empty for `<>`.
    pub from: String,
    /// What followed the reverse path: `BODY=8BITMIME`, `SMTPUTF8`, ….
    pub parameters: String,
    pub recipients: Vec<String>,
    /// As sent, without the dots that were stuffed; lines end in CRLF.
    pub data: Vec<u8>,
    pub tls: bool,
    pub username: Option<String>,
    /// The final reply is a 2xx. It may still be on its way.
    pub accepted: bool,
}

impl Message {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.data).into_owned()
    }

    /// The value of the first header of this name, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = self.text();
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let mut found: Option<String> = None;
        for line in head.split("\r\n") {
            if line.starts_with([' ', '\t']) {
                if let Some(value) = &mut found {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                continue;
            }
            if found.is_some() {
                break;
            }
            if let Some((n, value)) = line.split_once(':')
                && n.eq_ignore_ascii_case(name)
            {
                found = Some(value.trim().to_owned());
            }
        }
        found
    }
}
