//! A mail server that keeps every byte, and at chosen moments says whatever a test made up.

use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use parking_lot::Mutex;
use testkit::tls::{Certificate, acceptor};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// No conversation of these tests lasts longer.
const LONGEST: Duration = Duration::from_secs(10);

/// What is said at one moment: when the connection is there, and after each line or message.
#[derive(Clone, Debug)]
pub(super) enum Saying {
    /// What a mail server says there.
    Usual,
    /// These bytes, after the first `split` of them a little later; nothing may stand behind a whole answer then.
    Bytes {
        bytes: Vec<u8>,
        split: Option<usize>,
    },
    /// What the client has just said, behind this code.
    Echo(&'static str),
    /// The usual answer, and more in the same breath.
    UsualAnd(Vec<u8>),
    Close,
}

/// One connection, from its begin to its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    /// Before TLS.
    pub(super) clear: Vec<u8>,
    /// In TLS.
    pub(super) sealed: Vec<u8>,
    /// Messages that were seen to their end, after our 354, and what we said to each (nothing, if it came to that).
    pub(super) messages: Vec<(Vec<u8>, Vec<u8>)>,
}

pub(super) struct RawServer {
    addr: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    _serving: JoinSet<()>,
}

impl RawServer {
    /// The first connection follows `script`; whoever comes later is answered as usual.
    pub(super) async fn start(implicit_tls: bool, script: Vec<Saying>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let kept = Arc::clone(&heard);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let (mut all, mut script) = (JoinSet::new(), Some(script));
            while let Ok((tcp, _)) = listener.accept().await {
                let number = {
                    let mut heard = kept.lock();
                    heard.push(Heard::default());
                    heard.len() - 1
                };
                let talk = Talk {
                    script: script.take().unwrap_or_default().into_iter(),
                    kept: Arc::clone(&kept),
                    number,
                    sealed: implicit_tls,
                    challenges: 0,
                };
                all.spawn(async move {
                    let _ = tokio::time::timeout(LONGEST, talk.run(tcp)).await;
                });
            }
        });
        Self {
            addr,
            heard,
            _serving: serving,
        }
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().clone()
    }
}

/// Made once: a certificate costs more than the conversation.
static TLS: LazyLock<TlsAcceptor> = LazyLock::new(|| acceptor(Certificate::Good, &[]));

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

struct Talk {
    script: std::vec::IntoIter<Saying>,
    kept: Arc<Mutex<Vec<Heard>>>,
    number: usize,
    sealed: bool,
    /// Answers that AUTH LOGIN still has to ask for.
    challenges: u8,
}

enum Next {
    Over,
    StartTls,
}

impl Talk {
    async fn run(mut self, mut tcp: TcpStream) {
        if self.sealed {
            let Ok(mut tls) = TLS.accept(tcp).await else {
                return;
            };
            self.converse(&mut tls, true).await;
            return;
        }
        if matches!(self.converse(&mut tcp, true).await, Next::StartTls)
            && let Ok(mut tls) = TLS.accept(tcp).await
        {
            self.sealed = true;
            self.converse(&mut tls, false).await;
        }
    }

    async fn converse(&mut self, stream: &mut dyn Stream, greets: bool) -> Next {
        if greets && self.say(stream, b"").await.is_none() {
            return Next::Over;
        }
        loop {
            let Some(line) = self.hear(stream, b"\n").await else {
                return Next::Over;
            };
            let Some(said) = self.say(stream, &line).await else {
                return Next::Over;
            };
            if line == b"STARTTLS\r\n" && said.starts_with(b"220") && !self.sealed {
                return Next::StartTls;
            }
            if line == b"DATA\r\n" && said.starts_with(b"354") {
                let Some(message) = self.hear(stream, b"\r\n.\r\n").await else {
                    return Next::Over;
                };
                self.kept.lock()[self.number].messages.push((message, Vec::new()));
                if self.say(stream, b".").await.is_none() {
                    return Next::Over;
                }
            }
        }
    }

    /// Up to and with `end`. One byte at a time, so that nothing is taken that belongs to a handshake.
    async fn hear(&mut self, stream: &mut dyn Stream, end: &[u8]) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        while !all.ends_with(end) {
            let byte = stream.read_u8().await.ok()?;
            all.push(byte);
            let heard = &mut self.kept.lock()[self.number];
            if self.sealed {
                heard.sealed.push(byte);
            } else {
                heard.clear.push(byte);
            }
        }
        Some(all)
    }

    /// Gives what was said; `None` ends the conversation.
    async fn say(&mut self, stream: &mut dyn Stream, line: &[u8]) -> Option<Vec<u8>> {
        let usual = self.usual(line);
        let (said, split) = match self.script.next().unwrap_or(Saying::Usual) {
            Saying::Usual => (usual, None),
            Saying::Bytes { bytes, split } => (bytes, split),
            Saying::Echo(code) => ([code.as_bytes(), line.trim_ascii_end(), b"\r\n"].concat(), None),
            Saying::UsualAnd(more) => ([usual, more].concat(), None),
            Saying::Close => return None,
        };
        // Before the client can know it.
        if line == b"."
            && let Some((_, verdict)) = self.kept.lock()[self.number].messages.last_mut()
        {
            verdict.clone_from(&said);
        }
        let (first, second) = said.split_at(split.unwrap_or(said.len()).min(said.len()));
        stream.write_all(first).await.ok()?;
        stream.flush().await.ok()?;
        if !second.is_empty() {
            tokio::task::yield_now().await;
            stream.write_all(second).await.ok()?;
            stream.flush().await.ok()?;
        }
        Some(said)
    }

    fn usual(&mut self, line: &[u8]) -> Vec<u8> {
        let upper = String::from_utf8_lossy(line).to_ascii_uppercase();
        let mut words = upper.split_ascii_whitespace();
        let text = match (words.next().unwrap_or_default(), words.next().unwrap_or_default()) {
            ("", _) if line.is_empty() => "220 hostile ESMTP",
            ("EHLO", _) if self.sealed => {
                "250-hostile\r\n250-SIZE 10000000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN"
            }
            ("EHLO", _) => {
                "250-hostile\r\n250-SIZE 10000000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-STARTTLS\r\n250 AUTH LOGIN"
            }
            ("AUTH", "LOGIN") => {
                self.challenges = 1;
                "334 VXNlcm5hbWU6"
            }
            ("AUTH", _) => "235 2.7.0 welcome",
            ("STARTTLS", _) => "220 2.0.0 go",
            ("DATA", _) => "354 go on",
            (".", _) => "250 2.0.0 queued as H1",
            ("QUIT", _) => "221 2.0.0 bye",
            ("MAIL" | "RCPT" | "RSET", _) => "250 2.1.0 ok",
            _ if self.challenges > 0 => {
                self.challenges -= 1;
                "334 UGFzc3dvcmQ6"
            }
            _ => "235 2.7.0 welcome",
        };
        format!("{text}\r\n").into_bytes()
    }
}
