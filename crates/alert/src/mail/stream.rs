//! The byte stream under lettre: ours, so that it has a deadline at every moment, a cap on answers, a transcript, and an
//! end when a server speaks out of turn.
//!
//! lettre sees whole answers only, one per question. What a server sends beyond the answer that was asked for would be
//! read as the answer to the next command, and a rejected message would count as accepted; so it breaks the connection.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};
use tokio_rustls::client::TlsStream;

use super::{
    reply::{Assembler, Reply},
    wire::{Break, Wire},
};

#[derive(Debug)]
pub(super) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

#[derive(Debug)]
pub(super) struct MailStream {
    socket: Socket,
    remote: SocketAddr,
    inbound: Assembler,
    /// The bytes of one answer that lettre has not read yet.
    ready: Vec<u8>,
    timer: Pin<Box<Sleep>>,
    wire: Wire,
}

impl MailStream {
    pub(super) fn new(socket: Socket, remote: SocketAddr, wire: Wire) -> Self {
        let timer = Box::pin(sleep_until(wire.deadline()));
        Self {
            socket,
            remote,
            inbound: Assembler::default(),
            ready: Vec::new(),
            timer,
            wire,
        }
    }

    /// One answer, for the part of the conversation that lettre does not see.
    pub(super) async fn read_reply(&mut self) -> io::Result<Reply> {
        std::future::poll_fn(|cx| self.poll_reply(cx)).await
    }

    /// One line, for the part of the conversation that lettre does not see.
    pub(super) async fn write_line(&mut self, line: &str) -> io::Result<()> {
        self.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.flush().await
    }

    /// Lets lettre read an answer that was already read here.
    pub(super) fn replay(&mut self, reply: &Reply) {
        self.ready = reply.as_fed();
    }

