//! How long an idle link may be silent: learned by trying in networks that forget, remembered, told to the server
//! (spec L2, L3).

use anser_protocol::link::Learned;
use anser_protocol::wire::{Close, ErrorCode, Sync, frame, request};
use anser_protocol::{Fault, Moment, codec, limits};

use crate::world::World;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const GRACE_MS: u64 = limits::HEARTBEAT_GRACE_MS;

/// Alice is linked in a network that has a name and forgets after so long.
fn linked_behind(patience_ms: u64, resets: bool, learned: Learned) -> World {
    let mut world = World::new();
    world.nat.patience_ms = patience_ms;
    world.nat.resets = resets;
    world.client(|link, now| link.enter_network(Some(learned), now));
    world.open();
    world.run_ms(100);
    assert!(world.link.is_up());
    world.take_transcript();
    world
}

/// The silences that the client's Pings announced, and how often the link died, since the last look.
fn announced(world: &mut World) -> (Vec<u64>, usize) {
    let transcript = world.take_transcript();
    let pings = transcript.lines().filter_map(|line| line.split_once("Ping before ").map(|(_, after)| after));
    (pings.map(first_number).collect(), transcript.matches("client is down").count())
}

/// The moments of the Pings since the last look.
fn ping_times(world: &mut World) -> Vec<u64> {
    let transcript = world.take_transcript();
    transcript.lines().filter(|line| line.contains("client sends Ping")).map(first_number).collect()
}

fn first_number(text: &str) -> u64 {
    let number = text.split_whitespace().next().and_then(|word| word.parse().ok());
    number.expect("the transcript is written by us")
}

#[test]
fn beats_are_short_at_first_and_grow_by_half_to_ten_minutes() {
    let mut world = linked_behind(0, false, Learned::default());
    world.run_ms(4 * HOUR_MS);
    let (silences, deaths) = announced(&mut world);
    let grown = [30_000, 45_000, 67_500, 101_250, 151_875, 227_812, 341_718, 512_577, 600_000, 600_000];
    assert_eq!(silences[..10], grown);
    assert_eq!(deaths, 0);
    assert!(silences[10..].iter().all(|silence| *silence == 600_000));
}

/// For networks that forget after 60, 120 and 300 s, and others, whether they say so or not.
#[test]
fn behind_a_network_that_forgets_the_beat_settles_below_its_edge() {
    for patience_ms in [31_000, 47_000, 60_000, 90_000, 120_000, 185_000, 300_000, 550_000] {
        for resets in [false, true] {
            let mut world = linked_behind(patience_ms, resets, Learned::default());
            world.run_ms(HOUR_MS);
            let (_, deaths) = announced(&mut world);
            assert!((1..=2).contains(&deaths), "{deaths} links were lost to learn of {patience_ms}");
            // The next hours are before the first, and after further tries of the edge.
            world.run_ms(24 * HOUR_MS);
            let (silences, deaths) = announced(&mut world);
            assert!(deaths <= 6, "{deaths} links were lost in a day behind {patience_ms}");
            let settled = *silences.last().expect("it beats");
            assert!(settled < patience_ms, "{settled} is no beat for {patience_ms}");
            assert!(settled >= (patience_ms * 2 / 3).max(30_000), "{settled} is too timid for {patience_ms}");
        }
    }
}

#[test]
fn a_network_that_forgets_within_the_first_beat_gets_the_servers() {
    let mut world = linked_behind(28_000, false, Learned::default());
    world.run_ms(HOUR_MS);
    let (silences, deaths) = announced(&mut world);
    assert_eq!(deaths, 1);
    assert_eq!(silences.last(), Some(&u64::from(limits::HEARTBEAT_MS)));
}

