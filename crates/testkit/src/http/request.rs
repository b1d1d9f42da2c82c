//! A request as it came.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const LONGEST_HEAD: usize = 256 * 1024;

#[derive(Clone, Debug)]
pub struct Request {
    /// When it was read completely.
    pub at: Instant,
    /// Number of its connection, counted from 1.
    pub connection: usize,
    pub peer: SocketAddr,
    pub method: String,
    /// Path and query.
    pub path: String,
    /// In order, names as sent.
    pub headers: Vec<(String, String)>,
    /// Raw, as signed.
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("not JSON ({e}): {}", String::from_utf8_lossy(&self.body)))
    }

    /// How long after `start` it was complete.
    pub fn after(&self, start: Instant) -> Duration {
        self.at.saturating_duration_since(start)
    }
}

/// Reads the next request; `None` when the client is done. `read` carries what was read too far.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    read: &mut Vec<u8>,
    connection: usize,
    peer: SocketAddr,
) -> io::Result<Option<Request>> {
    let head_end = loop {
        if let Some(end) = find(read, b"\r\n\r\n") {
            break end;
        }
        if read.len() > LONGEST_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if !more(stream, read).await? {
            return Ok(None);
        }
    };
    let head: Vec<u8> = read.drain(..head_end + 4).collect();
    let head = String::from_utf8_lossy(&head[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let mut request = Request {
        at: Instant::now(),
        connection,
        peer,
        method: first.next().unwrap_or_default().to_owned(),
        path: first.next().unwrap_or_default().to_owned(),
        headers: lines
            .filter_map(|l| l.split_once(':'))
            .map(|(n, v)| (n.to_owned(), v.trim().to_owned()))
            .collect(),
        body: Vec::new(),
    };
    if request.header("expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let chunked = request
        .header("transfer-encoding")
        .is_some_and(|v| v.eq_ignore_ascii_case("chunked"));
    request.body = if chunked {
        chunks(stream, read).await?
    } else {
        let length = request.header("content-length").and_then(|v| v.parse().ok());
        exactly(stream, read, length.unwrap_or(0)).await?
    };
    request.at = Instant::now();
    Ok(Some(request))
}

async fn chunks(stream: &mut (impl AsyncRead + Unpin), read: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line_end = loop {
            match find(read, b"\r\n") {
                Some(end) => break end,
                None if more(stream, read).await? => {}
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        };
        let line: Vec<u8> = read.drain(..line_end + 2).collect();
        let line = String::from_utf8_lossy(&line[..line_end]).into_owned();
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| io::ErrorKind::InvalidData)?;
        let chunk = exactly(stream, read, size + 2).await?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

async fn exactly(
    stream: &mut (impl AsyncRead + Unpin),
    read: &mut Vec<u8>,
    length: usize,
) -> io::Result<Vec<u8>> {
    while read.len() < length {
        if !more(stream, read).await? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(read.drain(..length).collect())
}

async fn more(stream: &mut (impl AsyncRead + Unpin), read: &mut Vec<u8>) -> io::Result<bool> {
    let mut chunk = [0; 8192];
    let n = stream.read(&mut chunk).await?;
    read.extend_from_slice(&chunk[..n]);
    Ok(n > 0)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}
