//! A link without a socket, for tests of those who talk: what they ask for is looked at, and answered by hand.

use anser_protocol::link::{Greeting, Link, Output};
use anser_protocol::wire::{self, Answer, Changes, Frame, Head, Welcome, answer, frame, request};
use anser_protocol::{Moment, codec};
use prost::Message;

/// The only chat of those who talk.
pub(super) const CHAT: u64 = 7;
pub(super) const NOW: Moment = Moment(1_000_000);

/// What Welcome says to somebody whose chat has so many events.
pub(super) fn welcome(last_seq: u64) -> Welcome {
    let head = Head { conversation: CHAT, last_seq, ..Head::default() };
    Welcome { changes: Some(Changes { heads: vec![head], ..Changes::default() }), ..Welcome::default() }
}

/// A link that is up.
pub(super) fn link() -> Link {
    let mut link = Link::new([0; 32]);
    link.open(Greeting::Hello { token: vec![1; 32] }, NOW);
    link.handle_connected(1, NOW);
    link.handle_received(1, &codec::encode(frame::Body::Welcome(welcome(1))), NOW);
    while !matches!(link.poll_output(), Output::Wait(_)) {}
    assert!(link.is_up());
    link
}

/// What was asked for since the last time, with its number.
pub(super) fn asked(link: &mut Link) -> Vec<(u32, request::Call)> {
    let mut asked = Vec::new();
    loop {
        match link.poll_output() {
            Output::Transmit { bytes, .. } => match Frame::decode(bytes.as_slice()).unwrap().body {
                Some(frame::Body::Request(request)) => asked.push((request.id, request.call.unwrap())),
                other => panic!("not asked for: {other:?}"),
            },
            Output::Wait(_) => return asked,
            other => panic!("not asked for: {other:?}"),
        }
    }
}

/// The server answers; the link must know of it too, or it would have no room for further requests.
pub(super) fn answered(link: &mut Link, id: u32) {
    let done = Some(answer::Result::Done(wire::Done {}));
    link.handle_received(1, &codec::encode(frame::Body::Answer(Answer { id, result: done })), NOW);
    while !matches!(link.poll_output(), Output::Wait(_)) {}
}
