//! What an answer over plain HTTP is made of.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

pub(super) type Body = Full<Bytes>;
pub(super) type Reply = Response<Body>;

/// A short answer for people and programs.
pub(super) fn text(status: StatusCode, words: &'static str) -> Reply {
    let mut reply = Response::new(Body::from(words));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// Refused for now; come back in a few seconds.
pub(super) fn unavailable(words: &'static str) -> Reply {
    let mut reply = text(StatusCode::SERVICE_UNAVAILABLE, words);
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    reply
}
