//! One WebSocket of a client: frames in, frames out, with buffers small enough for thousands in one process.

use anser_protocol::limits;
use anyhow::Result;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::route::{Route, Transport};

const SUBPROTOCOL: &str = "anser.v1";
const BUFFER_BYTES: usize = 1024;

/// An open WebSocket. Used by every client here, and by those of the bare echo: what it costs the generator is the
/// same in both.
pub(crate) struct Wire {
    socket: WebSocketStream<Box<dyn Transport>>,
}

impl Wire {
    /// Connects as client number `client`.
    pub(crate) async fn open(route: &Route, client: usize) -> Result<Wire> {
        let transport = route.connect(client).await?;
        let uri = format!("ws://{}/v1/ws", route.server()).parse()?;
        let request = ClientRequestBuilder::new(uri).with_sub_protocol(SUBPROTOCOL);
        let (socket, _response) = client_async_with_config(request, transport, Some(config())).await?;
        Ok(Wire { socket })
    }

    /// The next frame; `None` when the connection is over. Dropping the future loses nothing.
    pub(crate) async fn receive(&mut self) -> Option<Bytes> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Binary(frame)) => return Some(frame),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Writes a frame by itself, as our native client does. `false`: the connection is over.
    pub(crate) async fn send(&mut self, frame: Bytes) -> bool {
        self.socket.send(Message::Binary(frame)).await.is_ok()
    }

    /// Writes some frames together. `false`: the connection is over.
    pub(crate) async fn send_all(&mut self, frames: impl IntoIterator<Item = Bytes>) -> bool {
        for frame in frames {
            if self.socket.feed(Message::Binary(frame)).await.is_err() {
                return false;
            }
        }
        self.socket.flush().await.is_ok()
    }
}

/// Small buffers, at either end of a wire of ours.
pub(crate) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(4 * BUFFER_BYTES)
        .max_message_size(Some(limits::SERVER_FRAME_BYTES_MAX))
        .max_frame_size(Some(limits::SERVER_FRAME_BYTES_MAX))
}
