//! One connection of the HTTP server.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    Shared,
    reply::{Ending, Reply},
    request,
};

/// How the connection is to end after the exchange.
enum After {
    Next,
    Close,
    Reset,
}

pub(super) async fn serve(tcp: TcpStream, number: usize, shared: Arc<Shared>) {
    let Ok(peer) = tcp.peer_addr() else { return };
    // However it ended: the client sees it, the server has nothing to say about it.
    match &shared.acceptor {
        None => {
            let mut tcp = tcp;
            if let Ok(After::Reset) = exchange_all(&mut tcp, number, peer, &shared).await {
                let _ = tcp.set_zero_linger();
            }
        }
        Some(acceptor) => {
            let Ok(mut tls) = acceptor.accept(tcp).await else {
                return;
            };
            match exchange_all(&mut tls, number, peer, &shared).await {
                Ok(After::Reset) => {
                    let _ = tls.get_ref().0.set_zero_linger();
                }
                _ => {
                    let _ = tls.shutdown().await;
                }
            }
        }
    }
}

async fn exchange_all<S>(
    stream: &mut S,
    number: usize,
    peer: std::net::SocketAddr,
    shared: &Shared,
) -> io::Result<After>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut read = Vec::new();
    while let Some(request) = request::read(stream, &mut read, number, peer).await? {
        let reply = shared.answers.lock().choose(&request.path);
        let without_body = request.method == "HEAD";
        shared.requests.lock().push(request);
        match answer(stream, &reply, without_body).await? {
            After::Next => {}
            end => return Ok(end),
        }
    }
    Ok(After::Close)
}

async fn answer<S>(stream: &mut S, reply: &Reply, without_body: bool) -> io::Result<After>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    pause(reply.before_head).await;
    match &reply.ending {
        Ending::Reset => return Ok(After::Reset),
        Ending::Hang => {
            let mut sink = [0; 4096];
            while stream.read(&mut sink).await? > 0 {}
            return Ok(After::Close);
        }
        Ending::Raw(bytes) => {
            stream.write_all(bytes).await?;
            stream.flush().await?;
            return Ok(After::Close);
        }
        Ending::KeepOpen | Ending::Close | Ending::CutBody(_) | Ending::Endless => {}
    }
    let head = reply.head();
    let cut = match reply.ending {
        Ending::CutBody(n) => n.min(reply.body.len()),
        _ => reply.body.len(),
    };
    let body = if without_body { &[] } else { &reply.body[..cut] };
    if reply.before_body.is_zero() && reply.bytes_per_second.is_none() {
        // One write: a head and a body in two segments would be two wake-ups for whoever reads them.
        let mut all = head.into_bytes();
        all.extend_from_slice(body);
        stream.write_all(&all).await?;
    } else {
        stream.write_all(head.as_bytes()).await?;
        stream.flush().await?;
        pause(reply.before_body).await;
        trickle(stream, body, reply.bytes_per_second).await?;
    }
    stream.flush().await?;
    match reply.ending {
        Ending::KeepOpen => Ok(After::Next),
        Ending::Endless => loop {
            stream.write_all(b"1000\r\n").await?;
            stream.write_all(&[b'x'; 0x1000]).await?;
            stream.write_all(b"\r\n").await?;
            stream.flush().await?;
            if let Some(rate) = reply.bytes_per_second {
                pause(Duration::from_secs(0x1000) / rate.max(1)).await;
            }
        },
        _ => Ok(After::Close),
    }
}

async fn trickle(stream: &mut (impl AsyncWrite + Unpin), body: &[u8], rate: Option<u32>) -> io::Result<()> {
    let Some(rate) = rate else {
        return stream.write_all(body).await;
    };
    for byte in body {
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
        pause(Duration::from_secs(1) / rate.max(1)).await;
    }
    Ok(())
}

async fn pause(d: Duration) {
    if !d.is_zero() {
        tokio::time::sleep(d).await;
    }
}
