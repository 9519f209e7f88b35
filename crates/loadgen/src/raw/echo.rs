//! Bare echoes, as child processes on the same runtime as the server: each frame goes back as it came, nothing else.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt, TryStreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::{connect_first, spans};
use crate::route::Route;
use crate::server::free_port;
use crate::setting::Setting;
use crate::wire::{self, Wire};

/// The roles of the children.
pub(crate) const TCP: &str = "echo-tcp";
pub(crate) const WEBSOCKET: &str = "echo-websocket";
pub(crate) const WEBSOCKET_TOGETHER: &str = "echo-websocket-together";

const BUFFER_BYTES: usize = 4 * 1024;

/// CPU time of a bare TCP echo, per message of so many bytes.
pub(crate) async fn tcp(setting: &Setting, connections: usize, window: u64, bytes: usize) -> Result<f64> {
    echo(setting, TCP, connections, |route, number, echoed| async move {
        let stream = route.connect_plain(number).await?;
        Ok(bounce_bytes(stream, window, bytes, echoed).boxed())
    })
    .await
}

/// CPU time of a bare WebSocket echo, per message of so many bytes, each written by itself at both ends.
pub(crate) async fn websocket(
    setting: &Setting,
    connections: usize,
    window: u64,
    bytes: usize,
) -> Result<f64> {
    let frame = Bytes::from(vec![7; bytes]);
    echo(setting, WEBSOCKET, connections, |route, number, echoed| {
        let frame = frame.clone();
        async move {
            let wire = Wire::open(&route, number).await?;
            Ok(bounce_each(wire, window, frame, echoed).boxed())
        }
    })
    .await
}

/// The same, when all messages of a window share one write, at both ends.
pub(crate) async fn websocket_together(
    setting: &Setting,
    connections: usize,
    window: usize,
    bytes: usize,
) -> Result<f64> {
    let frame = Bytes::from(vec![7; bytes]);
    echo(setting, WEBSOCKET_TOGETHER, connections, |route, number, echoed| {
        let frame = frame.clone();
        async move {
            let wire = Wire::open(&route, number).await?;
            Ok(bounce_together(wire, window, frame, echoed).boxed())
        }
    })
    .await
}

/// What a bare connection costs a process that only holds it.
pub(crate) struct Held {
    pub(crate) bytes: f64,
    /// For taking it in: TCP, and the handshake of WebSocket.
    pub(crate) cpu_us: f64,
}

/// Opens so many WebSockets to a bare echo and holds them, without a word.
pub(crate) async fn held(setting: &Setting, connections: usize) -> Result<Held> {
    const OPENING_MAX: usize = 64;
    if setting.target.is_some() {
        return Ok(Held { bytes: f64::NAN, cpu_us: f64::NAN });
    }
    let port = free_port()?;
    let child = setting.play(WEBSOCKET, &[&port.to_string()])?;
    let route = Route::to_port(port);
    drop(connect_first(&route).await?);
    let before = child.meter().read();
    let opening = stream::iter(0..connections).map(|number| Wire::open(&route, number));
    let held: Vec<Wire> = opening.buffer_unordered(OPENING_MAX).try_collect().await?;
    let after = child.meter().read();
    let connections = held.len() as f64;
    Ok(Held {
        bytes: after.bytes_since(before) / connections,
        cpu_us: after.cpu_us_since(before) / connections,
    })
}

/// Starts the child, opens the connections, lets them all bounce, and reads what the child has used.
async fn echo<Opening>(
    setting: &Setting,
    role: &str,
    connections: usize,
    open: impl Fn(Route, usize, Arc<AtomicU64>) -> Opening,
) -> Result<f64>
where
    Opening: Future<Output = Result<futures_util::future::BoxFuture<'static, ()>>>,
{
    if setting.target.is_some() {
        // What this machine charges says nothing about that of somebody else.
        return Ok(f64::NAN);
    }
    let port = free_port()?;
    let child = setting.play(role, &[&port.to_string()])?;
    let route = Route::to_port(port);
    drop(connect_first(&route).await?);
    let echoed = Arc::new(AtomicU64::new(0));
    let mut bouncing = Vec::new();
    for number in 0..connections {
        bouncing.push(open(route.clone(), number, echoed.clone()).await?);
    }
    let mut tasks = JoinSet::new();
    bouncing.into_iter().for_each(|bounce| {
        tasks.spawn(bounce);
    });
    let (warm_up, span) = spans(setting.size);
    tokio::time::sleep(warm_up).await;
    let (usage, before) = (child.meter().read(), echoed.load(Ordering::Relaxed));
    tokio::time::sleep(span).await;
    let cpu_us = child.meter().read().cpu_us_since(usage);
    Ok(cpu_us / (echoed.load(Ordering::Relaxed) - before) as f64)
}

