//! A link that dies without a word is noticed by both ends within a heartbeat and 5 s (spec L3).

use anser_protocol::wire::{Answer, Beat, Push, Sync, frame, push, request};
use anser_protocol::{codec, limits};

use crate::world::World;

const NOTICED_MS: u64 = limits::HEARTBEAT_MS as u64 + limits::HEARTBEAT_GRACE_MS;

#[test]
fn the_client_notices_that_nothing_comes_any_more() {
    let mut world = World::linked();
    world.run_ms(30_000);
    world.take_transcript();
    world.cut_down = true;
    world.run_ms(25_000);
    world.expect(
        "50060 client sends Ping
         50080 server sends Beat 0 (lost)
         55060 client ends connection 1
         55060 client is down",
    );
}

#[test]
fn the_server_notices_that_nothing_comes_any_more() {
    let mut world = World::linked();
    world.run_ms(30_000);
    world.take_transcript();
    world.cut_up = true;
    world.run_ms(24_960);
    world.expect(
        "50060 client sends Ping (lost)
         55060 client ends connection 1
         55060 client is down",
    );
    // It last heard the Ping that came at 25080.
    assert_eq!(world.session_count(), 1);
    world.run_ms(20);
    assert_eq!(world.session_count(), 0);
    assert!(world.take_transcript().contains("55080 server ends, IDLE_TIMEOUT (4012)"));
}

/// Wherever in the rhythm the cut comes.
#[test]
fn a_full_cut_is_noticed_in_time_at_every_moment() {
    for cut_at in (0..30_000).step_by(500) {
        let mut world = World::linked();
        world.run_ms(cut_at);
        (world.cut_up, world.cut_down) = (true, true);
        let cut_at = world.now;
        world.run_ms(NOTICED_MS + world.latency_ms);
        assert!(!world.link.is_up(), "the client did not notice the cut at {cut_at:?}");
        assert_eq!(world.session_count(), 0, "the server did not notice the cut at {cut_at:?}");
    }
}

#[test]
fn an_unanswered_request_is_a_sign_of_death() {
    let mut world = World::linked();
    world.cut_down = true;
    world.request(request::Call::Sync(Sync::default()));
    world.run_ms(limits::ANSWER_MS);
    world.expect(
        "  100 client sends request 1: Sync
           120 server sends answer 1: Changes to 40 (lost)
         20100 client ends connection 1
         20100 client is down",
    );
}

#[test]
fn a_server_that_does_not_welcome_is_left() {
    let mut world = World::new();
    world.open();
    world.run_ms(20);
    world.cut_down = true;
    world.run_ms(limits::ANSWER_MS);
    world.expect(
        "    0 client opens connection 1
            20 client sends Hello from 0
            40 server sends Welcome (lost)
         20020 client ends connection 1
         20020 client is down",
    );
}

#[test]
fn a_connection_that_does_not_open_is_given_up() {
    let mut world = World::new();
    world.cut_up = true;
    world.open();
    world.run_ms(limits::CONNECT_MS);
    world.expect(
        "    0 client opens connection 1
         15000 client ends connection 1
         15000 client is down",
    );
}

#[test]
fn a_second_ping_gives_a_dead_link_no_more_time() {
    let mut world = World::new();
    // A heartbeat shorter than its grace: Pings go on while the first waits for its Beat.
    world.heartbeat_ms = 1_000;
    world.open();
    world.run_ms(100);
    (world.cut_up, world.cut_down) = (true, true);
    world.run_ms(6_000);
    assert!(!world.link.is_up());
}

#[test]
fn a_dead_connection_is_not_heard_any_more() {
    let mut world = World::linked();
    world.client(|link, now| link.handle_disconnected(1, now));
    world.run_ms(5_000);
    world.take_transcript();
    assert!(world.link.is_up());
    let late = [
        frame::Body::Push(Push { what: Some(push::What::Event(Default::default())) }),
        frame::Body::Beat(Beat { pushes: 9, resync: true }),
        frame::Body::Close(Default::default()),
    ];
    for body in late {
        world.client(|link, now| link.handle_received(1, &codec::encode(body), now));
    }
    world.client(|link, now| link.handle_disconnected(1, now));
    world.client(|link, now| link.handle_connected(1, now));
    world.expect("");
}

#[test]
fn a_request_goes_down_with_its_connection() {
    let mut world = World::linked();
    world.server_is_mute = true;
    let id = world.request(request::Call::Sync(Sync::default())).expect("the link is up");
    world.run_ms(100);
    world.client(|link, now| link.handle_disconnected(1, now));
    world.run_ms(5_000);
    world.take_transcript();
    assert!(world.link.is_up());
    let answer = codec::encode(frame::Body::Answer(Answer { id, result: None }));
    world.client(|link, now| link.handle_received(2, &answer, now));
    world.expect("");
}
