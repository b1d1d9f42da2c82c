//! A name server that says what a test wants, over UDP and, for what is too long for that, over TCP.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    task::{JoinHandle, JoinSet},
};

/// What is said about one name.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Only those of the family that is asked for are sent.
    Addresses(Vec<IpAddr>),
    /// Each record as its strings of at most 255 bytes; [`Answer::txt`] cuts them.
    Txt(Vec<Vec<Vec<u8>>>),
    /// Preference and server; `""` is the root.
    Mx(Vec<(u16, String)>),
    /// A response code without records: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED; 0 = the name exists without such records.
    Code(u8),
    Silence,
}

/// What is asked: the name in lower case without a final dot (`""` is the root), and the number of the record type.
#[derive(Clone, Debug)]
pub struct Question {
    pub name: String,
    pub kind: u16,
    /// Questions before this one.
    pub before: usize,
}

const A: u16 = 1;
const MX: u16 = 15;
const TXT: u16 = 16;
const AAAA: u16 = 28;
/// What fits into a datagram.
const DATAGRAM: usize = 1200;

pub struct DnsServer {
    pub addr: SocketAddr,
    asked: Arc<AtomicUsize>,
    tasks: [JoinHandle<()>; 2],
}

impl Answer {
    /// TXT records, each cut into strings as a name server does it.
    pub fn txt<T: AsRef<[u8]>>(records: impl IntoIterator<Item = T>) -> Self {
        let cut = |r: T| r.as_ref().chunks(255).map(<[u8]>::to_vec).collect();
        Self::Txt(records.into_iter().map(cut).collect())
    }

    /// The number of the record type that this answers; `None` answers any.
    fn answers(&self, kind: u16) -> bool {
        match self {
            Self::Addresses(_) => matches!(kind, A | AAAA),
            Self::Txt(_) => kind == TXT,
            Self::Mx(_) => kind == MX,
            Self::Code(_) | Self::Silence => true,
        }
    }
}

impl DnsServer {
    /// `answer` gets the name and how many questions there were before.
    pub async fn start(answer: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::answering(move |q| answer(&q.name, q.before)).await
    }

    /// A zone: what these names have. Of a name that is not in it is said that it does not exist.
    pub async fn of(zone: Vec<(&str, Answer)>) -> Self {
        let zone: Vec<(String, Answer)> = zone.into_iter().map(|(n, a)| (n.to_lowercase(), a)).collect();
        Self::answering(move |q| {
            let mut of_name = zone
                .iter()
                .filter(|(n, _)| *n == q.name)
                .map(|(_, a)| a)
                .peekable();
            let nothing = if of_name.peek().is_some() { 0 } else { 3 };
            of_name
                .find(|a| a.answers(q.kind))
                .cloned()
                .unwrap_or(Answer::Code(nothing))
        })
        .await
    }

    pub async fn answering(answer: impl Fn(&Question) -> Answer + Send + Sync + 'static) -> Self {
        let (udp, tcp) = sockets().await;
        let addr = udp.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let answer = Arc::new(answer);
        let replies = {
            let asked = Arc::clone(&asked);
            move |packet: &[u8]| {
                let before = asked.fetch_add(1, Ordering::SeqCst);
                let (name, kind, end) = question(packet);
                let answer = answer(&Question { name, kind, before });
                reply(&packet[..end], kind, answer)
            }
        };
        let over_udp = tokio::spawn(datagrams(udp, replies.clone()));
        let over_tcp = tokio::spawn(connections(tcp, replies));
        Self {
            addr,
            asked,
            tasks: [over_udp, over_tcp],
        }
    }

    /// Questions so far.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// The same port for both.
async fn sockets() -> (UdpSocket, TcpListener) {
    for _ in 0..50 {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
    panic!("no port is free for both UDP and TCP");
}

async fn datagrams(socket: UdpSocket, reply: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let mut packet = [0; 1500];
    loop {
        let (n, from) = socket.recv_from(&mut packet).await.unwrap();
        if let Some(mut reply) = reply(&packet[..n]) {
            if reply.len() > DATAGRAM {
                // Truncated: the question and no records, come again over TCP.
                let (.., end) = question(&packet[..n]);
                reply.truncate(end);
                reply[2] |= 0x02;
                reply[6..8].copy_from_slice(&[0, 0]);
            }
            socket.send_to(&reply, from).await.unwrap();
        }
    }
}

async fn connections<R>(listener: TcpListener, reply: R)
where
    R: Fn(&[u8]) -> Option<Vec<u8>> + Clone + Send + 'static,
{
    let mut open = JoinSet::new();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let reply = reply.clone();
        open.spawn(async move {
            while let Ok(packet) = receive(&mut stream).await {
                let Some(reply) = reply(&packet) else { continue };
                let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
                if stream
                    .write_all(&[&length, reply.as_slice()].concat())
                    .await
                    .is_err()
                {
                    break;
                }
            }
        });
    }
}

async fn receive(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut packet = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut packet).await?;
    Ok(packet)
}

/// Name, record type, and where the question ends.
fn question(packet: &[u8]) -> (String, u16, usize) {
    let mut labels = Vec::new();
    let mut at = 12;
    while packet[at] != 0 {
        let length = usize::from(packet[at]);
        labels.push(String::from_utf8_lossy(&packet[at + 1..=at + length]).to_lowercase());
        at += length + 1;
    }
    (
        labels.join("."),
        u16::from_be_bytes([packet[at + 1], packet[at + 2]]),
        at + 5,
    )
}

fn reply(question: &[u8], kind: u16, answer: Answer) -> Option<Vec<u8>> {
    let right_kind = answer.answers(kind);
    let (code, records): (u8, Vec<Vec<u8>>) = match answer {
        Answer::Silence => return None,
        Answer::Code(code) => (code, Vec::new()),
        _ if !right_kind => (0, Vec::new()),
        Answer::Addresses(all) => (0, all.into_iter().filter_map(|ip| address(ip, kind)).collect()),
        Answer::Txt(all) => (0, all.iter().map(|record| strings(record)).collect()),
        Answer::Mx(all) => (
            0,
            all.iter()
                .map(|(preference, host)| exchange(*preference, host))
                .collect(),
        ),
    };
    let mut out = question.to_vec();
    // Response, recursion desired and available; one question, our records, nothing more.
    out[2] = 0x81;
    out[3] = 0x80 | code;
    let [high, low] = u16::try_from(records.len()).unwrap().to_be_bytes();
    out[4..12].copy_from_slice(&[0, 1, high, low, 0, 0, 0, 0]);
    for data in records {
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 60]);
        out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        out.extend(data);
    }
    Some(out)
}

fn address(ip: IpAddr, kind: u16) -> Option<Vec<u8>> {
    match ip {
        IpAddr::V4(ip) if kind == A => Some(ip.octets().to_vec()),
        IpAddr::V6(ip) if kind == AAAA => Some(ip.octets().to_vec()),
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

fn strings(record: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for string in record {
        out.push(u8::try_from(string.len()).unwrap());
        out.extend(string);
    }
    if record.is_empty() {
        out.push(0);
    }
    out
}

fn exchange(preference: u16, host: &str) -> Vec<u8> {
    let mut out = preference.to_be_bytes().to_vec();
    for label in host.split('.').filter(|l| !l.is_empty()) {
        out.push(u8::try_from(label.len()).unwrap());
        out.extend(label.as_bytes());
    }
    out.push(0);
    out
}
