//! Frames over a WebSocket: one binary message each.

use std::time::Duration;

use anser_protocol::limits;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, ClientRequestBuilder, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::transport::{self, Transport};
use super::{Ending, Report, Reporter, Route};

/// What both ends speak; the server refuses a WebSocket that does not say so.
const SUBPROTOCOL: &str = "anser.v1";

pub(super) async fn carry(
    route: &Route,
    queue: mpsc::Receiver<Vec<u8>>,
    reporter: &Reporter,
) -> Result<(), Ending> {
    let connecting = timeout(route.connect_timeout, connect(route));
    let socket = connecting.await.map_err(|_| Ending::ConnectTimeout)??;
    reporter.tell(Report::Opened).await?;
    let (sink, stream) = socket.split();
    // Reading never waits for writing: two ends that both only write would wait for each other for ever.
    tokio::select! {
        ending = write(sink, queue) => ending,
        ending = read(stream, reporter) => ending,
    }
}

async fn read(
    mut stream: impl Stream<Item = Result<Message, tungstenite::Error>> + Unpin,
    reporter: &Reporter,
) -> Result<(), Ending> {
    while let Some(message) = stream.next().await {
        match message? {
            Message::Binary(frame) => reporter.tell(Report::Frame(frame.into())).await?,
            Message::Close(_) => break,
            // WebSocket's own pings are answered by the library; text is not spoken here.
            Message::Ping(_) | Message::Pong(_) | Message::Text(_) | Message::Frame(_) => {}
        }
    }
    Err(Ending::Closed)
}

async fn write(
    mut sink: impl Sink<Message, Error = tungstenite::Error> + Unpin,
    mut queue: mpsc::Receiver<Vec<u8>>,
) -> Result<(), Ending> {
    let patience = Duration::from_millis(limits::WRITE_MS);
    while let Some(frame) = queue.recv().await {
        let sending = timeout(patience, sink.send(Message::binary(frame)));
        sending.await.map_err(|_| Ending::WriteTimeout)??;
    }
    timeout(patience, sink.close()).await.map_err(|_| Ending::WriteTimeout)??;
    Err(Ending::LetGo)
}

async fn connect(route: &Route) -> Result<WebSocketStream<Box<dyn Transport>>, Ending> {
    let transport = transport::connect(route).await?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(limits::SERVER_FRAME_BYTES_MAX))
        .max_frame_size(Some(limits::SERVER_FRAME_BYTES_MAX));
    let request = ClientRequestBuilder::new(route.address.socket.clone()).with_sub_protocol(SUBPROTOCOL);
    let (socket, _response) = client_async_with_config(request, transport, Some(config)).await?;
    Ok(socket)
}
