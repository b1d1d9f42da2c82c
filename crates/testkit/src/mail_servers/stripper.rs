//! The attacker in between: passes a conversation on and takes the offer of STARTTLS out of it.

use std::{net::SocketAddr, sync::Arc};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::door::Door;

/// A proxy in front of a mail server.
pub struct StartTlsStripper {
    door: Door,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    said: Vec<String>,
    stripped: usize,
}

impl StartTlsStripper {
    /// Passes everything on to `upstream`, a port of 127.0.0.1.
    #[expect(
        clippy::unused_async,
        reason = "says at the call that it needs a runtime, like its siblings"
    )]
    pub async fn start(upstream: u16) -> Self {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let serving = Arc::clone(&heard);
        let door = Door::open(move |client, _| {
            let heard = Arc::clone(&serving);
            async move {
                // A conversation that breaks is over for both sides.
                let _ = pass_on(client, upstream, &heard).await;
            }
        });
        Self { door, heard }
    }

    pub fn port(&self) -> u16 {
        self.addr().port()
    }

    pub fn addr(&self) -> SocketAddr {
        self.door.addr()
    }

    /// Every line that clients said, whatever it was.
    pub fn said(&self) -> Vec<String> {
        self.heard.lock().said.clone()
    }

    /// How often an offer was taken out.
    pub fn stripped(&self) -> usize {
        self.heard.lock().stripped
    }
}

async fn pass_on(client: TcpStream, upstream: u16, heard: &Mutex<Heard>) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", upstream)).await?;
    let (from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let upwards = async {
        let mut lines = BufReader::new(from_client);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).await? > 0 {
            heard
                .lock()
                .said
                .push(String::from_utf8_lossy(&line).trim_end().to_owned());
            to_server.write_all(&line).await?;
            line.clear();
        }
        to_server.shutdown().await
    };
    let downwards = async {
        let mut lines = BufReader::new(from_server);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).await? > 0 {
            if line.trim_ascii_end().eq_ignore_ascii_case(b"250-STARTTLS") {
                heard.lock().stripped += 1;
            } else {
                to_client.write_all(&line).await?;
            }
            line.clear();
        }
        to_client.shutdown().await
    };
    tokio::try_join!(upwards, downwards).map(|_| ())
}
