//! What the listener answers over plain HTTP: the web client, health, metrics, and the ways to a link.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};

use super::limiter::Place;
use super::reply::{Body, Reply, text, unavailable};
use super::{Door, assets, polling, upgrade};

/// Scripts, styles, workers and links of our own only; nothing inline, no frames, no plug-ins.
/// `wasm-unsafe-eval` allows WebAssembly and no other evaluation. The virtual list and the theme set
/// style attributes by script, which needs no exception.
const SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; \
     style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The headers a proxy adds: a request with one of them did not come straight from this machine.
const FORWARDED: [&str; 4] = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];

/// Answers one request of the main listener.
pub(super) async fn answer(
    door: &Arc<Door>,
    peer: IpAddr,
    place: &Arc<Place>,
    request: Request<Incoming>,
) -> Reply {
    let mut reply = match (request.method(), request.uri().path()) {
        (_, "/v1/ws") => {
            let address = client_address(peer, request.headers(), door.settings.trust_forwarded_for);
            upgrade::answer(door, address, place, request)
        }
        (_, path) if polling::is_address(path) => {
            let address = client_address(peer, request.headers(), door.settings.trust_forwarded_for);
            polling::answer(door, address, place, request).await
        }
        (&Method::GET | &Method::HEAD, "/healthz") => health(door).await,
        (&Method::GET | &Method::HEAD, "/metrics") => {
            if door.settings.metrics_listen.is_none() && is_this_machine(peer, request.headers()) {
                metrics(door)
            } else {
                text(StatusCode::NOT_FOUND, "Metrics are not served here.\n")
            }
        }
        (&Method::GET | &Method::HEAD, path) => assets::serve(path, request.headers()),
        _ => text(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD are understood here.\n"),
    };
    harden(reply.headers_mut());
    reply
}

/// Answers one request of the listener for metrics.
pub(super) fn answer_metrics(door: &Door, path: &str) -> Reply {
    match path {
        "/metrics" => metrics(door),
        _ => text(StatusCode::NOT_FOUND, "There is only /metrics here.\n"),
    }
}

async fn health(door: &Door) -> Reply {
    if door.is_draining() {
        return unavailable("draining\n");
    }
    match door.health.check().await {
        Ok(()) => text(StatusCode::OK, "ok\n"),
        Err(why) => {
            tracing::error!(why, "the health check failed");
            unavailable("not well; the server's log says why\n")
        }
    }
}

fn metrics(door: &Door) -> Reply {
    let Ok(numbers) = door.metrics.to_text() else {
        return text(StatusCode::INTERNAL_SERVER_ERROR, "The metrics could not be written.\n");
    };
    let mut reply = Response::new(Body::from(numbers));
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format));
    reply
}

/// On every reply: what the browser must not do with it.
fn harden(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SECURITY_POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
}

/// Who asks, for throttling. The last address of X-Forwarded-For is the one our own proxy saw;
/// all before it were written by whoever asked.
fn client_address(peer: IpAddr, headers: &HeaderMap, trust_forwarded_for: bool) -> IpAddr {
    if !trust_forwarded_for {
        return peer;
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
    forwarded
        .and_then(|value| value.to_str().ok())
        .and_then(|list| list.rsplit(',').next())
        .and_then(|address| address.trim().parse().ok())
        .unwrap_or(peer)
}

/// Metrics are for the operator. A proxy on this machine makes strangers look local, so no sign of one may
/// be there, and the host asked for must be this machine too.
fn is_this_machine(peer: IpAddr, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
    let local_name = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    let forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
    peer.to_canonical().is_loopback() && local_name && !forwarded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(set: &[(&'static str, &'static str)]) -> HeaderMap {
        set.iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn forwarded_addresses_count_only_if_told_and_only_the_last() {
        let asked = headers(&[("x-forwarded-for", "9.9.9.9, 5.6.7.8")]);
        let proxy = address("127.0.0.1");
        assert_eq!(client_address(proxy, &asked, false), proxy);
        assert_eq!(client_address(proxy, &asked, true), address("5.6.7.8"));
        assert_eq!(client_address(proxy, &headers(&[("x-forwarded-for", "nonsense")]), true), proxy);
    }

    #[test]
    fn metrics_are_for_this_machine_and_not_for_those_behind_a_proxy_on_it() {
        let here = address("127.0.0.1");
        assert!(is_this_machine(here, &headers(&[("host", "localhost:7440")])));
        assert!(is_this_machine(address("::ffff:127.0.0.1"), &headers(&[("host", "127.0.0.1:7440")])));
        assert!(!is_this_machine(address("192.0.2.1"), &headers(&[("host", "localhost:7440")])));
        assert!(!is_this_machine(here, &headers(&[("host", "chat.example.org")])));
        let proxied = headers(&[("host", "localhost:7440"), ("x-forwarded-for", "192.0.2.1")]);
        assert!(!is_this_machine(here, &proxied));
    }
}
