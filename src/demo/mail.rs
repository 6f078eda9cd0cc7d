//! The demo's mail server: takes every message and keeps it. Speaks just enough SMTP (RFC 5321).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

pub(super) async fn serve(listener: TcpListener, folder: PathBuf, stop: CancellationToken) {
    let received = Arc::new(AtomicU32::new(0));
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
            () = stop.cancelled() => return,
        };
        let (folder, received, stop) = (folder.clone(), Arc::clone(&received), stop.clone());
        tokio::spawn(async move {
            let ended = tokio::select! {
                ended = session(stream, &folder, &received) => ended,
                () = stop.cancelled() => Ok(()),
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a demo mail session broke off");
            }
        });
    }
}

async fn session(stream: TcpStream, folder: &Path, received: &AtomicU32) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 loa demo ESMTP\r\n").await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let verb: String = line.iter().take(4).map(|byte| char::from(*byte).to_ascii_uppercase()).collect();
        let answer: &[u8] = match verb.trim_end() {
            "EHLO" | "HELO" => b"250-loa demo\r\n250 8BITMIME\r\n",
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let message = message(&mut stream).await?;
                let number = received.fetch_add(1, Ordering::AcqRel) + 1;
                tokio::fs::write(folder.join(format!("{number:02}.eml")), message).await?;
                b"250 taken\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await?;
    }
}

/// Reads up to the final dot and undoes dot-stuffing.
async fn message(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut message = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match line.as_slice() {
            b".\r\n" => return Ok(message),
            [b'.', rest @ ..] => message.extend_from_slice(rest),
            whole => message.extend_from_slice(whole),
        }
    }
}
