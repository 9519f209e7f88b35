//! Falling to the next carrier and climbing back, by itself (promise L1).

use anser_protocol::link::Carrier;
use anser_protocol::wire::{ErrorCode, Sync, request};
use anser_protocol::{Fault, limits};

use crate::world::World;

/// The promise: on the next carrier within this.
const FALLEN_MS: u64 = 10_000;

/// Long enough for any back-off that these stories come to, and no age for a link.
const YOUNG_MS: u64 = limits::CARRIER_YOUNG_MS / 3;

/// A client with all carriers that is up on the best.
fn linked() -> World {
    let mut world = World::with_all_carriers();
    world.open();
    world.run_ms(100);
    assert!(world.link.is_up());
    world.take_transcript();
    world
}

/// The connection is cut, as by what stands between.
fn cut(world: &mut World) {
    let newest = world.newest_connection();
    world.client(|link, now| link.handle_disconnected(newest, now));
}

#[track_caller]
fn is_up_over(world: &World, carrier: Carrier) {
    assert!(world.link.is_up(), "at {:?}", world.now);
    assert_eq!(world.newest_carrier(), carrier, "at {:?}", world.now);
}

#[track_caller]
fn has_tried_no_other(world: &mut World) {
    let transcript = world.take_transcript();
    assert!(!transcript.contains(" over "), "{transcript}");
}

#[test]
fn each_carrier_that_is_refused_is_left_for_the_next() {
    let mut world = linked();
    world.refused = vec![Carrier::WebSocket];
    cut(&mut world);
    world.run_ms(FALLEN_MS / 4);
    is_up_over(&world, Carrier::LongPoll);

    world.refused = vec![Carrier::WebSocket, Carrier::LongPoll];
    cut(&mut world);
    world.run_ms(FALLEN_MS / 4);
    is_up_over(&world, Carrier::ShortPoll);
}

#[test]
fn who_falls_while_connecting_is_not_told_that_the_link_is_down() {
    let mut world = World::with_all_carriers();
    world.refused = vec![Carrier::WebSocket, Carrier::LongPoll];
    world.open();
    world.run_ms(FALLEN_MS / 4);
    is_up_over(&world, Carrier::ShortPoll);
    let transcript = world.take_transcript();
    assert!(!transcript.contains("client is down"), "{transcript}");
}

#[test]
fn each_carrier_that_does_not_open_is_left_for_the_next() {
    let mut world = linked();
    world.unanswered_carriers = vec![Carrier::WebSocket];
    cut(&mut world);
    world.run_ms(FALLEN_MS);
    is_up_over(&world, Carrier::LongPoll);
}

#[test]
fn each_carrier_that_opens_and_carries_nothing_is_left_for_the_next() {
    let mut world = World::with_all_carriers();
    world.swallowed = vec![Carrier::WebSocket];
    world.open();
    world.run_ms(FALLEN_MS);
    is_up_over(&world, Carrier::LongPoll);
}

#[test]
fn a_carrier_that_always_dies_young_is_left_for_the_next() {
    let mut world = linked();
    for death in 1..=limits::CARRIER_YOUNG_DEATHS_MAX {
        assert_eq!(world.newest_carrier(), Carrier::WebSocket, "death {death}");
        world.run_ms(1_000);
        cut(&mut world);
        world.run_ms(1_500);
    }
    assert_eq!(world.newest_carrier(), Carrier::LongPoll);
}

#[test]
fn a_link_that_lived_long_comes_back_over_the_same_carrier() {
    let mut world = linked();
    for _ in 0..10 {
        world.run_ms(limits::CARRIER_YOUNG_MS);
        cut(&mut world);
        world.run_ms(1_000);
        is_up_over(&world, Carrier::WebSocket);
    }
}

#[test]
fn what_the_server_says_is_no_fault_of_the_carrier() {
    let mut world = linked();
    for _ in 0..=limits::CARRIER_YOUNG_DEATHS_MAX {
        world.server(|session, now| session.handle_end(Fault::new(ErrorCode::Draining, "stopping"), now));
        world.run_ms(YOUNG_MS);
        is_up_over(&world, Carrier::WebSocket);
    }
    has_tried_no_other(&mut world);
}

