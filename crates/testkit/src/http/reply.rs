//! What to answer, and how badly.

use std::{fmt::Write, time::Duration};

/// One answer. Build it with [`Reply::ok`], [`Reply::status`] or a misbehaving one, then add to it.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) before_head: Duration,
    pub(super) before_body: Duration,
    pub(super) bytes_per_second: Option<u32>,
    pub(super) ending: Ending,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    KeepOpen,
    Close,
    /// After this many bytes of the body.
    CutBody(usize),
    /// Nothing is answered; the connection is reset.
    Reset,
    /// Nothing is answered; the connection stays.
    Hang,
    /// Exactly these bytes instead of an answer, then the end.
    Raw(Vec<u8>),
    /// A body without an end, in chunks.
    Endless,
}

impl Reply {
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())],
            body: body.into(),
            before_head: Duration::ZERO,
            before_body: Duration::ZERO,
            bytes_per_second: None,
            ending: Ending::KeepOpen,
        }
    }

    pub fn status(status: u16) -> Self {
        let body = if status == 204 || status == 304 { "" } else { "ok" };
        Self {
            status,
            ..Self::ok(body)
        }
    }

    /// The same with another status.
    #[must_use]
    pub fn but(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("location", location)
    }

    /// Reads the request and never answers.
    pub fn hang() -> Self {
        Self::ending(Ending::Hang)
    }

    /// Reads the request and resets the connection.
    pub fn reset() -> Self {
        Self::ending(Ending::Reset)
    }

    /// Answers with these bytes, whatever they are, and closes.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::ending(Ending::Raw(bytes.into()))
    }

    /// A body that goes on until the client leaves.
    pub fn endless() -> Self {
        Self::ending(Ending::Endless)
    }

    fn ending(ending: Ending) -> Self {
        Self {
            ending,
            ..Self::ok("")
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Waits before the status line.
    pub fn delay(mut self, d: Duration) -> Self {
        self.before_head = d;
        self
    }

    /// Waits between the head and the body.
    pub fn delay_body(mut self, d: Duration) -> Self {
        self.before_body = d;
        self
    }

    /// Writes the body at this many bytes a second.
    pub fn tarpit(mut self, bytes_per_second: u32) -> Self {
        self.bytes_per_second = Some(bytes_per_second);
        self
    }

    /// Promises the whole body and closes after `bytes` of it.
    pub fn cut_body(mut self, bytes: usize) -> Self {
        self.ending = Ending::CutBody(bytes);
        self
    }

    /// Says `connection: close` and does it.
    pub fn close(mut self) -> Self {
        self.ending = Ending::Close;
        self
    }

    pub(super) fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        match self.ending {
            Ending::Endless => head.push_str("transfer-encoding: chunked\r\n"),
            _ if self.status == 204 || self.status == 304 => {}
            _ => {
                let _ = write!(head, "content-length: {}\r\n", self.body.len());
            }
        }
        if self.ending == Ending::Close {
            head.push_str("connection: close\r\n");
        }
        head.push_str("\r\n");
        head
    }
}

impl Default for Reply {
    fn default() -> Self {
        Self::ok("ok")
    }
}
