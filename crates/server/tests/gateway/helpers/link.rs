//! A bare link over any carrier: frames out, frames in, nothing more.

use std::cell::Cell;
use std::net::SocketAddr;

use anser_protocol::link::Carrier;
use anser_protocol::wire::{ErrorCode, Hello, Request, frame, request};
use anser_protocol::{batch, codec};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self, Message};

use super::polled::{Polled, PolledLink};
use super::soon;

thread_local! {
    /// What links of the story on this thread are made of: each test has a thread of its own.
    static CARRIER: Cell<Carrier> = const { Cell::new(Carrier::WebSocket) };
}

/// Plays a story with links of this carrier.
pub(crate) fn over(carrier: Carrier, story: fn()) {
    CARRIER.set(carrier);
    story();
}

pub(crate) struct Link {
    wire: Wire,
}

#[allow(clippy::large_enum_variant)] // a test has a few
enum Wire {
    Socket(WebSocketStream<TcpStream>),
    Polled(PolledLink),
}

/// What comes out of a link.
#[derive(Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // lives for a moment
pub(crate) enum Heard {
    Frame(frame::Body),
    /// The link was closed with this code.
    Closed(u16),
    /// The connection is gone without a word.
    Gone,
}

impl Link {
    pub(crate) async fn open(address: SocketAddr) -> Link {
        Link::try_open(address, &[]).await.unwrap()
    }

    /// With further headers; the status if the server refuses.
    pub(crate) async fn try_open(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Link, u16> {
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let wire = match CARRIER.get() {
            Carrier::WebSocket => Wire::Socket(open_socket(address, headers).await?),
            Carrier::LongPoll => Wire::Polled(PolledLink::open(address, &lines, 20_000).await?),
            Carrier::ShortPoll => Wire::Polled(PolledLink::open(address, &lines, 0).await?),
        };
        Ok(Link { wire })
    }

    pub(crate) async fn say(&mut self, body: frame::Body) {
        self.say_bytes(codec::encode(body)).await;
    }

    pub(crate) async fn say_hello(&mut self, token: Vec<u8>, position: u64) {
        self.say(frame::Body::Hello(Hello { version: 1, token, position })).await;
    }

    pub(crate) async fn say_request(&mut self, id: u32, call: request::Call) {
        self.say(frame::Body::Request(Request { id, call: Some(call) })).await;
    }

    /// One frame, or what should be one. Writing into a link that the server has ended is allowed: the tests ask what
    /// comes out of it.
    pub(crate) async fn say_bytes(&mut self, frame: impl Into<Vec<u8>>) {
        let frame = frame.into();
        match &mut self.wire {
            Wire::Socket(socket) => {
                let sending = socket.send(Message::Binary(frame.into()));
                let _may_be_gone = soon("room to write", sending).await;
            }
            Wire::Polled(link) => {
                let _may_be_gone = link.say(&frame).await;
            }
        }
    }

    /// Many requests at once: in one exchange, where there are exchanges.
    pub(crate) async fn say_requests(&mut self, requests: Vec<Request>) {
        let frames = requests.into_iter().map(|request| codec::encode(frame::Body::Request(request)));
        match &mut self.wire {
            Wire::Socket(socket) => {
                for frame in frames {
                    let feeding = socket.feed(Message::Binary(frame.into()));
                    let _may_be_gone = soon("room to write", feeding).await;
                }
                let _may_be_gone = soon("room to write", socket.flush()).await;
            }
            Wire::Polled(link) => {
                let mut body = Vec::new();
                frames.for_each(|frame| batch::append(&mut body, &frame));
                let _may_be_gone = link.bring(&body).await;
            }
        }
    }

    /// A WebSocket, for what only a WebSocket can say.
    pub(crate) fn socket(&mut self) -> &mut WebSocketStream<TcpStream> {
        match &mut self.wire {
            Wire::Socket(socket) => socket,
            Wire::Polled(_) => panic!("this story is about WebSocket only"),
        }
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        match &mut self.wire {
            Wire::Socket(socket) => hear_from_socket(socket).await,
            Wire::Polled(link) => match soon("a frame", link.hear()).await {
                Polled::Frame(bytes) => frame_from(&bytes),
                Polled::Closed(code) => Heard::Closed(code),
                Polled::Gone => Heard::Gone,
            },
        }
    }

    /// The server ends this link for this reason: with a Close frame that says so, then with the close code.
    pub(crate) async fn is_ended_with(&mut self, code: ErrorCode) {
        loop {
            match self.hear().await {
                Heard::Frame(frame::Body::Close(close)) => {
                    let said = close.error.expect("a Close frame has its reason");
                    assert_eq!(said.code(), code, "{}", said.text);
                    break;
                }
                Heard::Frame(_) => {}
                other => panic!("expected a Close frame with {code:?}, got {other:?}"),
            }
        }
        assert_eq!(self.hear().await, Heard::Closed(4000 + code as u16));
    }
}

async fn open_socket(
    address: SocketAddr,
    headers: &[(&'static str, &str)],
) -> Result<WebSocketStream<TcpStream>, u16> {
    let mut request = format!("ws://{address}/v1/ws").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("anser.v1"));
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
    }
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(reply)) => Err(reply.status().as_u16()),
        Err(error) => panic!("the handshake broke: {error}"),
    }
}

async fn hear_from_socket(socket: &mut WebSocketStream<TcpStream>) -> Heard {
    loop {
        match soon("a frame", socket.next()).await {
            Some(Ok(Message::Binary(bytes))) => return frame_from(&bytes),
            Some(Ok(Message::Close(Some(close)))) => return Heard::Closed(close.code.into()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Heard::Gone,
        }
    }
}

fn frame_from(bytes: &[u8]) -> Heard {
    let frame = codec::decode_from_server(bytes).expect("a server sends whole frames");
    Heard::Frame(frame.expect("this server sends no frames newer than these tests"))
}

/// One plain HTTP request; the whole reply as text.
pub(crate) async fn http_get(address: SocketAddr, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    soon("an HTTP reply", stream.read_to_end(&mut reply)).await.unwrap();
    String::from_utf8_lossy(&reply).into_owned()
}