#[test]
fn what_was_learned_is_used_after_a_restart() {
    let mut world = linked_behind(120_000, false, Learned::default());
    world.run_ms(HOUR_MS / 2);
    let learned = world.learned.expect("an edge was found");
    assert_eq!((learned.held_ms, learned.broke_ms), (101_250, 126_562));

    let mut world = linked_behind(120_000, false, learned);
    world.run_ms(HOUR_MS / 4);
    // The first beat is the one that Welcome named, since the server knows of no other before it is told.
    let settled = 101_250 - 101_250 / 10;
    let times = ping_times(&mut world);
    assert_eq!(times[..4], [25_060, 25_060 + settled, 25_060 + 2 * settled, 25_060 + 3 * settled]);
    assert!(world.link.is_up());
}

#[test]
fn another_network_begins_anew_and_the_first_is_known_when_it_comes_back() {
    let known = Learned { held_ms: 400_000, broke_ms: 450_000, broken: 1, retry_at: Moment(HOUR_MS) };
    let mut world = linked_behind(0, false, known);
    world.run_ms(10 * MINUTE_MS);
    assert_eq!(announced(&mut world).0.last(), Some(&360_000));
    // In the middle of a long silence: the new network may forget long before its end.
    world.client(|link, now| link.enter_network(Some(Learned::default()), now));
    world.run_ms(30_000);
    assert_eq!(announced(&mut world).0, [45_000], "after 30 s, for the next time");
    world.client(|link, now| link.enter_network(Some(known), now));
    world.run_ms(10 * MINUTE_MS);
    assert_eq!(announced(&mut world).0, [360_000, 360_000]);
}

#[test]
fn a_network_without_a_name_keeps_the_beat_that_welcome_names() {
    let mut world = World::linked();
    world.run_ms(HOUR_MS);
    let transcript = world.take_transcript();
    assert_eq!(transcript.matches("client sends Ping").count(), 144);
    assert!(!transcript.contains("Ping before"), "{transcript}");
    assert_eq!(world.learned, None);
}

#[test]
fn a_server_that_allows_no_longer_silence_is_obeyed() {
    let mut world = World::new();
    world.silence_ms_max = 0;
    world.client(|link, now| link.enter_network(Some(Learned::default()), now));
    world.open();
    world.run_ms(HOUR_MS);
    let transcript = world.take_transcript();
    assert!(!transcript.contains("Ping before"), "{transcript}");
    assert!(world.link.is_up());

    let mut world = World::new();
    world.silence_ms_max = 100_000;
    world.client(|link, now| link.enter_network(Some(Learned::default()), now));
    world.open();
    world.run_ms(HOUR_MS);
    let (silences, deaths) = announced(&mut world);
    assert_eq!((silences.last(), deaths), (Some(&100_000), 0));
}

/// Wherever in the rhythm the cut comes, and whichever way is cut, with a beat that is long by then.
#[test]
fn a_half_open_link_is_noticed_by_both_ends_within_a_silence_and_five_seconds() {
    let settled = Learned { held_ms: 100_000, broke_ms: 110_000, broken: 1, retry_at: Moment(HOUR_MS) };
    let silence_ms = 90_000;
    for (cut_up, cut_down) in [(true, false), (false, true), (true, true)] {
        for cut_at in (0..silence_ms).step_by(1_700) {
            let mut world = linked_behind(0, false, settled);
            world.run_ms(10 * MINUTE_MS + cut_at);
            (world.cut_up, world.cut_down) = (cut_up, cut_down);
            world.server_is_down = true;
            world.run_ms(silence_ms + GRACE_MS + 2 * world.latency_ms);
            let ways = format!("up: {cut_up}, down: {cut_down}, at {cut_at}");
            assert!(!world.link.is_up(), "the client did not notice the cut ({ways})");
            assert_eq!(world.session_count(), 0, "the server did not notice the cut ({ways})");
        }
    }
}

