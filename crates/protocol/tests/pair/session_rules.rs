//! What a session does with clients that do not keep the rules: a typed answer or a typed end, never more.

use anser_protocol::codec;
use anser_protocol::limits;
use anser_protocol::wire::{
    Answer, Beat, Hello, Ping, Push, Register, Request, Sync, Welcome, answer, frame, request,
};

use crate::world::{TOKEN, World};

/// What the server says to one frame on a link that is up.
#[track_caller]
fn check(frame: &[u8], transcript: &str) {
    let mut world = World::linked();
    world.client_sends_raw(frame);
    world.expect(transcript);
}

/// What the server says to one frame as the first of a link.
#[track_caller]
fn check_first(body: frame::Body, transcript: &str) {
    let mut world = World::new();
    world.client(|link, now| link.open(anser_protocol::link::Greeting::Anonymous, now));
    world.run_ms(100);
    world.take_transcript();
    world.client_sends_raw(&codec::encode(body));
    world.expect(transcript);
}

fn hello(version: u32) -> frame::Body {
    frame::Body::Hello(Hello { version, token: TOKEN.to_vec(), position: 0 })
}

fn sync(id: u32) -> frame::Body {
    frame::Body::Request(Request { id, call: Some(request::Call::Sync(Sync::default())) })
}

#[test]
fn another_version_is_refused() {
    for version in [0, limits::VERSION + 1, u32::MAX] {
        check_first(
            hello(version),
            "100 server sends Close UNSUPPORTED_VERSION
             100 server ends, UNSUPPORTED_VERSION (4030)",
        );
    }
}

#[test]
fn a_second_hello_ends_the_link() {
    check(
        &codec::encode(hello(limits::VERSION)),
        "100 server sends Close UNEXPECTED_FRAME
         100 server ends, UNEXPECTED_FRAME (4010)",
    );
}

#[test]
fn a_request_before_hello_ends_the_link() {
    check_first(
        sync(1),
        "100 server sends Close UNEXPECTED_FRAME
         100 server ends, UNEXPECTED_FRAME (4010)",
    );
}

#[test]
fn a_ping_before_hello_is_answered_and_gains_no_time() {
    let mut world = World::new();
    world.client(|link, now| link.open(anser_protocol::link::Greeting::Anonymous, now));
    world.run_ms(9_000);
    world.client_sends_raw(&codec::encode(frame::Body::Ping(Ping { silence_ms: 0 })));
    world.run_ms(1_020);
    world.expect(
        "    0 client opens connection 1
            20 client is up, anonymous
          9000 server sends Beat 0
         10020 server sends Close HELLO_TIMEOUT
         10020 server ends, HELLO_TIMEOUT (4011)",
    );
}

#[test]
fn frames_that_only_servers_send_end_the_link() {
    let bodies = [
        frame::Body::Welcome(Welcome::default()),
        frame::Body::Answer(Answer { id: 1, result: Some(answer::Result::Done(Default::default())) }),
        frame::Body::Push(Push::default()),
        frame::Body::Beat(Beat::default()),
        frame::Body::Close(Default::default()),
    ];
    for body in bodies {
        check(
            &codec::encode(body),
            "100 server sends Close UNEXPECTED_FRAME
             100 server ends, UNEXPECTED_FRAME (4010)",
        );
    }
}

#[test]
fn what_is_no_frame_ends_the_link() {
    for bytes in [&b""[..], b"\xff", b"GET / HTTP/1.1", &[0x12, 0x7f]] {
        check(
            bytes,
            "100 server sends Close MALFORMED
             100 server ends, MALFORMED (4031)",
        );
    }
}

#[test]
fn a_frame_over_the_limit_ends_the_link() {
    check(
        &vec![0; limits::CLIENT_FRAME_BYTES_MAX + 1],
        "100 server sends Close TOO_LARGE
         100 server ends, TOO_LARGE (4032)",
    );
}

#[test]
fn an_unknown_call_is_answered_under_its_id() {
    // Request { id: 9, a field 100 of a newer client }
    check(&[0x12, 0x05, 0x08, 9, 0xa2, 0x06, 0x00], "100 server sends answer 9: UNKNOWN_REQUEST");
    check(
        &codec::encode(frame::Body::Request(Request { id: 9, call: None })),
        "100 server sends answer 9: UNKNOWN_REQUEST",
    );
}

#[test]
fn an_id_that_cannot_be_answered_ends_the_link() {
    check(
        &codec::encode(sync(0)),
        "100 server sends Close INVALID_FIELD
         100 server ends, INVALID_FIELD (4034)",
    );
    let mut world = World::linked();
    world.server_is_mute = true;
    world.client_sends_raw(&codec::encode(sync(5)));
    world.client_sends_raw(&codec::encode(sync(5)));
    world.expect(
        "100 server sends Close INVALID_FIELD
         100 server ends, INVALID_FIELD (4034)",
    );
}

#[test]
fn an_answered_id_may_be_used_again() {
    let mut world = World::linked();
    world.client_sends_raw(&codec::encode(sync(5)));
    world.client_sends_raw(&codec::encode(sync(5)));
    world.expect(
        "100 server sends answer 5: Changes to 40
         100 server sends answer 5: Changes to 40",
    );
}

#[test]
fn one_request_too_many_is_answered_so() {
    let mut world = World::linked();
    world.server_is_mute = true;
    for id in 1..=limits::REQUESTS_IN_FLIGHT_MAX as u32 + 1 {
        world.client_sends_raw(&codec::encode(sync(id)));
    }
    world.expect("100 server sends answer 65: TOO_MANY_IN_FLIGHT");
    assert_eq!(world.unanswered.len(), limits::REQUESTS_IN_FLIGHT_MAX);
}

#[test]
fn registering_on_a_signed_in_link_is_not_allowed() {
    let register = Request { id: 3, call: Some(request::Call::Register(Register::default())) };
    check(&codec::encode(frame::Body::Request(register)), "100 server sends answer 3: NOT_ALLOWED");
}

#[test]
fn nothing_happens_on_a_link_that_was_closed() {
    let mut world = World::linked();
    world.server_is_mute = true;
    world.client_sends_raw(&codec::encode(sync(1)));
    let mut session = anser_protocol::session::Session::new(world.now);
    session.handle_frame(b"\xff", world.now);
    while !matches!(session.poll_output(), anser_protocol::session::Output::Wait(_)) {}
    session.handle_frame(&codec::encode(hello(1)), world.now);
    session.handle_welcome(Welcome::default(), world.now);
    session.handle_answer(1, Ok(answer::Result::Done(Default::default())), world.now);
    session.handle_push(bytes::Bytes::new(), world.now);
    session.handle_resync(world.now);
    session.handle_timeout(world.now + 1_000_000);
    let never = anser_protocol::session::Output::Wait(anser_protocol::Moment::NEVER);
    assert_eq!(session.poll_output(), never);
}
