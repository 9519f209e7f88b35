//! From an HTTP request to a link: the WebSocket handshake and what must be true for it.

use std::net::IpAddr;
use std::sync::Arc;

use anser_protocol::limits;
use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::Door;
use super::connection::Link;
use super::limiter::Place;
use super::reply::{Body, Reply, text, unavailable};
use crate::config::Origins;

/// What both ends speak inside the WebSocket; a later protocol gets another name.
const SUBPROTOCOL: &str = "anser.v1";
/// Buffers of a link. Small, because most links are idle most of the time and there are many.
const READ_BUFFER_BYTES: usize = 4 * 1024;
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// The largest frame of ours, twice: what cannot be written yet must fit, and no more.
const WRITE_BUFFER_BYTES_MAX: usize = 2 * limits::SERVER_FRAME_BYTES_MAX;

/// Agrees to the upgrade and starts the link, or says why not.
pub(super) fn answer(
    door: &Arc<Door>,
    address: IpAddr,
    place: &Arc<Place>,
    mut request: Request<Incoming>,
) -> Reply {
    if !allows_origin(&door.settings.allowed_origins, request.headers()) {
        door.metrics.count_refusal("origin");
        return text(
            StatusCode::FORBIDDEN,
            "This page's origin is not among the allowed_origins of this server.\n",
        );
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
        let Ok(stream) = upgrade.await else { return };
        let socket =
            WebSocketStream::from_raw_socket(TokioIo::new(stream), Role::Server, Some(socket_config())).await;
        Link::new(socket, door, place, address, leave).run().await;
    });
    switching_protocols(&key)
}

fn socket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(limits::CLIENT_FRAME_BYTES_MAX))
        .max_frame_size(Some(limits::CLIENT_FRAME_BYTES_MAX))
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

/// Only browsers send an origin, and they cannot lie about it. Without the check any web page could use
/// its visitor's browser to reach a server inside the visitor's network.
fn allows_origin(allowed: &Origins, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    match allowed {
        Origins::Listed(origins) => origins.contains(&origin.to_ascii_lowercase()),
        Origins::SameHost => {
            let host = headers.get(HOST).and_then(|host| host.to_str().ok());
            host.is_some_and(|host| is_same_host(origin, host))
        }
    }
}

/// The scheme is not compared: behind a proxy that speaks TLS, the page is https and we are not.
/// Browsers leave the scheme's own port out of both, so the rest can be compared as it is.
fn is_same_host(origin: &str, host: &str) -> bool {
    let Ok(origin) = origin.parse::<Uri>() else { return false };
    origin.authority().is_some_and(|authority| authority.as_str().eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn headers(set: &[(HeaderName, &'static str)]) -> HeaderMap {
        set.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn pages_of_this_host_may_connect_and_others_not() {
        let check = |origin, expect: bool| {
            let headers = headers(&[(HOST, "chat.example.org:7440"), (ORIGIN, origin)]);
            assert_eq!(allows_origin(&Origins::SameHost, &headers), expect, "{origin}");
        };
        check("http://chat.example.org:7440", true);
        check("https://Chat.example.org:7440", true);
        check("http://chat.example.org", false);
        check("http://chat.example.org.evil.example:7440", false);
        check("https://evil.example", false);
        check("null", false);
    }

    #[test]
    fn programs_that_are_no_browsers_send_no_origin() {
        assert!(allows_origin(&Origins::SameHost, &headers(&[(HOST, "chat.example.org")])));
    }

    #[test]
    fn listed_origins_are_compared_whole() {
        let listed = Origins::Listed(BTreeSet::from(["https://chat.example.org".to_owned()]));
        assert!(allows_origin(&listed, &headers(&[(ORIGIN, "https://chat.example.org")])));
        assert!(!allows_origin(&listed, &headers(&[(ORIGIN, "http://chat.example.org")])));
        assert!(!allows_origin(&listed, &headers(&[(HOST, "a.example"), (ORIGIN, "https://a.example")])));
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
