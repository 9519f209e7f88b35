//! D3, D7, D8: what comes is on disk before it is acknowledged, once, in order, and gaps are filled.

use anser_client_core::view::LinkView;
use anser_protocol::wire::{Beat, frame, push};

use crate::device::{Device, changes};
use crate::people::*;

fn alice() -> Device {
    let mut alice = Device::with(vec![chat(100, 1)]);
    alice.opens(CHAT);
    let (id, _) = alice.reports().remove(0);
    alice.is_answered(id, done());
    alice
}

#[test]
fn an_event_is_saved_then_shown_then_acknowledged() {
    let mut alice = alice();
    alice.is_pushed_event(text(CHAT, 2, BOB));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "bob: 2"]);
    // The device checks that the event is on disk when the report leaves.
    assert_eq!(alice.asks(), ["reach 7:2/0"]);
}

#[test]
fn a_duplicate_is_dropped() {
    let mut alice = alice();
    alice.is_pushed_event(text(CHAT, 2, BOB));
    alice.is_pushed_event(text(CHAT, 2, BOB));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "bob: 2"]);
    assert_eq!(alice.unread(CHAT), 2);
}

#[test]
fn reports_are_gathered_while_one_is_on_its_way() {
    let mut alice = alice();
    for event in bobs(CHAT, 2..=9) {
        alice.is_pushed_event(event);
    }
    let reports = alice.reports();
    assert_eq!(reports.iter().map(|it| it.1.clone()).collect::<Vec<_>>(), [[(2, 0)]]);
    alice.is_answered(reports[0].0, done());
    assert_eq!(alice.asks(), ["reach 7:9/0"]);
}

#[test]
fn an_event_that_came_early_waits_for_its_predecessor() {
    let mut alice = alice();
    alice.is_pushed_event(text(CHAT, 3, BOB));
    assert_eq!(alice.timeline(CHAT), ["bob: 1"], "no hole is shown as if it were none");
    assert_eq!(alice.asks(), [""; 0], "nothing is acknowledged above a hole");
    alice.waits(249);
    assert_eq!(alice.asks(), [""; 0]);
    alice.is_pushed_event(text(CHAT, 2, BOB));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "bob: 2", "bob: 3"]);
    alice.waits(1_000);
    assert_eq!(alice.asks(), ["reach 7:3/0"]);
}

#[test]
fn a_predecessor_that_does_not_come_is_asked_for() {
    let mut alice = alice();
    alice.is_pushed_event(text(CHAT, 4, BOB));
    alice.waits(250);
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (2, 3));
    alice.is_answered(id, range(bobs(CHAT, 2..=3)));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "bob: 2", "bob: 3", "bob: 4"]);
    assert_eq!(alice.asks(), ["reach 7:4/0"]);
}

#[test]
fn the_last_push_is_lost_and_the_heartbeat_tells() {
    let mut alice = alice();
    alice.hears(frame::Body::Beat(Beat { pushes: 1, resync: false }));
    let (id, call) = alice.requests().remove(0);
    assert!(format!("{call:?}").contains("Sync"), "{call:?}");
    assert_eq!(alice.screen.link, Some(LinkView::Online), "no alarm for one lost push");
    alice.is_answered(id, anser_protocol::wire::answer::Result::Changes(changes(101, vec![chat(101, 2)])));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "bob: 2"]);
    assert_eq!(alice.disk.synced.0, 101);
}

#[test]
fn nobody_said_anything_and_the_slow_pull_asks_anyway() {
    let mut alice = alice();
    alice.waits(anser_protocol::limits::SLOW_PULL_MS * 3 / 4 - 1);
    assert_eq!(alice.asks(), [""; 0]);
    alice.waits(anser_protocol::limits::SLOW_PULL_MS / 4 + 1);
    assert_eq!(alice.asks(), ["sync since 100 before 0"]);
}

#[test]
fn an_event_of_an_unknown_conversation_makes_the_engine_ask() {
    let mut alice = alice();
    alice.is_pushed(push::What::Event(text(GROUP, 5, BOB)));
    assert_eq!(alice.asks(), ["sync since 100 before 0"]);
}

#[test]
fn a_new_conversation_is_pushed_and_its_first_event_is_kept() {
    let mut alice = alice();
    alice.is_pushed(push::What::Head(group(101, 1)));
    assert_eq!(alice.screen.list[&GROUP].title, "Three");
    assert_eq!(alice.asks(), ["reach 8:1/0"]);
    assert_eq!(alice.disk.synced.0, 100, "pushes never move the position");
}

#[test]
fn names_nobody_knows_are_asked_for_once() {
    let mut alice = alice();
    alice.is_pushed(push::What::Head(group(101, 1)));
    alice.requests();
    alice.is_pushed_event(text(GROUP, 2, CAROL));
    assert_eq!(alice.asks(), ["people [1003]"]);
    alice.is_pushed_event(text(GROUP, 3, CAROL));
    assert_eq!(alice.asks(), [""; 0]);
}

#[test]
fn kinds_of_a_newer_client_are_kept_and_shown_as_such() {
    let mut alice = alice();
    let newer = anser_protocol::wire::Event { kind: 42, ..text(CHAT, 2, BOB) };
    alice.is_pushed_event(newer);
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "bob: kind 42?"]);
    let mut alice = alice.restart();
    alice.opens(CHAT);
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "bob: kind 42?"]);
}

#[test]
fn the_power_may_go_out_between_receiving_and_acknowledging() {
    for outputs in 0..8 {
        let mut alice = alice();
        alice.requests();
        let body = frame::Body::Push(anser_protocol::wire::Push {
            what: Some(push::What::Event(text(CHAT, 2, BOB))),
        });
        let bytes = prost::Message::encode_to_vec(&anser_protocol::wire::Frame { body: Some(body) });
        let mut alice =
            alice.input_then_crash(anser_client_core::Input::Received { connection: 1, bytes }, outputs);
        // The server never heard that 2 is delivered: its head says so, and the event comes again.
        let head = anser_protocol::wire::Head { delivered: 1, ..chat(101, 2) };
        assert_eq!(alice.link(changes(101, vec![head])), 100);
        assert_eq!(alice.asks(), ["reach 7:2/0"]);
        alice.opens(CHAT);
        assert_eq!(alice.timeline(CHAT), ["bob: 1", "bob: 2"]);
    }
}
