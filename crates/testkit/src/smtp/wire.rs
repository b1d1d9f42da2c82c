//! Lines over TCP or TLS.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

const LONGEST_LINE: usize = 1024 * 1024;

pub(super) enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

pub(super) struct Wire {
    /// `None` only while a handshake runs, and after one that failed.
    io: Option<Io>,
    read: Vec<u8>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            io: Some(Io::Plain(stream)),
            read: Vec::new(),
        }
    }

    fn stream(&mut self) -> io::Result<&mut dyn Stream> {
        match &mut self.io {
            Some(Io::Plain(s)) => Ok(s),
            Some(Io::Tls(s)) => Ok(s.as_mut()),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn tcp(&self) -> Option<&TcpStream> {
        match &self.io {
            Some(Io::Plain(s)) => Some(s),
            Some(Io::Tls(s)) => Some(s.get_ref().0),
            None => None,
        }
    }

    /// Gives the server name that the client asked for, and what it had sent before its handshake.
    pub(super) async fn start_tls(
        &mut self,
        acceptor: &TlsAcceptor,
    ) -> io::Result<(Option<String>, Vec<u8>)> {
        let smuggled = std::mem::take(&mut self.read);
        let Some(Io::Plain(tcp)) = self.io.take() else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let tls = acceptor.accept(tcp).await?;
        let server_name = tls.get_ref().1.server_name().map(ToOwned::to_owned);
        self.io = Some(Io::Tls(Box::new(tls)));
        Ok((server_name, smuggled))
    }

    /// The next line without its end. The end of the stream is an error.
    pub(super) async fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.read.iter().position(|b| *b == b'\n') {
                let mut line: Vec<u8> = self.read.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            if self.read.len() > LONGEST_LINE {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let mut chunk = [0; 8192];
            let n = self.stream()?.read(&mut chunk).await?;
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.read.extend_from_slice(&chunk[..n]);
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8], bytes_per_second: Option<u32>) -> io::Result<()> {
        let Some(rate) = bytes_per_second else {
            let stream = self.stream()?;
            stream.write_all(bytes).await?;
            return stream.flush().await;
        };
        let pause = Duration::from_secs(1) / rate.max(1);
        for byte in bytes {
            let stream = self.stream()?;
            stream.write_all(&[*byte]).await?;
            stream.flush().await?;
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    /// Reads and forgets until the other side goes.
    pub(super) async fn drain(&mut self) {
        let mut sink = [0; 4096];
        while let Ok(stream) = self.stream()
            && stream.read(&mut sink).await.is_ok_and(|n| n > 0)
        {}
    }

    pub(super) fn reset_on_close(&self) {
        if let Some(tcp) = self.tcp() {
            let _ = tcp.set_zero_linger();
        }
    }
}