/// For each frame that comes back another one goes out.
async fn bounce_each(mut wire: Wire, window: u64, frame: Bytes, echoed: Arc<AtomicU64>) {
    for _ in 0..window {
        wire.send(frame.clone()).await;
    }
    while wire.receive().await.is_some() {
        echoed.fetch_add(1, Ordering::Relaxed);
        if !wire.send(frame.clone()).await {
            return;
        }
    }
}

/// When all frames of a window are back they go out again.
async fn bounce_together(mut wire: Wire, window: usize, frame: Bytes, echoed: Arc<AtomicU64>) {
    while wire.send_all(std::iter::repeat_n(frame.clone(), window)).await {
        for _ in 0..window {
            if wire.receive().await.is_none() {
                return;
            }
        }
        echoed.fetch_add(window as u64, Ordering::Relaxed);
    }
}

async fn bounce_bytes(mut stream: TcpStream, window: u64, bytes: usize, echoed: Arc<AtomicU64>) {
    let message = vec![7; bytes];
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut to_send = window;
    let mut part = 0;
    loop {
        for _ in 0..to_send {
            if stream.write_all(&message).await.is_err() {
                return;
            }
        }
        let Ok(read @ 1..) = stream.read(&mut buffer).await else { return };
        part += read;
        to_send = (part / bytes) as u64;
        part %= bytes;
        echoed.fetch_add(to_send, Ordering::Relaxed);
    }
}

/// The child that echoes bytes.
pub(crate) fn serve_tcp(words: &[String]) -> Result<()> {
    serve(words, |mut stream| async move {
        let mut buffer = vec![0; BUFFER_BYTES];
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            if stream.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    })
}

/// The child that echoes messages of a WebSocket, each by itself.
pub(crate) fn serve_websocket(words: &[String]) -> Result<()> {
    serve(words, |stream| async move {
        let accepting = accept_hdr_async_with_config(stream, agree, Some(wire::config()));
        let Ok(mut socket) = accepting.await else { return };
        while let Some(Ok(message)) = socket.next().await {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    })
}

/// The child that echoes messages of a WebSocket; those that are there together are written together.
pub(crate) fn serve_websocket_together(words: &[String]) -> Result<()> {
    serve(words, |stream| async move {
        let accepting = accept_hdr_async_with_config(stream, agree, Some(wire::config()));
        let Ok(mut socket) = accepting.await else { return };
        while let Some(Ok(message)) = socket.next().await {
            let mut next = Some(message);
            while let Some(message) = next.take() {
                if socket.feed(message).await.is_err() {
                    return;
                }
                if let Some(Some(Ok(message))) = socket.next().now_or_never() {
                    next = Some(message);
                }
            }
            if socket.flush().await.is_err() {
                return;
            }
        }
    })
}

/// Our clients ask for our subprotocol, and refuse a server that does not speak it.
#[allow(clippy::result_large_err)] // the library's own type
fn agree(
    _request: &Request,
    mut response: Response,
) -> Result<Response, tokio_tungstenite::tungstenite::handshake::server::ErrorResponse> {
    response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("anser.v1"));
    Ok(response)
}

/// On the same runtime as the server's.
fn serve<Serving>(words: &[String], connection: impl Fn(TcpStream) -> Serving) -> Result<()>
where
    Serving: Future<Output = ()> + Send + 'static,
{
    let port: u16 = words.first().and_then(|word| word.parse().ok()).context("an echo needs a port")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(connection(stream));
        }
    })
}
