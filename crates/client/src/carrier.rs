//! One WebSocket, from connecting to its end. It reports what happens and knows nothing of what it carries.

use std::time::Duration;

use anser_protocol::limits;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, ClientRequestBuilder, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::address::Address;

/// What both ends speak; the server refuses a WebSocket that does not say so.
const SUBPROTOCOL: &str = "anser.v1";

/// Frames that wait to be written. The engine has at most `REQUESTS_IN_FLIGHT_MAX` requests out and a ping, so a
/// link this far behind is dead.
const OUTGOING_FRAMES_MAX: usize = 256;

/// How to reach the server.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) address: Address,
    pub(crate) tls: TlsConnector,
    pub(crate) connect_timeout: Duration,
}

/// What a connection reports.
#[derive(Debug)]
pub(crate) enum Report {
    Opened,
    Frame(Vec<u8>),
    Ended,
}

/// The driver's end of one connection. Dropping it lets what is queued be written, then closes the link.
pub(crate) struct Carrier {
    connection: u64,
    outgoing: mpsc::Sender<Vec<u8>>,
}

impl Carrier {
    /// Begins to connect. Reports come with the connection's number; the last one is [`Report::Ended`].
    pub(crate) fn start(connection: u64, route: Route, reports: mpsc::Sender<(u64, Report)>) -> Carrier {
        let (outgoing, queue) = mpsc::channel(OUTGOING_FRAMES_MAX);
        tokio::spawn(async move {
            if let Err(reason) = carry(connection, route, queue, &reports).await {
                tracing::debug!(connection, %reason, "link ended");
            }
            // A driver that has ended hears nothing any more.
            let _ = reports.send((connection, Report::Ended)).await;
        });
        Carrier { connection, outgoing }
    }

    pub(crate) fn connection(&self) -> u64 {
        self.connection
    }

    /// Queues one frame. `false`: the link is gone or hopelessly behind.
    pub(crate) fn send(&self, frame: Vec<u8>) -> bool {
        self.outgoing.try_send(frame).is_ok()
    }
}

#[derive(Debug, thiserror::Error)]
enum Ending {
    #[error("no link within the time allowed")]
    ConnectTimeout,
    #[error("the server accepted nothing for too long")]
    WriteTimeout,
    #[error("cannot connect: {0}")]
    Connect(#[from] std::io::Error),
    #[error("the address is no name for a certificate")]
    ServerName,
    #[error("WebSocket: {0}")]
    WebSocket(#[from] tungstenite::Error),
    #[error("the server closed it")]
    Closed,
    #[error("the client is done with it")]
    LetGo,
}

async fn carry(
    connection: u64,
    route: Route,
    queue: mpsc::Receiver<Vec<u8>>,
    reports: &mpsc::Sender<(u64, Report)>,
) -> Result<(), Ending> {
    let connecting = timeout(route.connect_timeout, connect(&route));
    let socket = connecting.await.map_err(|_| Ending::ConnectTimeout)??;
    if reports.send((connection, Report::Opened)).await.is_err() {
        return Err(Ending::LetGo);
    }
    let (sink, stream) = socket.split();
    // Reading never waits for writing: two ends that both only write would wait for each other for ever.
    tokio::select! {
        ending = write(sink, queue) => ending,
        ending = read(connection, stream, reports) => ending,
    }
}

async fn read(
    connection: u64,
    mut stream: impl Stream<Item = Result<Message, tungstenite::Error>> + Unpin,
    reports: &mpsc::Sender<(u64, Report)>,
) -> Result<(), Ending> {
    while let Some(message) = stream.next().await {
        match message? {
            Message::Binary(frame) => {
                if reports.send((connection, Report::Frame(frame.into()))).await.is_err() {
                    return Err(Ending::LetGo);
                }
            }
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

/// What a WebSocket can run over.
trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

async fn connect(route: &Route) -> Result<WebSocketStream<Box<dyn Transport>>, Ending> {
    let Address { tls, host, port, uri } = &route.address;
    let tcp = TcpStream::connect((host.as_str(), *port)).await?;
    // Frames are small and somebody waits for each.
    tcp.set_nodelay(true)?;
    let transport: Box<dyn Transport> = if *tls {
        let name = ServerName::try_from(host.clone()).map_err(|_| Ending::ServerName)?;
        Box::new(route.tls.connect(name, tcp).await?)
    } else {
        Box::new(tcp)
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(limits::SERVER_FRAME_BYTES_MAX))
        .max_frame_size(Some(limits::SERVER_FRAME_BYTES_MAX));
    let request = ClientRequestBuilder::new(uri.clone()).with_sub_protocol(SUBPROTOCOL);
    let (socket, _response) = client_async_with_config(request, transport, Some(config)).await?;
    Ok(socket)
}
