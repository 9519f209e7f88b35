//! A WebSocket as the carrier of a link: each binary message is one frame.

use anser_protocol::wire::ErrorCode;
use anser_protocol::{Fault, limits};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use super::carrier::{Carrier, Gone, Received};
use super::farewell::farewell;

/// Buffers of a link. Small, because most links are idle most of the time and there are many.
const READ_BUFFER_BYTES: usize = 4 * 1024;
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// The largest frame of ours, twice: what cannot be written yet must fit, and no more.
const WRITE_BUFFER_BYTES_MAX: usize = 2 * limits::SERVER_FRAME_BYTES_MAX;

/// A WebSocket after its handshake.
pub(super) struct Socket<S> {
    stream: WebSocketStream<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket<S> {
    pub(super) async fn new(stream: S) -> Socket<S> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
            .max_message_size(Some(limits::CLIENT_FRAME_BYTES_MAX))
            .max_frame_size(Some(limits::CLIENT_FRAME_BYTES_MAX));
        Socket { stream: WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Carrier for Socket<S> {
    const NAME: &'static str = "websocket";

    async fn receive(&mut self) -> Received {
        loop {
            let fault = match self.stream.next().await {
                Some(Ok(Message::Binary(bytes))) => return Received::Frame(bytes),
                // Answered by the WebSocket layer itself; no sign of life in our sense, that is the protocol's Ping.
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Text(_) | Message::Frame(_))) => {
                    Fault::new(ErrorCode::Malformed, "frames travel in binary messages, not in text")
                }
                Some(Err(SocketError::Capacity(_))) => {
                    let text = format!("a frame is {} bytes at most", limits::CLIENT_FRAME_BYTES_MAX);
                    Fault::new(ErrorCode::TooLarge, text)
                }
                Some(Err(SocketError::Utf8(_))) => {
                    Fault::new(ErrorCode::Malformed, "text that is not UTF-8, where no text belongs at all")
                }
                Some(Err(SocketError::Protocol(error)))
                    if error != ProtocolError::ResetWithoutClosingHandshake =>
                {
                    Fault::new(ErrorCode::Malformed, format!("not WebSocket: {error}"))
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Received::Gone,
            };
            return Received::Unusable(fault);
        }
    }

    async fn feed(&mut self, frame: Bytes) -> Result<(), Gone> {
        self.stream.feed(Message::Binary(frame)).await.map_err(|_| Gone)
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        self.stream.flush().await.map_err(|_| Gone)
    }

    async fn farewell(self, last_frame: Option<Bytes>, fault: &Fault) {
        farewell(self.stream, last_frame, fault).await;
    }
}
