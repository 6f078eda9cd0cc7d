//! The way to a mail server: what is written waits until an answer is awaited, so that what belongs together leaves
//! together. A letter and its final dot, or several commands, are one packet instead of two or three. And it is known
//! whether what was said last has left this process.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};
use tokio::net::TcpStream;

/// Bytes that wait; what is longer leaves at once.
const HELD: usize = 16 * 1024;

/// Whether everything that was said has left, to its last byte.
#[derive(Clone, Debug, Default)]
pub(super) struct Away(Arc<AtomicBool>);

impl Away {
    pub(super) fn all(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

#[derive(Debug)]
pub(super) struct Wire {
    stream: BufWriter<TcpStream>,
    away: Away,
}

impl Wire {
    pub(super) fn over(stream: TcpStream) -> Self {
        Self { stream: BufWriter::with_capacity(HELD, stream), away: Away::default() }
    }

    pub(super) fn away(&self) -> Away {
        self.away.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.away.0.store(true, Ordering::Release);
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.away.0.store(false, Ordering::Release);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    /// Not yet: whoever has said everything reads.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.get_ref().peer_addr()
    }
}
