//! How frames become bytes and back: whole, in their limits, and with a typed fault for everything else.

mod frames;
mod sizes;

use anser_protocol::wire::{ErrorCode, Frame, Push, Request, Send, Text, frame, request};
use anser_protocol::{Fault, codec, limits};
use proptest::prelude::*;
use prost::Message;

proptest! {
    #[test]
    fn what_a_client_sends_arrives_as_it_was(body in frames::from_client()) {
        let bytes = codec::encode(body.clone());
        prop_assert_eq!(codec::decode_from_client(&bytes), Ok(body));
    }

    #[test]
    fn what_a_server_sends_arrives_as_it_was(body in frames::from_server()) {
        let bytes = codec::encode(body.clone());
        prop_assert_eq!(codec::decode_from_server(&bytes), Ok(Some(body)));
    }

    #[test]
    fn frames_of_servers_are_refused_from_clients(body in frames::from_server()) {
        let fault = codec::decode_from_client(&codec::encode(body)).expect_err("only servers send it");
        prop_assert_eq!(fault.code, ErrorCode::UnexpectedFrame);
    }

    #[test]
    fn a_shared_push_is_the_same_frame(what in frames::push()) {
        let alone = codec::encode(frame::Body::Push(Push { what: Some(what.clone()) }));
        prop_assert_eq!(codec::encode_push(what), alone);
    }

    #[test]
    fn random_bytes_give_a_frame_or_a_typed_fault(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Err(fault) = codec::decode_from_client(&bytes) {
            prop_assert!(matches!(fault.code, ErrorCode::Malformed | ErrorCode::UnexpectedFrame), "{}", fault);
        }
        if let Err(fault) = codec::decode_from_server(&bytes) {
            prop_assert_eq!(fault.code, ErrorCode::Malformed);
        }
    }

    #[test]
    fn a_truncated_frame_is_another_frame_or_a_typed_fault(
        body in frames::from_client(),
        cut in any::<proptest::sample::Index>(),
    ) {
        let bytes = codec::encode(body.clone());
        let shorter = &bytes[..cut.index(bytes.len())];
        // The length that stands before the body no longer fits.
        let fault = codec::decode_from_client(shorter).expect_err("something is missing");
        prop_assert_eq!(fault.code, ErrorCode::Malformed);
    }

    #[test]
    fn a_flipped_bit_never_panics(
        body in frames::from_server(),
        place in any::<proptest::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let mut bytes = codec::encode(body);
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        // Whatever comes of it is a value.
        let _ = codec::decode_from_server(&bytes);
        let _ = codec::decode_from_client(&bytes);
    }

    #[test]
    fn fields_of_a_newer_client_are_passed_over(body in frames::from_client(), number in 100..500_u32) {
        let mut bytes = codec::encode(body.clone());
        prost::encoding::uint64::encode(number, &u64::MAX, &mut bytes);
        prop_assert_eq!(codec::decode_from_client(&bytes), Ok(body));
    }
}

/// A Request frame of exactly so many bytes.
fn request_of(bytes: usize) -> Vec<u8> {
    let build = |body: usize| {
        let send = Send { body: vec![b'x'; body], ..Send::default() };
        codec::encode(frame::Body::Request(Request { id: 1, call: Some(request::Call::Send(send)) }))
    };
    let around = build(bytes - 100).len() - (bytes - 100);
    let frame = build(bytes - around);
    assert_eq!(frame.len(), bytes);
    frame
}

#[track_caller]
fn check_fault<T: std::fmt::Debug>(result: Result<T, Fault>, code: ErrorCode) {
    assert_eq!(result.expect_err("this is at fault").code, code);
}

#[test]
fn a_client_frame_of_exactly_the_limit_passes_and_one_over_does_not() {
    let limit = limits::CLIENT_FRAME_BYTES_MAX;
    assert!(codec::decode_from_client(&request_of(limit)).is_ok());
    check_fault(codec::decode_from_client(&request_of(limit + 1)), ErrorCode::TooLarge);
}

#[test]
fn a_server_frame_of_exactly_the_limit_passes_and_one_over_does_not() {
    // Padded with an unknown field, since any frame may have one.
    let padded = |total: usize| {
        let mut bytes = codec::encode(frame::Body::Beat(Default::default()));
        let around = bytes.len() + 2 + 3; // a key of two bytes, a length of three
        prost::encoding::bytes::encode(100, &vec![0_u8; total - around], &mut bytes);
        assert_eq!(bytes.len(), total);
        bytes
    };
    let limit = limits::SERVER_FRAME_BYTES_MAX;
    assert!(codec::decode_from_server(&padded(limit)).is_ok());
    check_fault(codec::decode_from_server(&padded(limit + 1)), ErrorCode::TooLarge);
}

#[test]
fn an_empty_message_is_no_frame() {
    check_fault(codec::decode_from_client(b""), ErrorCode::Malformed);
}

#[test]
fn a_frame_of_an_unknown_kind_is_passed_over_by_clients_and_refused_by_servers() {
    // Field 99 of Frame, an empty message.
    let unknown = [0x9a, 0x06, 0x00];
    assert_eq!(codec::decode_from_server(&unknown), Ok(None));
    check_fault(codec::decode_from_client(&unknown), ErrorCode::Malformed);
}

#[test]
fn a_text_that_is_not_utf8_is_malformed() {
    let good = Text { text: "家人👨‍👩‍👧‍👦".to_owned() }.encode_to_vec();
    assert_eq!(codec::decode_text(&good).as_deref(), Ok("家人👨‍👩‍👧‍👦"));
    for bad in [&[0xff_u8][..], &[0xc3, 0x28], &[0xed, 0xa0, 0x80], &[0xf0, 0x9f, 0x91]] {
        let mut bytes = vec![0x0a, bad.len() as u8];
        bytes.extend_from_slice(bad);
        check_fault(codec::decode_text(&bytes), ErrorCode::Malformed);
    }
}

#[test]
fn a_handle_that_is_not_utf8_is_malformed() {
    // Frame { request { id: 1, find_account { handle: ff } } }
    let bytes = [0x12, 0x07, 0x08, 0x01, 0x52, 0x03, 0x0a, 0x01, 0xff];
    check_fault(codec::decode_from_client(&bytes), ErrorCode::Malformed);
}

#[test]
fn a_frame_that_nests_for_ever_is_malformed() {
    // Unknown groups inside each other: deeper than any message of ours.
    let bytes = vec![0x1b; 10_000];
    check_fault(codec::decode_from_client(&bytes), ErrorCode::Malformed);
}

#[test]
fn a_length_beyond_the_frame_is_malformed() {
    // A Hello that says to be 2^63 bytes long.
    let bytes = [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    check_fault(codec::decode_from_client(&bytes), ErrorCode::Malformed);
}

#[test]
fn a_frame_with_two_bodies_is_its_last() {
    // As the protobuf rules say of a oneof; both ends must agree on which.
    let mut bytes = codec::encode(frame::Body::Hello(Default::default()));
    bytes.extend(codec::encode(frame::Body::Ping(Default::default())));
    assert_eq!(codec::decode_from_client(&bytes), Ok(frame::Body::Ping(Default::default())));
    assert!(Frame::decode(bytes.as_slice()).is_ok());
}
