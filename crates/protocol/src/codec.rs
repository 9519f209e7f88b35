//! How a frame becomes bytes and back, within its limits.

use bytes::Bytes;
use prost::Message;

use crate::error::Fault;
use crate::limits;
use crate::wire::{self, ErrorCode, Frame, Push, frame, push};

/// One frame as bytes. Never fails: we do not build frames we could not send.
pub fn encode(body: frame::Body) -> Vec<u8> {
    Frame { body: Some(body) }.encode_to_vec()
}

/// One push as the bytes of its frame, to be shared by all who get it.
pub fn encode_push(what: push::What) -> Bytes {
    Bytes::from(encode(frame::Body::Push(Push { what: Some(what) })))
}

/// A frame that came from a client: bounded, and of a kind that clients send.
pub fn decode_from_client(bytes: &[u8]) -> Result<frame::Body, Fault> {
    if bytes.len() > limits::CLIENT_FRAME_BYTES_MAX {
        let text = format!("a frame is {} bytes at most", limits::CLIENT_FRAME_BYTES_MAX);
        return Err(Fault::new(ErrorCode::TooLarge, text));
    }
    let body = decode(bytes)?;
    match body {
        frame::Body::Hello(_) | frame::Body::Request(_) | frame::Body::Ping(_) => Ok(body),
        _ => Err(Fault::new(ErrorCode::UnexpectedFrame, "only servers send this frame")),
    }
}

/// A frame that came from a server. Unknown frames of a newer server are `Ok(None)`.
pub fn decode_from_server(bytes: &[u8]) -> Result<Option<frame::Body>, Fault> {
    if bytes.len() > limits::SERVER_FRAME_BYTES_MAX {
        return Err(Fault::new(ErrorCode::TooLarge, "the server sent a frame over its own limit"));
    }
    let frame = Frame::decode(bytes).map_err(malformed)?;
    Ok(frame.body)
}

fn decode(bytes: &[u8]) -> Result<frame::Body, Fault> {
    let frame = Frame::decode(bytes).map_err(malformed)?;
    frame.body.ok_or_else(|| Fault::new(ErrorCode::Malformed, "the frame is empty or of an unknown kind"))
}

fn malformed(error: prost::DecodeError) -> Fault {
    Fault::new(ErrorCode::Malformed, format!("not a Frame of anser.v1: {error}"))
}

/// The text of an event of kind TEXT, or why it is none.
pub fn decode_text(body: &[u8]) -> Result<String, Fault> {
    let wire::Text { text } = wire::Text::decode(body).map_err(malformed)?;
    Ok(text)
}
