//! L5, D9: from the position on disk to the present, in pages, and the position moves only at the end.

use anser_client_core::view::LinkView;
use anser_protocol::limits;
use anser_protocol::wire::{Changes, ErrorCode, answer};

use crate::device::{Device, changes};
use crate::people::*;

#[test]
fn the_first_link_says_hello_from_nothing_and_is_online_after_one_exchange() {
    let mut alice = Device::of_alice();
    assert_eq!(alice.screen.emitted[..3], ["session", "conversations", "unread"]);
    assert_eq!(alice.screen.link, Some(LinkView::Connecting));
    assert_eq!(alice.link(changes(100, vec![chat(100, 1)])), 0);
    assert_eq!(alice.screen.link, Some(LinkView::Online));
    assert_eq!(alice.disk.synced.0, 100);
    let mut alice = alice.restart();
    assert_eq!(alice.link(changes(100, vec![])), 100);
}

#[test]
fn pages_are_read_to_the_end_before_the_position_moves() {
    let mut alice = Device::of_alice();
    alice.link(Changes { heads: vec![chat(100, 1)], position: 100, next: 60 });
    assert_eq!(alice.screen.link, Some(LinkView::CatchingUp));
    assert_eq!(alice.disk.synced.0, 0);
    assert_eq!(alice.screen.list[&CHAT].title, "Bob", "what is here is shown at once");

    let (id, call) = alice.requests().remove(0);
    assert!(format!("{call:?}").contains("before: 60"), "{call:?}");
    // Something changed meanwhile: the second page knows a later position, but not what changed.
    alice.is_answered(id, answer::Result::Changes(changes(120, vec![group(50, 1)])));
    assert_eq!(alice.screen.link, Some(LinkView::Online));
    assert_eq!(alice.disk.synced.0, 100);
}

#[test]
fn killed_between_two_pages_it_starts_over() {
    let mut alice = Device::of_alice();
    alice.link(Changes { heads: vec![chat(100, 1)], position: 100, next: 60 });
    let mut alice = alice.restart();
    assert_eq!(alice.screen.list.len(), 1, "the first page's conversations are here offline");
    assert_eq!(alice.link(changes(100, vec![chat(100, 1), group(50, 1)])), 0);
    assert_eq!(alice.disk.synced.0, 100);
}

#[test]
fn a_busy_server_is_asked_for_the_pages_again_later() {
    let mut alice = Device::of_alice();
    alice.link(Changes { heads: vec![chat(100, 1)], position: 100, next: 60 });
    let (id, _) = alice.requests().remove(0);
    alice.is_refused(id, ErrorCode::Busy, 7_000);
    alice.waits(6_999);
    assert_eq!(alice.asks(), [""; 0]);
    alice.waits(1);
    assert_eq!(alice.asks(), ["sync since 0 before 0"]);
}

#[test]
fn missed_messages_are_fetched_unasked_and_only_then_delivered() {
    let mut alice = Device::with(vec![chat(100, 1)]);
    let (id, _) = alice.reports().remove(0);
    alice.is_answered(id, done());
    alice.is_cut();
    alice.waits_for_retry();
    alice.link(changes(200, vec![anser_protocol::wire::Head { delivered: 1, ..chat(200, 30) }]));
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (2, 30));
    assert_eq!(alice.unread(CHAT), 30, "the server's count, before any event is here");
    alice.is_answered(id, range(bobs(CHAT, 2..=30)));
    assert_eq!(alice.asks(), ["reach 7:30/0"]);
    assert_eq!(alice.unread(CHAT), 30);
}

#[test]
fn long_absences_are_fetched_page_by_page_newest_first() {
    let mut alice = Device::with(vec![chat(100, 500)]);
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (301, 500));
    alice.is_answered(id, range(bobs(CHAT, 301..=500)));
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (101, 300), "and nothing is acknowledged above the hole");
    alice.is_answered(id, range(bobs(CHAT, 101..=300)));
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (1, 100));
    alice.is_answered(id, range(bobs(CHAT, 1..=100)));
    assert_eq!(alice.asks(), ["reach 7:500/0"]);
}

#[test]
fn a_restart_in_the_middle_of_fetching_goes_on() {
    let mut alice = Device::with(vec![chat(100, 500)]);
    let (id, ..) = alice.ranges().remove(0);
    alice.is_answered(id, range(bobs(CHAT, 301..=500)));
    let mut alice = alice.restart();
    // Nothing changed on the server, and still the engine knows what it lacks.
    assert_eq!(alice.link(changes(100, vec![])), 100);
    assert_eq!(alice.asks(), ["range 7:101..300"]);
}

#[test]
fn only_a_few_ranges_are_fetched_at_once_and_refusals_are_waited_out() {
    let heads = (1..=100).map(|id| {
        let last = anser_protocol::wire::Event { conversation: id, ..text(id, 5, BOB) };
        anser_protocol::wire::Head { conversation: id, last: Some(last), peer: None, ..group(100, 5) }
    });
    let mut alice = Device::with(heads.collect());
    let ranges = alice.ranges();
    assert!(ranges.len() <= 4, "{}", ranges.len());
    alice.is_refused(ranges[0].0, ErrorCode::RateLimited, 3_000);
    assert_eq!(alice.ranges(), []);
    alice.waits(3_000);
    assert_eq!(alice.ranges().len(), 1);
    assert!(ranges.len() < limits::REQUESTS_IN_FLIGHT_MAX);
}

#[test]
fn a_fresh_device_fetches_only_what_the_first_screen_needs() {
    let read = |head| anser_protocol::wire::Head { delivered: 500, read: 500, unread: 0, ..head };
    let mut alice = Device::with(vec![read(chat(100, 500))]);
    assert_eq!(alice.asks(), ["range 7:441..500"]);
}
