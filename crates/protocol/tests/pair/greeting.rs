//! How a link begins: connect and resume in one exchange (spec L5), registering before it, being refused.

use anser_protocol::link::Greeting;
use anser_protocol::wire::{ErrorCode, SignIn, Sync, request};
use anser_protocol::{Fault, limits};

use crate::world::{TOKEN, World, stand_at};

#[test]
fn connecting_and_resuming_is_one_exchange() {
    let mut world = World::new();
    stand_at(&mut world, 7);
    world.open();
    world.run_ms(1_000);
    world.expect(
        "  0 client opens connection 1
          20 client sends Hello from 7
          40 server sends Welcome
          60 client is up, to stand at 40",
    );
}

#[test]
fn hello_says_the_newest_position() {
    let mut world = World::new();
    world.open();
    stand_at(&mut world, 12);
    world.run_ms(1_000);
    assert!(world.take_transcript().contains("Hello from 12"));
}

#[test]
fn signing_in_and_greeting_share_a_connection() {
    let mut world = World::new();
    world.client(|link, now| link.open(Greeting::Anonymous, now));
    world.run_ms(100);
    assert_eq!(world.request(request::Call::SignIn(SignIn::default())), Some(1));
    world.run_ms(100);
    world.open();
    world.run_ms(100);
    world.expect(
        "  0 client opens connection 1
          20 client is up, anonymous
         100 client sends request 1: SignIn
         120 server sends answer 1: SignedIn
         140 client has answer 1: SignedIn
         200 client sends Hello from 0
         220 server sends Welcome
         240 client is up, to stand at 40",
    );
}

#[test]
fn a_greeting_that_is_open_already_goes_on() {
    let mut world = World::linked();
    world.open();
    world.run_ms(1_000);
    world.expect("");
}

#[test]
fn another_greeting_ends_the_link_and_begins_one() {
    let mut world = World::linked();
    world.client(|link, now| link.open(Greeting::Anonymous, now));
    world.run_ms(100);
    world.expect(
        "100 client ends connection 1
         100 client opens connection 2
         120 client is up, anonymous",
    );
    assert_eq!(world.session_count(), 1);
}

#[test]
fn closing_ends_everything() {
    let mut world = World::linked();
    world.client(|link, now| link.close(now));
    world.run_ms(3_600_000);
    world.expect("100 client ends connection 1");
    assert_eq!(world.session_count(), 0);
    assert_eq!(world.request(request::Call::Sync(Sync::default())), None);
}

#[test]
fn a_refused_greeting_is_not_tried_again() {
    let mut world = World::new();
    let token = b"a token nobody gave.............".to_vec();
    world.client(|link, now| link.open(Greeting::Hello { token }, now));
    world.run_ms(24 * 3_600_000);
    world.expect(
        "  0 client opens connection 1
          20 client sends Hello from 0
          40 server sends Close SIGNED_OUT
          40 server ends, SIGNED_OUT (4021)
          60 client ends connection 1
          60 client is refused, SIGNED_OUT",
    );
}

#[test]
fn signing_out_a_device_ends_its_link_for_good() {
    let mut world = World::linked();
    world.server(|session, now| session.handle_end(Fault::new(ErrorCode::SignedOut, "revoked"), now));
    world.run_ms(24 * 3_600_000);
    world.expect(
        "100 server sends Close SIGNED_OUT
         100 server ends, SIGNED_OUT (4021)
         120 client ends connection 1
         120 client is refused, SIGNED_OUT",
    );
}

#[test]
fn another_token_after_a_refusal_starts_anew() {
    let mut world = World::new();
    world.client(|link, now| link.open(Greeting::Hello { token: b"wrong".to_vec() }, now));
    world.run_ms(1_000);
    world.take_transcript();
    world.open();
    world.run_ms(1_000);
    assert!(world.link.is_up());
}

#[test]
fn a_link_that_says_nothing_is_closed() {
    let mut world = World::new();
    world.client(|link, now| link.open(Greeting::Anonymous, now));
    world.run_ms(limits::HELLO_MS + 20);
    world.expect(
        "    0 client opens connection 1
            20 client is up, anonymous
         10020 server sends Close HELLO_TIMEOUT
         10020 server ends, HELLO_TIMEOUT (4011)",
    );
}

#[test]
fn trying_to_sign_in_does_not_keep_a_link_for_ever() {
    let mut world = World::new();
    world.client(|link, now| link.open(Greeting::Anonymous, now));
    world.run_ms(20);
    for _ in 0..limits::ANONYMOUS_MS / 5_000 - 1 {
        world.request(request::Call::SignIn(SignIn::default()));
        world.run_ms(5_000);
    }
    assert_eq!(world.session_count(), 1);
    world.run_ms(5_000);
    assert_eq!(world.now.0, limits::ANONYMOUS_MS + 20);
    assert!(world.take_transcript().contains("Close HELLO_TIMEOUT"));
}

#[test]
fn a_greeting_shows_no_token() {
    let greeting = Greeting::Hello { token: TOKEN.to_vec() };
    assert_eq!(format!("{greeting:?}"), "Hello");
}
