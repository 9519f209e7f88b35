//! The last words of a link: why it ends, said so that the other end gets to read it.

use std::time::Duration;

use anser_protocol::Fault;
use bytes::Bytes;
use futures_util::SinkExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

/// The other end may take this long to read our last words; then the socket is dropped.
const PATIENCE: Duration = Duration::from_secs(5);
/// What the other end still had under way to us; somebody who sends more than this is not listening.
const UNREAD_BYTES_MAX: usize = 1024 * 1024;

/// Writes what is pending, `last_frame`, and the WebSocket close with its code, then waits a little for the
/// other end to go. Closing a socket with unread bytes in it would make the system destroy what it has not
/// delivered yet, our last words included.
pub(super) async fn farewell<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: WebSocketStream<S>,
    last_frame: Option<Bytes>,
    fault: &Fault,
) {
    let close = CloseFrame { code: fault.close_code().into(), reason: fault.code.as_str_name().into() };
    let said = async {
        if let Some(frame) = last_frame {
            socket.feed(Message::Binary(frame)).await?;
        }
        socket.send(Message::Close(Some(close))).await?;
        Ok::<(), SocketError>(())
    };
    if let Ok(Ok(())) = timeout(PATIENCE, said).await {
        // Whether it comes to an end or the patience does makes no difference.
        let _elapsed = timeout(PATIENCE, read_to_end(socket.get_mut())).await;
    }
}

async fn read_to_end<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut unread = [0; 1024];
    let mut count = 0;
    while count < UNREAD_BYTES_MAX {
        match stream.read(&mut unread).await {
            Ok(0) | Err(_) => return,
            Ok(read) => count += read,
        }
    }
}
