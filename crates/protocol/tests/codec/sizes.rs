//! What the frames that matter most weigh (spec L2, L7). A WebSocket adds 6 bytes up and at most 4 down.

use anser_protocol::wire::{Beat, Event, Ping, Request, Send, Text, frame, push, request};
use anser_protocol::{codec, kind};
use prost::Message;

/// Twenty Chinese characters of three bytes each.
const TEXT: &str = "今天晚上七点在老地方见面好吗我带上次那本书";

/// Numbers as large as they become in years: a conversation among four billion, event two million of it.
const CONVERSATION: u64 = u32::MAX as u64;
const SEQ: u64 = 2_000_000;
const AT_MS: u64 = 1_900_000_000_000;
const ACCOUNT: u64 = (1 << 48) - 1;

fn text_body() -> Vec<u8> {
    let text: String = TEXT.chars().take(20).collect();
    assert_eq!((text.chars().count(), text.len()), (20, 60));
    Text { text }.encode_to_vec()
}

#[test]
fn a_short_message_goes_up_in_104_bytes() {
    let send = Send {
        conversation: CONVERSATION,
        send_key: vec![0xab; 16],
        kind: kind::TEXT,
        body: text_body(),
        silent: false,
    };
    let bytes =
        codec::encode(frame::Body::Request(Request { id: 100_000, call: Some(request::Call::Send(send)) }));
    assert!(bytes.len() <= 104, "{} bytes", bytes.len());
}

#[test]
fn and_comes_down_in_106() {
    let event = Event {
        conversation: CONVERSATION,
        seq: SEQ,
        sender: ACCOUNT,
        at_ms: AT_MS,
        kind: kind::TEXT,
        body: text_body(),
        silent: false,
        send_key: Vec::new(),
    };
    let bytes = codec::encode_push(push::What::Event(event));
    assert!(bytes.len() <= 106, "{} bytes", bytes.len());
}

#[test]
fn a_heartbeat_is_ten_bytes_at_most_each_way() {
    assert!(codec::encode(frame::Body::Ping(Ping { silence_ms: u32::MAX })).len() <= 10);
    assert!(codec::encode(frame::Body::Beat(Beat { pushes: u32::MAX, resync: true })).len() <= 10);
}