#[test]
fn a_network_that_goes_is_no_fault_of_the_carrier() {
    let mut world = linked();
    for _ in 0..=limits::CARRIER_YOUNG_DEATHS_MAX {
        world.client(|link, now| link.handle_network(false, now));
        world.run_ms(YOUNG_MS);
        is_up_over(&world, Carrier::WebSocket);
    }
    has_tried_no_other(&mut world);
}

#[test]
fn a_server_that_was_away_is_found_again_over_the_best() {
    let mut world = linked();
    world.server_is_down = true;
    cut(&mut world);
    world.run_ms(200_000);
    world.server_is_down = false;
    world.run_ms(60_000);
    is_up_over(&world, Carrier::WebSocket);
}

#[test]
fn while_nothing_works_tries_stay_rare() {
    let mut world = World::with_all_carriers();
    world.server_is_down = true;
    world.open();
    world.run_ms(10 * 60_000);
    let tries = world.take_transcript().matches("opens connection").count();
    // 30 s between rounds at most, 15 s on average, three tries in each.
    assert!((60..=180).contains(&tries), "{tries} tries in ten minutes");
}

#[test]
fn it_climbs_back_without_losing_the_link_for_it() {
    let mut world = linked();
    world.refused = vec![Carrier::WebSocket];
    cut(&mut world);
    world.run_ms(60_000);
    is_up_over(&world, Carrier::LongPoll);
    let transcript = world.take_transcript();
    assert!(transcript.contains("opens connection"), "{transcript}");
    let downs = transcript.matches("client is down").count();
    assert!(downs <= 1, "tries that failed beside it did not touch it: {transcript}");

    world.refused.clear();
    world.run_ms(2 * 60_000);
    is_up_over(&world, Carrier::WebSocket);
    assert_eq!(world.session_count(), 1, "the worse connection was ended");
}

#[test]
fn climbing_waits_until_nobody_waits_for_an_answer() {
    let mut world = linked();
    world.refused = vec![Carrier::WebSocket];
    cut(&mut world);
    world.run_ms(2_000);
    is_up_over(&world, Carrier::LongPoll);
    world.refused.clear();
    world.server_is_mute = true;
    let id = world.request(request::Call::Sync(Sync::default())).unwrap();
    world.run_ms(limits::CLIMB_FIRST_MS + 1_000);
    let (connection, _) = world.unanswered[0];
    assert!(world.link.is_up());
    world.server_is_mute = false;
    let transcript = world.take_transcript();
    assert!(!transcript.contains("client ends connection"), "{transcript}");
    world.answer_late(connection, id);
    world.run_ms(200);
    assert_eq!(world.answers.last().unwrap().0, id, "the answer came first");
    is_up_over(&world, Carrier::WebSocket);
}

#[test]
fn one_that_opens_and_carries_nothing_is_climbed_down_from_less_and_less_often() {
    let mut world = linked();
    world.refused = vec![Carrier::WebSocket];
    cut(&mut world);
    world.run_ms(2_000);
    world.refused.clear();
    world.swallowed = vec![Carrier::WebSocket];
    world.take_transcript();
    world.run_ms(30 * 60_000);
    let climbs = world.take_transcript().matches("client sends Hello").count();
    assert!((6..=24).contains(&climbs), "two Hellos for each climb in vain: {climbs}");
    world.run_ms(limits::CARRIER_TRY_MS + 2_000);
    is_up_over(&world, Carrier::LongPoll);
}

#[test]
fn from_the_worst_every_better_one_is_tried() {
    let mut world = linked();
    world.refused = vec![Carrier::WebSocket, Carrier::LongPoll];
    cut(&mut world);
    world.run_ms(5_000);
    is_up_over(&world, Carrier::ShortPoll);
    world.refused = vec![Carrier::WebSocket];
    world.run_ms(60_000);
    is_up_over(&world, Carrier::LongPoll);
    world.refused.clear();
    world.run_ms(15 * 60_000);
    is_up_over(&world, Carrier::WebSocket);
}

#[test]
fn another_network_is_tried_with_the_best_first() {
    let mut world = linked();
    world.refused = vec![Carrier::WebSocket];
    cut(&mut world);
    world.run_ms(10 * 60_000);
    is_up_over(&world, Carrier::LongPoll);
    world.refused.clear();
    world.client(|link, now| link.handle_network(true, now));
    world.run_ms(limits::CLIMB_FIRST_MS + 1_000);
    is_up_over(&world, Carrier::WebSocket);
}