    /// The bare connection, for TLS to start on. Refused when anything was received beyond the last answer: it came
    /// unprotected, and would otherwise be taken for part of the protected conversation (CVE-2011-0411 and its kin).
    pub(super) fn into_plain(self) -> io::Result<TcpStream> {
        if !self.inbound.is_empty() {
            return Err(self.wire.break_off(Break::OutOfTurn));
        }
        match self.socket {
            Socket::Plain(tcp) => Ok(tcp),
            Socket::Tls(_) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn poll_reply(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Reply>> {
        loop {
            match self.inbound.next() {
                Ok(Some(reply)) => {
                    self.wire.heard(&reply);
                    return Poll::Ready(Ok(reply));
                }
                Ok(None) => {}
                Err(malformed) => return Poll::Ready(Err(self.wire.break_off(malformed.into()))),
            }
            let read = self.poll_inbound(cx);
            // Also when there is something to read: a server that never stops talking has no pauses to notice.
            ready!(self.poll_time(cx, read.is_pending()))?;
            ready!(read)?;
        }
    }

    /// Takes in what the server has sent; the end of the connection is an error.
    fn poll_inbound(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; 4096];
        let mut buffer = ReadBuf::new(&mut bytes);
        let read = match &mut self.socket {
            Socket::Plain(s) => Pin::new(s).poll_read(cx, &mut buffer),
            Socket::Tls(s) => Pin::new(s).poll_read(cx, &mut buffer),
        };
        match ready!(read) {
            Err(e) => Poll::Ready(Err(self.failed(&e))),
            Ok(()) if buffer.filled().is_empty() => Poll::Ready(Err(self.wire.break_off(Break::Closed))),
            Ok(()) => {
                self.inbound.push(buffer.filled());
                Poll::Ready(Ok(()))
            }
        }
    }

    /// Ready with an error when the time is over, pending while the caller must wait, otherwise ready to go on.
    fn poll_time(&mut self, cx: &mut Context<'_>, waiting: bool) -> Poll<io::Result<()>> {
        let deadline = self.wire.deadline();
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        if Instant::now() >= deadline || (waiting && self.timer.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(Err(self.wire.timed_out(self.inbound.partial())));
        }
        if waiting {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    }

    fn failed(&self, e: &io::Error) -> io::Error {
        let cause = match e.kind() {
            // rustls says so when the other side closes TCP without closing TLS; many mail servers do.
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                Break::Closed
            }
            _ => Break::Failed(e.to_string()),
        };
        self.wire.break_off(cause)
    }
}

impl AsyncRead for MailStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ready.is_empty() {
            let reply = ready!(this.poll_reply(cx))?;
            this.ready = reply.as_fed();
        }
        let n = this.ready.len().min(buf.remaining());
        buf.put_slice(&this.ready[..n]);
        this.ready.drain(..n);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for MailStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // What came in while nobody listened must not become the answer to what is said now.
        if this.wire.end_rest()
            && let Poll::Ready(heard) = this.poll_inbound(cx)
        {
            heard?;
        }
        if !this.inbound.is_empty() || !this.ready.is_empty() {
            return Poll::Ready(Err(this.wire.break_off(Break::OutOfTurn)));
        }
        let written = match &mut this.socket {
            Socket::Plain(s) => Pin::new(s).poll_write(cx, buf),
            Socket::Tls(s) => Pin::new(s).poll_write(cx, buf),
        };
        ready!(this.poll_time(cx, written.is_pending()))?;
        match ready!(written) {
            Ok(n) => {
                this.wire.sent(&buf[..n]);
                Poll::Ready(Ok(n))
            }
            Err(e) => Poll::Ready(Err(this.failed(&e))),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = match &mut this.socket {
            Socket::Plain(s) => Pin::new(s).poll_flush(cx),
            Socket::Tls(s) => Pin::new(s).poll_flush(cx),
        };
        ready!(this.poll_time(cx, flushed.is_pending()))?;
        flushed.map_err(|e| this.failed(&e))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = match &mut this.socket {
            Socket::Plain(s) => Pin::new(s).poll_shutdown(cx),
            Socket::Tls(s) => Pin::new(s).poll_shutdown(cx),
        };
        ready!(this.poll_time(cx, shut.is_pending()))?;
        shut
    }
}

impl AsyncTokioStream for MailStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.remote)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncReadExt, net::TcpListener, time::Duration};

    use super::*;
    use crate::mail::{Failure, Step};

    /// Nothing is said to a server that spoke, or hung up, while nobody listened.
    #[tokio::test]
    async fn what_comes_during_a_rest_ends_it() {
        for (unasked, cause) in [
            (&b"250 2.0.0 once more\r\n"[..], Break::OutOfTurn),
            (b"421 4.4.2 idle\r\n", Break::OutOfTurn),
            (b"2", Break::OutOfTurn),
            (b"", Break::Closed),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let remote = listener.local_addr().unwrap();
            let tcp = TcpStream::connect(remote).await.unwrap();
            let (mut server, _) = listener.accept().await.unwrap();
            let wire = Wire::new(Duration::from_secs(10), None, None);
            let mut stream = MailStream::new(Socket::Plain(tcp), remote, wire.clone());
            server.write_all(b"250 2.0.0 ok\r\n").await.unwrap();
            assert_eq!(stream.read_reply().await.unwrap().code, 250);

            server.write_all(unasked).await.unwrap();
            server.shutdown().await.unwrap();
            let Socket::Plain(tcp) = &stream.socket else {
                unreachable!("it was made of one")
            };
            tcp.readable().await.unwrap();
            wire.resume(Duration::from_secs(10));
            assert!(stream.write_line("MAIL FROM:<a@example.org>").await.is_err());
            assert_eq!(
                wire.failure(Step::MailFrom),
                Failure::broken(Step::MailFrom, cause)
            );
            drop(stream);
            let mut heard = Vec::new();
            server.read_to_end(&mut heard).await.unwrap();
            assert_eq!(heard, b"");
        }
    }
}
