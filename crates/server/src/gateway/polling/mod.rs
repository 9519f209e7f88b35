//! Links made of plain HTTP exchanges, for networks that let no WebSocket through.
//!
//! | exchange | what it does |
//! |---|---|
//! | `POST /v1/poll` | opens a link and gives it a name |
//! | `POST /v1/poll/up` | brings frames |
//! | `POST /v1/poll/down` | takes frames, and waits for some if told to: then it is a long poll |
//! | `DELETE /v1/poll` | ends the link |
//!
//! Exchanges of each lane come one after the other and carry their number, so that order is kept and a repeat is seen.

mod lanes;
mod poll_carrier;
mod polled;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anser_protocol::wire::ErrorCode;
use anser_protocol::{Fault, limits};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::timeout;

use super::connection::Link;
use super::limiter::Place;
use super::reply::{Body, Reply, text, unavailable};
use super::{Door, origin};
use lanes::{Failed, Fetched};
use poll_carrier::PollCarrier;
use polled::{Known, Name};

pub(super) use polled::Polled;

const OPEN: &str = "/v1/poll";
const UP: &str = "/v1/poll/up";
const DOWN: &str = "/v1/poll/down";

/// The link's name, in the answer to its opening and in every exchange of it.
const LINK: HeaderName = HeaderName::from_static("anser-link");
/// The exchange's number in its lane, from 1 on.
const NUMBER: HeaderName = HeaderName::from_static("anser-number");
/// How long an exchange down is willing to wait.
const WAIT_MS: HeaderName = HeaderName::from_static("anser-wait-ms");
/// How the link ended, in the answer that brings its last frames.
const CLOSED: HeaderName = HeaderName::from_static("anser-closed");

/// Whether requests for this path are for this door.
pub(super) fn is_address(path: &str) -> bool {
    matches!(path, OPEN | UP | DOWN)
}

/// Answers one exchange.
pub(super) async fn answer(
    door: &Arc<Door>,
    address: IpAddr,
    place: &Arc<Place>,
    request: Request<Incoming>,
) -> Reply {
    if let Some(refusal) = origin::refuse(door, request.headers()) {
        return refusal;
    }
    match (request.method(), request.uri().path()) {
        (&Method::POST, OPEN) => open(door, address),
        (&Method::DELETE, OPEN) => end(door, place, request.headers()),
        (&Method::POST, UP) => up(door, place, request).await,
        (&Method::POST, DOWN) => down(door, place, request.headers()).await,
        _ => text(StatusCode::METHOD_NOT_ALLOWED, "Links are polled with POST and ended with DELETE.\n"),
    }
}

fn open(door: &Arc<Door>, address: IpAddr) -> Reply {
    // From here on the server's stop waits for this link, so the order matters: first count, then look.
    let leave = door.links.subscribe();
    if *leave.borrow() {
        return unavailable("This server is stopping; connect again in a moment.\n");
    }
    let place = match door.limiter.enter() {
        Ok(place) => Arc::new(place),
        Err(bound) => {
            door.metrics.count_refusal(bound);
            return unavailable("This server has as many links as it takes.\n");
        }
    };
    let Ok((name, carrier)) = PollCarrier::open(&door.polled, &place) else {
        return unavailable("This server has no random numbers for a new link.\n");
    };
    tokio::spawn(Link::new(carrier, door.clone(), place, address, leave).run());
    let mut reply = empty(StatusCode::CREATED);
    set(&mut reply, LINK, &name.to_text());
    reply
}

fn end(door: &Door, place: &Arc<Place>, headers: &HeaderMap) -> Reply {
    match find(door, place, headers) {
        Ok(known) => {
            known.lanes.break_off();
            empty(StatusCode::NO_CONTENT)
        }
        Err(refusal) => *refusal,
    }
}

async fn up(door: &Door, place: &Arc<Place>, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    let Some(number) = number(&head.headers, &NUMBER) else { return no_number() };
    let known = match find(door, place, &head.headers) {
        Ok(known) => known,
        Err(refusal) => return *refusal,
    };
    let Some(body) = read(body).await else {
        // Nobody knows how much of it there was.
        known.lanes.break_off();
        return text(StatusCode::BAD_REQUEST, "The body broke off.\n");
    };
    match known.lanes.bring(number, body).await {
        Ok(()) => empty(StatusCode::NO_CONTENT),
        Err(failed) => failure(failed),
    }
}

async fn down(door: &Door, place: &Arc<Place>, headers: &HeaderMap) -> Reply {
    let (Some(number), Some(wait_ms)) = (number(headers, &NUMBER), number(headers, &WAIT_MS)) else {
        return no_number();
    };
    let known = match find(door, place, headers) {
        Ok(known) => known,
        Err(refusal) => return *refusal,
    };
    door.metrics.count_poll(wait_ms > 0);
    let wait = Duration::from_millis(wait_ms.min(limits::POLL_WAIT_MS));
    match known.lanes.fetch(number, wait).await {
        Ok(Fetched { body, closed }) => {
            let mut reply = Response::new(Body::from(body));
            let headers = reply.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            if let Some(code) = closed {
                set(&mut reply, CLOSED, &code.to_string());
            }
            reply
        }
        Err(failed) => failure(failed),
    }
}

/// The whole body; `None` if it broke off. What is too long is the fault of a frame in it, and told as such.
async fn read(body: Incoming) -> Option<Result<Bytes, Fault>> {
    let patience = Duration::from_millis(limits::WRITE_MS);
    match timeout(patience, Limited::new(body, limits::POLL_UP_BYTES_MAX).collect()).await {
        Ok(Ok(body)) => Some(Ok(body.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let text = format!("a body is {} bytes at most", limits::POLL_UP_BYTES_MAX);
            Some(Err(Fault::new(ErrorCode::TooLarge, text)))
        }
        Ok(Err(_)) | Err(_) => None,
    }
}

/// The link that an exchange belongs to. Its connection is as little silent as the link is.
fn find(door: &Door, place: &Arc<Place>, headers: &HeaderMap) -> Result<Known, Box<Reply>> {
    let name = headers.get(LINK).and_then(|name| name.to_str().ok()).and_then(Name::parse);
    let Some(name) = name else {
        let words = "The header Anser-Link must say which link this is for.\n";
        return Err(Box::new(text(StatusCode::BAD_REQUEST, words)));
    };
    let Some(known) = door.polled.find(name) else { return Err(Box::new(failure(Failed::Over))) };
    if !known.place.is_silent() {
        place.speak();
    }
    Ok(known)
}

fn failure(failed: Failed) -> Reply {
    match failed {
        Failed::Over => text(StatusCode::GONE, "This link is over; open another one.\n"),
        Failed::OutOfOrder => {
            text(StatusCode::CONFLICT, "Exchanges of a lane come one after the other; this link is over.\n")
        }
    }
}

fn no_number() -> Reply {
    text(
        StatusCode::BAD_REQUEST,
        "The headers Anser-Number and, on the way down, Anser-Wait-Ms must be numbers.\n",
    )
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Body::default());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

fn set(reply: &mut Reply, name: HeaderName, value: &str) {
    // Digits are always a valid value.
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}
