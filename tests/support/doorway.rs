//! A port on 127.0.0.1 that can be shut and re-opened, served on a thread of its own.

use std::future::Future;
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::mpsc as blocking;
use std::thread::{self, JoinHandle};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const BACKLOG: u32 = 1024;

/// The listening side of a far side. Dropping it closes every connection and joins the thread.
pub(crate) struct Doorway {
    address: SocketAddr,
    orders: Option<mpsc::UnboundedSender<(Order, blocking::Sender<()>)>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy)]
enum Order {
    Shut,
    Reopen,
}

impl Doorway {
    /// Takes a free port and calls `welcome` for each connection.
    pub(crate) fn open<W, F>(name: &str, welcome: W) -> Self
    where
        W: Fn(TcpStream) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        // Bound and never listening, it keeps the port ours while the door is shut.
        let keeper = socket_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let address = keeper.local_addr().expect("a bound socket knows its address");
        let (orders, received) = mpsc::unbounded_channel();
        let (ready, is_ready) = blocking::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                runtime.block_on(keep_the_door(address, welcome, received, &ready));
                drop(keeper);
            })
            .expect("a thread starts");
        is_ready.recv().expect("the door opens");
        Self { address, orders: Some(orders), thread: Some(thread) }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection and stops listening: from its return on, connections are refused.
    pub(crate) fn shut(&self) {
        self.give(Order::Shut);
    }

    /// Listens again on the same port.
    pub(crate) fn reopen(&self) {
        self.give(Order::Reopen);
    }

    fn give(&self, order: Order) {
        let (done, is_done) = blocking::channel();
        let orders = self.orders.as_ref().expect("the door is there until it is dropped");
        orders.send((order, done)).expect("the doorkeeper listens");
        is_done.recv().expect("the doorkeeper obeys");
    }
}

impl Drop for Doorway {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic in there was already printed with the far side's name.
            let _ = thread.join();
        }
    }
}

fn socket_on(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket opens");
    socket.set_reuseaddr(true).expect("the port may be shared with its keeper");
    socket.bind(address).expect("the port is free or ours");
    socket
}

fn listen_on(address: SocketAddr) -> TcpListener {
    socket_on(address).listen(BACKLOG).expect("the socket listens")
}

/// A process that another test starts holds a copy of every socket until it has become another program: to close ours
/// alone would let connections in until then.
fn stop_listening(listener: TcpListener) {
    let socket = listener.into_std().expect("a listener leaves its runtime");
    let socket = std::net::TcpStream::from(OwnedFd::from(socket));
    socket.shutdown(Shutdown::Both).expect("the socket listened");
}

async fn keep_the_door<W, F>(
    address: SocketAddr,
    welcome: W,
    mut orders: mpsc::UnboundedReceiver<(Order, blocking::Sender<()>)>,
    ready: &blocking::Sender<()>,
) where
    W: Fn(TcpStream) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let mut listener = Some(listen_on(address));
    let mut guests = JoinSet::new();
    let _ = ready.send(());
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                None => break,
                Some((Order::Shut, done)) => {
                    if let Some(listener) = listener.take() {
                        stop_listening(listener);
                    }
                    guests.shutdown().await;
                    let _ = done.send(());
                }
                Some((Order::Reopen, done)) => {
                    if listener.is_none() {
                        listener = Some(listen_on(address));
                    }
                    let _ = done.send(());
                }
            },
            guest = next_guest(listener.as_ref()) => { guests.spawn(welcome(guest)); }
            Some(_left) = guests.join_next() => {}
        }
    }
}

/// The next connection; never, while the door is shut.
async fn next_guest(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    loop {
        // A guest that gave up while it queued is not a guest.
        if let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            return stream;
        }
    }
}
