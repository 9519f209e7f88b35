//! Takes connections in, and turns away those for which there is no room.

use std::convert::Infallible;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anser_protocol::limits;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::limiter::Place;
use super::patience::Patient;
use super::tls_stream::TlsStream;
use super::{Door, http};

/// How long to hold back after the system could not give us a connection (mostly: no descriptors left).
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// Bytes of a request's head: ours are small, browsers add cookies of their neighbours.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// What somebody gets for whom there is no room, as far as plain HTTP can tell them.
const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Type: text/plain\r\n\
    Content-Length: 48\r\nConnection: close\r\n\r\nThis server has as many connections as it takes.";

/// Accepts until told to stop.
pub(crate) async fn run(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    door: Arc<Door>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => take_in(stream, peer, tls.as_ref(), &door, &stop),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
            }
        }
    }
}

fn take_in(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<&Arc<ServerConfig>>,
    door: &Arc<Door>,
    stop: &watch::Receiver<bool>,
) {
    let place = match door.limiter.enter() {
        Ok(place) => Arc::new(place),
        Err(bound) => {
            door.metrics.count_refusal(bound);
            // One try without waiting (the socket is non-blocking): a new socket takes these few bytes at once.
            if tls.is_none()
                && let Ok(mut socket) = stream.into_std()
            {
                let _best_effort = socket.write(NO_ROOM);
            }
            return;
        }
    };
    // A frame is written whole and at once, so waiting for more of it (Nagle) only costs time.
    let _best_effort = stream.set_nodelay(true);
    let (tls, door, stop) = (tls.cloned(), door.clone(), stop.clone());
    tokio::spawn(async move {
        match tls {
            None => serve(stream, peer.ip(), place, &door, stop).await,
            Some(tls) => {
                let patience = Duration::from_millis(limits::HELLO_MS);
                if let Ok(Ok(stream)) = tokio::time::timeout(patience, TlsStream::accept(stream, tls)).await {
                    serve(stream, peer.ip(), place, &door, stop).await;
                }
            }
        }
    });
}

/// Speaks HTTP with one connection until it ends, becomes a link, or the server stops.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: IpAddr,
    place: Arc<Place>,
    door: &Arc<Door>,
    mut stop: watch::Receiver<bool>,
) {
    let answer = service_fn(|request| {
        let (door, place) = (door.clone(), place.clone());
        async move { Ok::<_, Infallible>(http::answer(&door, peer, &place, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // Also ends connections that are kept alive without a further request.
        .header_read_timeout(Duration::from_millis(limits::HELLO_MS))
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Patient::new(stream)), answer)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        result = connection.as_mut() => return trace_end(&result),
        _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    trace_end(&connection.await);
}

/// Peers that break off or speak no HTTP are none of the operator's business.
fn trace_end(result: &hyper::Result<()>) {
    if let Err(error) = result {
        tracing::trace!(%error, "an HTTP connection ended");
    }
}

/// Accepts those who want metrics, until told to stop. For the operator only, so nothing is counted or limited.
pub(crate) async fn run_metrics(listener: TcpListener, door: Arc<Door>, mut stop: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
            continue;
        };
        let door = door.clone();
        tokio::spawn(async move {
            let answer = service_fn(|request: Request<Incoming>| {
                let reply = http::answer_metrics(&door, request.uri().path());
                async move { Ok::<_, Infallible>(reply) }
            });
            let connection = http1::Builder::new()
                .keep_alive(false)
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_millis(limits::HELLO_MS))
                .serve_connection(TokioIo::new(Patient::new(stream)), answer);
            trace_end(&connection.await);
        });
    }
}
