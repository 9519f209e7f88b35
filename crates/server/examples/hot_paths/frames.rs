//! Bytes and frames: the codec, the server's end of a link, its WebSocket.

use std::hint::black_box;

use anser_protocol::session::{Output, Session};
use anser_protocol::wire::{self, answer, frame, push, request};
use anser_protocol::{Moment, SendKey, codec, kind, limits};
use anser_server::gateway::websocket::{Incoming, write_message};
use prost::Message;

/// What people write most of the time is shorter.
const TEXT: &str =
    "A message of one hundred bytes, which is more than most people write at once when they are chatting.";
/// Slow enough for the limit on requests.
const PAUSE_MS: u64 = 10;

/// One Send as a frame.
pub(crate) fn send(round: u64) -> Vec<u8> {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&round.to_le_bytes());
    let send = wire::Send {
        conversation: 1,
        send_key: SendKey::new(round, random).0.to_vec(),
        kind: kind::TEXT,
        body: wire::Text { text: TEXT.to_owned() }.encode_to_vec(),
        silent: false,
    };
    let id = u32::try_from(round % 1_000_000 + 1).unwrap_or(1);
    codec::encode(frame::Body::Request(wire::Request { id, call: Some(request::Call::Send(send)) }))
}

/// A message comes in; its answer and its push go out.
pub(crate) fn codec(rounds: u64) {
    for round in 0..rounds {
        let Ok(frame::Body::Request(request)) = codec::decode_from_client(black_box(&send(round))) else {
            return;
        };
        let Some(request::Call::Send(send)) = request.call else { return };
        let sent = wire::Sent { seq: round, at_ms: round };
        let answer = wire::Answer { id: request.id, result: Some(answer::Result::Sent(sent)) };
        black_box(codec::encode(frame::Body::Answer(answer)));
        let event = wire::Event {
            conversation: 1,
            seq: round,
            kind: send.kind,
            body: send.body,
            ..Default::default()
        };
        black_box(codec::encode_push(push::What::Event(event)));
    }
}

/// A message comes in, is dispatched and answered, and another one is pushed.
pub(crate) fn session(rounds: u64) {
    let mut session = Session::new(Moment(0));
    let hello = wire::Hello { version: limits::VERSION, token: vec![7; 32], position: 0 };
    session.handle_frame(&codec::encode(frame::Body::Hello(hello)), Moment(0));
    drain(&mut session);
    session.handle_welcome(wire::Welcome::default(), Moment(0));
    drain(&mut session);
    let pushed = codec::encode_push(push::What::Event(wire::Event::default()));
    for round in 0..rounds {
        let now = Moment(round * PAUSE_MS);
        session.handle_frame(&send(round), now);
        let Output::Dispatch { id, .. } = session.poll_output() else { return };
        drain(&mut session);
        session.handle_answer(id, Ok(answer::Result::Sent(wire::Sent { seq: round, at_ms: round })), now);
        drain(&mut session);
        session.handle_push(pushed.clone(), now);
        drain(&mut session);
    }
}

fn drain(session: &mut Session) {
    while !matches!(black_box(session.poll_output()), Output::Wait(_)) {}
}

/// A masked message comes in, and one goes out.
pub(crate) fn websocket(rounds: u64) {
    let payload = send(1);
    let mut bytes = vec![0x82, 0x80 | 126, 0, u8::try_from(payload.len()).unwrap_or(0), 1, 2, 3, 4];
    bytes.extend(payload.iter().zip([1, 2, 3, 4].into_iter().cycle()).map(|(byte, mask)| byte ^ mask));
    let mut incoming = Incoming::new(limits::CLIENT_FRAME_BYTES_MAX, &[]);
    for _ in 0..rounds {
        incoming.add(black_box(&bytes));
        while let Ok(Some(said)) = incoming.take() {
            black_box(said);
        }
        let mut out = Vec::new();
        write_message(&mut out, &payload);
        black_box(out);
    }
}