#[test]
fn the_edge_is_tried_again_because_it_may_have_been_a_tunnel() {
    let mut world = linked_behind(0, false, Learned::default());
    world.run_ms(5 * MINUTE_MS);
    (world.cut_up, world.cut_down) = (true, true);
    world.run_ms(5 * MINUTE_MS);
    (world.cut_up, world.cut_down) = (false, false);
    let broke_ms = world.learned.expect("a silence was broken").broke_ms;
    assert_ne!(broke_ms, 0);
    world.run_ms(HOUR_MS / 2);
    assert!(world.learned.expect("it has learned").held_ms < broke_ms);
    world.run_ms(4 * HOUR_MS);
    let learned = world.learned.expect("it has learned");
    assert_eq!((learned.held_ms, learned.broke_ms), (600_000, 0));
}

#[test]
fn a_network_that_forgets_sooner_than_it_did_is_learned_again() {
    let known = Learned { held_ms: 300_000, broke_ms: 330_000, broken: 1, retry_at: Moment(HOUR_MS) };
    let mut world = linked_behind(100_000, false, known);
    world.run_ms(HOUR_MS);
    announced(&mut world);
    world.run_ms(HOUR_MS);
    let (silences, deaths) = announced(&mut world);
    assert!(deaths <= 1, "{deaths} links were lost in the second hour");
    assert!(*silences.last().expect("it beats") < 100_000);
}

#[test]
fn an_end_that_has_another_reason_teaches_nothing() {
    let ends: [fn(&mut World); 3] = [
        |world| world.client(|link, now| link.handle_network(false, now)),
        |world| {
            let draining = Fault::new(ErrorCode::Draining, "back soon").to_wire();
            let close = codec::encode(frame::Body::Close(Close { error: Some(draining) }));
            world.client(|link, now| link.handle_received(1, &close, now));
        },
        |world| world.client(|link, now| link.handle_disconnected(1, now)),
    ];
    for end in ends {
        let mut world = linked_behind(0, false, Learned::default());
        world.run_ms(2 * MINUTE_MS);
        let learned = world.learned;
        end(&mut world);
        assert_eq!(world.learned, learned);
    }
}

/// Between a Ping and its Beat the link is tested for another reason.
#[test]
fn a_change_of_network_teaches_nothing_about_the_old_one() {
    let mut world = linked_behind(0, false, Learned::default());
    world.run_ms(2 * MINUTE_MS);
    let learned = world.learned;
    (world.cut_up, world.cut_down) = (true, true);
    world.client(|link, now| link.handle_network(true, now));
    world.run_ms(MINUTE_MS);
    assert_eq!(world.learned, learned);
}

#[test]
fn a_push_ends_a_silence() {
    let mut world = linked_behind(60_000, false, Learned::default());
    for _ in 0..200 {
        world.run_ms(19_000);
        world.push();
    }
    assert!(world.link.is_up());
    let held_ms = world.learned.map_or(0, |learned| learned.held_ms);
    assert!(held_ms < 30_000, "{held_ms} ms of silence there never were");
}

/// A client that asks for something now and then, as the slow pull does, may never come to beat at all.
#[test]
fn what_is_asked_after_a_silence_teaches_as_a_ping_does() {
    let known = Learned { held_ms: 230_000, ..Learned::default() };
    let mut world = linked_behind(250_000, false, known);
    for _ in 0..8 {
        world.run_ms(270_000);
        world.request(request::Call::Sync(Sync::default()));
    }
    let learned = world.learned.expect("links were lost");
    assert!(learned.held_ms < 250_000 && (250_001..=270_000).contains(&learned.broke_ms), "{learned:?}");
    let (_, deaths) = announced(&mut world);
    assert_eq!(deaths, 1);
}

#[test]
fn a_machine_that_slept_through_its_beat_teaches_nothing() {
    let learned = Learned { held_ms: 100_000, broke_ms: 110_000, broken: 1, retry_at: Moment(HOUR_MS * 9) };
    let mut world = linked_behind(120_000, false, learned);
    world.run_ms(MINUTE_MS);
    world.sleeps_ms(HOUR_MS);
    world.run_ms(10 * MINUTE_MS);
    assert!(world.link.is_up());
    assert_eq!(world.learned, None);
}
