//! A name server that says what a test wants.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{net::UdpSocket, task::JoinHandle};

pub(crate) enum Answer {
    Addresses(Vec<IpAddr>),
    /// A response code without records: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED; 0 = the name exists without addresses.
    Code(u8),
    Silence,
}

pub(crate) struct DnsServer {
    pub(crate) addr: SocketAddr,
    asked: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl DnsServer {
    /// `answer` gets the name in lower case without a final dot (`""` is the root) and how many questions there were
    /// before; only addresses of the family that is asked for are sent.
    pub(crate) async fn start(answer: impl Fn(&str, usize) -> Answer + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let addr = socket.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        #[expect(clippy::disallowed_methods, reason = "the task ends with the test")]
        let task = tokio::spawn(async move {
            let mut packet = [0; 1500];
            loop {
                let (n, from) = socket.recv_from(&mut packet).await.unwrap();
                let before = counter.fetch_add(1, Ordering::SeqCst);
                let (name, kind, end) = question(&packet[..n]);
                if let Some(reply) = reply(&packet[..end], kind, answer(&name, before)) {
                    socket.send_to(&reply, from).await.unwrap();
                }
            }
        });
        Self { addr, asked, task }
    }

    /// Questions so far.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
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
    let (code, addresses) = match answer {
        Answer::Addresses(all) => (0, all),
        Answer::Code(code) => (code, Vec::new()),
        Answer::Silence => return None,
    };
    let records: Vec<Vec<u8>> = addresses
        .into_iter()
        .filter_map(|ip| match ip {
            IpAddr::V4(ip) if kind == 1 => Some(ip.octets().to_vec()),
            IpAddr::V6(ip) if kind == 28 => Some(ip.octets().to_vec()),
            IpAddr::V4(_) | IpAddr::V6(_) => None,
        })
        .collect();
    let mut out = question.to_vec();
    // Response, recursion desired and available; one question, our records, nothing more.
    out[2] = 0x81;
    out[3] = 0x80 | code;
    out[4..12].copy_from_slice(&[0, 1, 0, u8::try_from(records.len()).unwrap(), 0, 0, 0, 0]);
    for data in records {
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 60, 0, u8::try_from(data.len()).unwrap()]);
        out.extend(data);
    }
    Some(out)
}
