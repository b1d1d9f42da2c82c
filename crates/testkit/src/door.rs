//! A port on 127.0.0.1 that can be shut and opened again without anybody else taking it meanwhile.

use std::{future::Future, net::SocketAddr, pin::Pin, sync::Arc};

use parking_lot::Mutex;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::{JoinHandle, JoinSet},
};

type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;
type Serve = Arc<dyn Fn(TcpStream, usize) -> Serving + Send + Sync>;

/// Accepts connections and gives each to the serving function with its number, counted from 1.
pub(crate) struct Door {
    addr: SocketAddr,
    serve: Serve,
    counter: Arc<Mutex<usize>>,
    state: Mutex<State>,
}

enum State {
    Open(JoinHandle<()>),
    /// Bound but not listening: connections are refused, and the port stays ours.
    Shut(TcpSocket),
    Moving,
}

impl Door {
    pub(crate) fn open<F>(serve: impl Fn(TcpStream, usize) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let serve: Serve = Arc::new(move |stream, number| Box::pin(serve(stream, number)));
        let counter = Arc::new(Mutex::new(0));
        let listener = socket(SocketAddr::from(([127, 0, 0, 1], 0)))
            .listen(1024)
            .expect("a fresh port can be listened on");
        let addr = listener.local_addr().expect("a listener has an address");
        let task = tokio::spawn(accept(listener, Arc::clone(&serve), Arc::clone(&counter)));
        Self {
            addr,
            serve,
            counter,
            state: Mutex::new(State::Open(task)),
        }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Connections accepted so far.
    pub(crate) fn accepted(&self) -> usize {
        *self.counter.lock()
    }

    /// Cuts every connection and refuses new ones.
    pub(crate) async fn shut(&self) {
        let before = std::mem::replace(&mut *self.state.lock(), State::Moving);
        let after = match before {
            State::Open(task) => {
                task.abort();
                // Only when the task is gone is the listener closed.
                let _ = task.await;
                State::Shut(socket(self.addr))
            }
            other => other,
        };
        *self.state.lock() = after;
    }

    /// Listens on the same port again.
    pub(crate) fn reopen(&self) {
        let mut state = self.state.lock();
        *state = match std::mem::replace(&mut *state, State::Moving) {
            State::Shut(socket) => {
                let listener = socket
                    .listen(1024)
                    .expect("a port that is ours can be listened on");
                State::Open(tokio::spawn(accept(
                    listener,
                    Arc::clone(&self.serve),
                    Arc::clone(&self.counter),
                )))
            }
            other => other,
        };
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if let State::Open(task) = &*self.state.lock() {
            task.abort();
        }
    }
}

fn socket(addr: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    socket.set_reuseaddr(true).expect("a socket can be set up");
    socket
        .bind(addr)
        .unwrap_or_else(|e| panic!("{addr} cannot be bound: {e}"));
    socket
}

async fn accept(listener: TcpListener, serve: Serve, counter: Arc<Mutex<usize>>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                // Nagle and delayed acknowledgements would add 40 ms to every step of a conversation.
                let _ = stream.set_nodelay(true);
                let number = {
                    let mut counter = counter.lock();
                    *counter += 1;
                    *counter
                };
                open.spawn(serve(stream, number));
            }
            Some(_) = open.join_next() => {}
        }
    }
}
