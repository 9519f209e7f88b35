//! Coming back: back-off with full jitter, what the server asks for, changes of network (spec L4).

use anser_protocol::link::{Greeting, Link, Output};
use anser_protocol::wire::{ErrorCode, Sync, request};
use anser_protocol::{Fault, Moment, limits};

use crate::world::{TOKEN, World};

#[test]
fn a_lost_link_comes_back_by_itself() {
    let mut world = World::linked();
    world.client(|link, now| link.handle_disconnected(1, now));
    world.run_ms(1_000);
    assert!(world.link.is_up());
    let transcript = world.take_transcript();
    assert!(transcript.contains("client opens connection 2"), "{transcript}");
}

#[test]
fn requests_are_void_when_a_link_is_lost() {
    let mut world = World::linked();
    world.server_is_mute = true;
    for _ in 0..limits::REQUESTS_IN_FLIGHT_MAX {
        assert!(world.request(request::Call::Sync(Sync::default())).is_some());
    }
    assert_eq!(world.request(request::Call::Sync(Sync::default())), None);
    world.client(|link, now| link.handle_disconnected(1, now));
    assert_eq!(world.request(request::Call::Sync(Sync::default())), None);
    world.run_ms(1_000);
    world.server_is_mute = false;
    let id = world.request(request::Call::Sync(Sync::default())).expect("there is room again");
    world.run_ms(1_000);
    assert_eq!(world.answers.len(), 1);
    assert_eq!(world.answers[0].0, id);
}

/// The delays of so many failures in a row, for one seed.
fn delays(seed: u8, failures: usize) -> Vec<u64> {
    let mut link = Link::new([seed; 32]);
    let mut now = Moment(1_000);
    link.open(Greeting::Hello { token: TOKEN.to_vec() }, now);
    let mut delays = Vec::new();
    for connection in 1..=failures as u64 {
        link.handle_disconnected(connection, now);
        loop {
            match link.poll_output() {
                Output::Down { retry_at } => delays.push(retry_at.millis_since(now)),
                Output::Wait(moment) => {
                    now = moment;
                    break;
                }
                _ => {}
            }
        }
        link.handle_timeout(now);
    }
    delays
}

#[test]
fn the_back_off_doubles_to_thirty_seconds_with_full_jitter() {
    let runs: Vec<_> = (0..200).map(|seed| delays(seed, 12)).collect();
    for nth in 0..12 {
        let bound = (limits::RECONNECT_FIRST_MS << nth).min(limits::RECONNECT_MAX_MS);
        let nth_delays: Vec<_> = runs.iter().map(|run| run[nth]).collect();
        let (low, high) = (nth_delays.iter().min().unwrap(), nth_delays.iter().max().unwrap());
        assert!(*high <= bound, "delay {nth} may be {bound}, was {high}");
        assert!(*high > bound / 10 * 9 && *low < bound / 10, "delay {nth} is {low}..={high} of {bound}");
    }
}

#[test]
fn each_client_has_its_own_jitter() {
    assert_ne!(delays(1, 8), delays(2, 8));
    assert_eq!(delays(1, 8), delays(1, 8));
}

#[test]
fn a_server_that_asks_for_later_is_obeyed() {
    let mut world = World::linked();
    let draining = Fault::retry_after(ErrorCode::Draining, 90_000, "back in a minute");
    world.server(|session, now| session.handle_end(draining, now));
    world.run_ms(20);
    let told_at = world.now;
    assert!(world.retry_at >= told_at + 90_000);
    assert!(world.retry_at <= told_at + 90_000 + limits::RECONNECT_FIRST_MS);
    // Not even a change of network, or an impatient user, is a reason to come before.
    world.client(|link, now| link.handle_network(true, now));
    world.run_ms(89_000);
    assert!(!world.take_transcript().contains("connection 2"));
    world.run_ms(2_000);
    assert!(world.link.is_up());
}

#[test]
fn a_network_that_comes_is_tried_at_once() {
    let mut world = World::linked();
    world.server_is_down = true;
    world.client(|link, now| link.handle_disconnected(1, now));
    world.run_ms(120_000);
    world.take_transcript();
    world.server_is_down = false;
    let at = world.now;
    world.client(|link, now| link.handle_network(true, now));
    assert!(world.take_transcript().contains("client opens connection"));
    world.run_ms(60);
    assert!(world.link.is_up(), "not up 60 ms after {at:?}");
}

#[test]
fn a_changed_network_puts_the_old_connection_to_the_test() {
    let mut world = World::linked();
    (world.cut_up, world.cut_down) = (true, true);
    world.client(|link, now| link.handle_network(true, now));
    world.run_ms(limits::NETWORK_PROBE_MS);
    world.expect(
        " 100 client sends Ping (lost)
         2100 client ends connection 1
         2100 client is down",
    );
    (world.cut_up, world.cut_down) = (false, false);
    world.run_ms(1_000);
    assert!(world.link.is_up(), "spec L3: a switch of network is survived in 3 s");
}

#[test]
fn a_connection_that_survived_the_change_is_kept() {
    let mut world = World::linked();
    world.client(|link, now| link.handle_network(true, now));
    world.run_ms(10_000);
    world.expect(
        "100 client sends Ping
         120 server sends Beat 0",
    );
}

#[test]
fn a_network_that_went_takes_the_link_along() {
    let mut world = World::linked();
    world.server_is_down = true;
    world.client(|link, now| link.handle_network(false, now));
    world.expect(
        "100 client ends connection 1
         100 client is down",
    );
    // The system may be wrong about the network, so tries go on.
    world.run_ms(60_000);
    assert!(world.take_transcript().contains("client opens connection 3"));
}

#[test]
fn a_server_that_accepts_and_closes_at_once_is_not_hammered() {
    let mut world = World::new();
    world.open();
    let mut tries = 0;
    while world.now < Moment(300_000) {
        world.run_ms(100);
        if world.link.is_up() {
            tries += 1;
            let full = Fault::new(ErrorCode::TooManySessions, "enough");
            world.server(|session, now| session.handle_end(full, now));
        }
    }
    assert!((5..60).contains(&tries), "{tries} tries in five minutes");
}

#[test]
fn a_link_that_held_starts_its_back_off_anew() {
    let mut world = World::new();
    world.server_is_down = true;
    world.open();
    world.run_ms(200_000);
    world.server_is_down = false;
    world.run_ms(limits::RECONNECT_MAX_MS);
    assert!(world.link.is_up());
    world.run_ms(limits::RECONNECT_MAX_MS + 100);
    let newest = world.newest_connection();
    world.client(|link, now| link.handle_disconnected(newest, now));
    assert!(world.retry_at <= world.now + limits::RECONNECT_FIRST_MS);
}

#[test]
fn a_server_that_talks_nonsense_is_left_and_tried_again() {
    let mut world = World::linked();
    world.client(|link, now| link.handle_received(1, &[0xff, 0xff, 0xff], now));
    world.expect(
        "100 client ends connection 1
         100 client is down",
    );
    world.run_ms(1_000);
    assert!(world.link.is_up());
}
