//! From an HTTP request to a link: the WebSocket handshake and what must be true for it.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::upgrade::Upgraded;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::connection::Link;
use super::limiter::Place;
use super::patience::Patient;
use super::reply::{Body, Reply, text, unavailable};
use super::socket::Socket;
use super::tls_stream::TlsStream;
use super::{Door, origin};

/// What both ends speak inside the WebSocket; a later protocol gets another name.
const SUBPROTOCOL: &str = "anser.v1";
/// Agrees to the upgrade and starts the link, or says why not.
pub(super) fn answer(
    door: &Arc<Door>,
    address: IpAddr,
    place: &Arc<Place>,
    mut request: Request<Incoming>,
) -> Reply {
    if let Some(refusal) = origin::refuse(door, request.headers()) {
        return refusal;
    }
    let key = match handshake_key(request.method(), request.headers()) {
        Ok(key) => key,
        Err(refusal) => return *refusal,
    };
    // From here on the server's stop waits for this link, so the order matters: first count, then look.
    let leave = door.links.subscribe();
    if *leave.borrow() {
        return unavailable("This server is stopping; connect again in a moment.\n");
    }

    let upgrade = hyper::upgrade::on(&mut request);
    let (door, place) = (door.clone(), place.clone());
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        // A task of its own, which is no larger than a link: what HTTP needed goes with this one.
        match stream_of(upgraded) {
            Some(Stream::Plain(stream, unread)) => {
                let socket = Socket::new(stream, &unread);
                tokio::spawn(Link::new(socket, door, place, address, leave).run());
            }
            Some(Stream::Tls(stream, unread)) => {
                let socket = Socket::new(*stream, &unread);
                tokio::spawn(Link::new(socket, door, place, address, leave).run());
            }
            None => tracing::error!("an upgraded connection is of a kind that the listener does not make"),
        }
    });
    switching_protocols(&key)
}

/// What a link is made of, and what was read of it already.
enum Stream {
    Plain(TcpStream, Bytes),
    Tls(Box<TlsStream<TcpStream>>, Bytes),
}

/// Takes the connection out of all that HTTP put around it, which would stay for as long as the link.
fn stream_of(upgraded: Upgraded) -> Option<Stream> {
    let upgraded = match upgraded.downcast::<TokioIo<Patient<TcpStream>>>() {
        Ok(parts) => return Some(Stream::Plain(parts.io.into_inner().into_inner(), parts.read_buf)),
        Err(upgraded) => upgraded,
    };
    let parts = upgraded.downcast::<TokioIo<Patient<TlsStream<TcpStream>>>>().ok()?;
    Some(Stream::Tls(Box::new(parts.io.into_inner().into_inner()), parts.read_buf))
}

fn switching_protocols(key: &HeaderValue) -> Reply {
    let mut reply = Response::new(Body::default());
    *reply.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = reply.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    // Base64 is always a valid header value.
    if let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    reply
}

/// The client's key, if this is a WebSocket handshake for our subprotocol.
fn handshake_key(method: &Method, headers: &HeaderMap) -> Result<HeaderValue, Box<Reply>> {
    let refuse = |status, words| Err(Box::new(text(status, words)));
    let upgrades = has_token(headers, &CONNECTION, "upgrade") && has_token(headers, &UPGRADE, "websocket");
    if method != Method::GET || !upgrades {
        let mut reply = text(StatusCode::UPGRADE_REQUIRED, "This address speaks WebSocket.\n");
        reply.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
        return Err(Box::new(reply));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let mut reply = text(StatusCode::UPGRADE_REQUIRED, "This server speaks WebSocket version 13.\n");
        reply.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return Err(Box::new(reply));
    }
    if !has_token(headers, &SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return refuse(StatusCode::BAD_REQUEST, "Ask for the WebSocket subprotocol anser.v1.\n");
    }
    match headers.get(SEC_WEBSOCKET_KEY) {
        Some(key) => Ok(key.clone()),
        None => refuse(StatusCode::BAD_REQUEST, "The header Sec-WebSocket-Key is missing.\n"),
    }
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let lists = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|found| found.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(set: &[(HeaderName, &'static str)]) -> HeaderMap {
        set.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_a_whole_handshake_for_our_subprotocol_will_do() {
        let whole = [
            (CONNECTION, "keep-alive, Upgrade"),
            (UPGRADE, "WebSocket"),
            (SEC_WEBSOCKET_VERSION, "13"),
            (SEC_WEBSOCKET_PROTOCOL, "other, anser.v1"),
            (SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        assert!(handshake_key(&Method::GET, &headers(&whole)).is_ok());
        assert!(handshake_key(&Method::POST, &headers(&whole)).is_err());
        for missing in 0..whole.len() {
            let rest: Vec<_> =
                whole.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, h)| h.clone()).collect();
            assert!(handshake_key(&Method::GET, &headers(&rest)).is_err(), "without {}", whole[missing].0);
        }
    }
}
