//! Heartbeats: only on an idle link, tiny, and with enough in them to notice a lost push (spec L2).

use anser_protocol::codec;
use anser_protocol::limits;
use anser_protocol::wire::{Beat, Ping, Sync, frame, request};

use crate::world::World;

#[test]
fn an_idle_link_beats() {
    let mut world = World::linked();
    world.run_ms(60_000);
    // Hello was sent at 20, Welcome came at 60: the first heartbeat counts from there.
    world.expect(
        "25060 client sends Ping
         25080 server sends Beat 0
         50060 client sends Ping
         50080 server sends Beat 0",
    );
}

#[test]
fn a_busy_link_does_not_beat() {
    let mut world = World::linked();
    for _ in 0..30 {
        world.request(request::Call::Sync(Sync::default()));
        world.run_ms(10_000);
    }
    let transcript = world.take_transcript();
    assert!(!transcript.contains("Ping"), "{transcript}");
    assert!(world.link.is_up());
}

#[test]
fn a_beat_is_at_most_ten_bytes_each_way() {
    let ping = codec::encode(frame::Body::Ping(Ping { silence_ms: 0 }));
    let adaptive = codec::encode(frame::Body::Ping(Ping { silence_ms: limits::HEARTBEAT_MAX_MS }));
    let most = codec::encode(frame::Body::Beat(Beat { pushes: u32::MAX, resync: true }));
    assert_eq!((ping.len(), adaptive.len()), (2, 6));
    assert_eq!(most.len(), 10);
}

#[test]
fn an_idle_hour_costs_two_kilobytes_with_all_that_carries_it() {
    let mut world = World::linked();
    world.run_ms(3_600_000);
    let beats = 3_600_000 / u64::from(limits::HEARTBEAT_MS);
    let (up, down) = world.bytes;
    // RFC 6455: 2 bytes of header down, and 4 of masking key up.
    let on_the_wire = up as u64 + down as u64 + beats * (6 + 2);
    assert!(on_the_wire <= 2_048, "{on_the_wire} bytes");
}

#[test]
fn the_heartbeat_is_the_one_that_welcome_names() {
    let mut world = World::new();
    world.heartbeat_ms = 60_000;
    world.open();
    world.run_ms(200_000);
    let transcript = world.take_transcript();
    let pings: Vec<_> = transcript.lines().filter(|line| line.ends_with("Ping")).collect();
    assert_eq!(
        pings,
        ["   60060 client sends Ping", "  120060 client sends Ping", "  180060 client sends Ping"]
    );
}

#[test]
fn a_heartbeat_that_would_be_a_load_is_not_kept() {
    let mut world = World::new();
    world.heartbeat_ms = 0;
    world.open();
    world.run_ms(10_060);
    assert_eq!(world.take_transcript().matches("client sends Ping").count(), 10);
}
