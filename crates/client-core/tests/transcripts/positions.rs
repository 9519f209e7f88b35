//! U1, U2, U3: unread is arithmetic on positions; read positions move forward only, on all devices.

use anser_client_core::{Command, Outcome};
use anser_protocol::limits;
use anser_protocol::wire::{Event, Head, Member, push};
use prost::Message;

use crate::device::{Device, changes};
use crate::people::*;

/// Ten of Bob's messages are here, all unread.
fn alice() -> Device {
    let mut alice = Device::with(vec![chat(100, 10)]);
    let (id, ..) = alice.ranges().remove(0);
    alice.is_answered(id, range(bobs(CHAT, 1..=10)));
    let (id, _) = alice.reports().remove(0);
    alice.is_answered(id, done());
    alice
}

#[test]
fn reading_shows_at_once_and_is_told_to_the_server() {
    let mut alice = alice();
    assert_eq!((alice.unread(CHAT), alice.screen.unread), (10, 10));
    alice.reads(CHAT, 4);
    assert_eq!((alice.unread(CHAT), alice.screen.unread), (6, 6));
    assert_eq!(alice.asks(), ["reach 7:0/4"]);
}

#[test]
fn a_read_position_never_goes_back() {
    let mut alice = alice();
    alice.reads(CHAT, 8);
    alice.requests();
    alice.reads(CHAT, 3);
    assert_eq!((alice.unread(CHAT), alice.asks()), (2, vec![]));
    alice.is_pushed(reached(ALICE, 0, 5));
    assert_eq!(alice.unread(CHAT), 2);
    alice.is_cut();
    alice.waits_for_retry();
    alice.link(changes(101, vec![Head { read: 5, delivered: 10, unread: 5, ..chat(101, 10) }]));
    assert_eq!(alice.unread(CHAT), 2);
    assert_eq!(alice.screen.list[&CHAT].read, 8);
}

#[test]
fn what_was_read_offline_counts_later_even_after_a_restart() {
    let mut alice = alice();
    alice.is_cut();
    alice.reads(CHAT, 7);
    assert_eq!(alice.unread(CHAT), 3);
    let mut alice = alice.restart();
    assert_eq!(alice.unread(CHAT), 3);
    alice.link(changes(101, vec![]));
    let (id, positions) = alice.reports().remove(0);
    assert_eq!(positions, [(0, 7)]);
    alice.is_answered(id, done());
    alice.is_cut();
    alice.waits_for_retry();
    alice.link(changes(101, vec![]));
    assert_eq!(alice.reports(), [], "the server knows it now");
}

#[test]
fn another_device_reads_and_it_clears_here() {
    let mut alice = alice();
    alice.is_pushed(reached(ALICE, 0, 10));
    assert_eq!((alice.unread(CHAT), alice.screen.unread), (0, 0));
    assert_eq!(alice.asks(), [""; 0], "nobody tells the server what it said itself");
}

#[test]
fn another_device_may_read_what_is_not_here_yet() {
    let mut alice = alice();
    alice.is_pushed(reached(ALICE, 11, 11));
    assert_eq!(alice.unread(CHAT), 0);
    alice.is_pushed_event(text(CHAT, 11, BOB));
    assert_eq!(alice.unread(CHAT), 0);
    alice.is_pushed_event(text(CHAT, 12, BOB));
    assert_eq!(alice.unread(CHAT), 1);
}

#[test]
fn own_and_silent_messages_never_count_and_sending_reads_nothing() {
    let mut alice = alice();
    alice.is_pushed_event(text(CHAT, 11, ALICE));
    alice.is_pushed_event(Event { silent: true, ..text(CHAT, 12, BOB) });
    alice.is_pushed_event(Event { kind: 1001, body: Vec::new(), ..text(CHAT, 13, BOB) });
    assert_eq!(alice.unread(CHAT), 10);
    alice.writes(CHAT, "hello");
    let (id, ..) = alice.sends().remove(0);
    alice.is_answered(id, sent(14));
    assert_eq!(alice.unread(CHAT), 10);
}

#[test]
fn a_position_in_events_that_are_only_on_disk_is_counted_from_disk() {
    let mut alice = alice().restart();
    assert_eq!(alice.unread(CHAT), 10);
    alice.link(changes(100, vec![]));
    alice.is_pushed(reached(ALICE, 10, 4));
    assert_eq!(alice.unread(CHAT), 6);
}

#[test]
fn a_position_in_events_that_are_not_here_is_counted_by_the_server() {
    let mut alice = Device::with(vec![Head { delivered: 500, unread: 90, ..chat(100, 500) }]);
    assert_eq!(alice.unread(CHAT), 90);
    alice.requests();
    alice.is_pushed(reached(ALICE, 500, 400));
    let (id, _) = alice.requests().into_iter().next_back().expect("it asks");
    let head = Head { read: 400, delivered: 500, unread: 33, ..chat(101, 500) };
    alice.is_answered(id, anser_protocol::wire::answer::Result::Changes(changes(101, vec![head])));
    assert_eq!(alice.unread(CHAT), 33);
}

#[test]
fn the_total_is_the_sum_at_every_moment() {
    let mut alice = alice();
    alice.is_pushed(anser_protocol::wire::push::What::Head(Head { unread: 3, ..group(101, 3) }));
    assert_eq!(alice.screen.unread, 13);
    alice.reads(CHAT, 10);
    assert_eq!(alice.screen.unread, 3);
    assert_eq!(alice.screen.emitted.last(), Some(&"finished"));
    let sum: u32 = alice.screen.list.values().map(|view| view.unread).sum();
    assert_eq!(u64::from(sum), alice.screen.unread);
}

#[test]
fn in_a_group_one_recipient_is_enough_and_members_are_asked_for_when_it_is_opened() {
    let mut alice = Device::with(vec![group(100, 1)]);
    alice.requests();
    alice.opens(GROUP);
    let (id, _) = alice.requests().remove(0);
    is_told_of_members(
        &mut alice,
        id,
        vec![member(ALICE, 1, 9, 9), member(BOB, 1, 2, 0), member(CAROL, 1, 0, 0)],
    );
    alice.is_pushed_event(said(GROUP, 2, ALICE, "one"));
    alice.is_pushed_event(said(GROUP, 3, ALICE, "two"));
    assert_eq!(alice.timeline(GROUP), ["bob: 1", "alice: one · delivered", "alice: two · sent"]);
}

#[test]
fn what_was_read_above_a_hole_is_told_when_the_hole_is_filled() {
    let mut alice = alice();
    alice.is_pushed_event(text(CHAT, 12, BOB));
    alice.reads(CHAT, 12);
    assert_eq!(alice.screen.list[&CHAT].read, 12);
    // Reading implies delivery, and 11 is on no disk of hers.
    assert_eq!(alice.asks(), ["reach 7:0/10"]);
    alice.is_pushed_event(text(CHAT, 11, BOB));
    alice.is_cut();
    alice.waits_for_retry();
    alice.link(changes(100, vec![]));
    assert_eq!(alice.asks(), ["reach 7:12/12"]);
}

fn is_told_of_members(alice: &mut Device, request: u32, members: Vec<Member>) {
    let members = anser_protocol::wire::Members { members, more: false };
    alice.is_answered(request, anser_protocol::wire::answer::Result::Members(members));
}

/// Alice wrote "one" at 2, and nobody has it. Then she added Carol, at 3, and wrote "two" at 4.
fn alice_who_added_carol() -> Device {
    let mut alice = Device::with(vec![group(100, 1)]);
    alice.requests();
    alice.opens(GROUP);
    let (id, _) = alice.requests().remove(0);
    is_told_of_members(&mut alice, id, vec![member(ALICE, 1, 1, 0), member(BOB, 1, 1, 0)]);
    alice.is_pushed_event(said(GROUP, 2, ALICE, "one"));
    alice.is_pushed_event(Event { kind: 1001, body: Vec::new(), ..text(GROUP, 3, ALICE) });
    alice.is_pushed_event(said(GROUP, 4, ALICE, "two"));
    alice
}

fn states(alice: &Device) -> Vec<String> {
    alice.timeline(GROUP).into_iter().filter(|row| row.contains(" · ")).collect()
}

#[test]
fn in_a_large_group_delivery_is_reported_later_and_reading_at_once() {
    let mut alice = Device::with(vec![Head { member_count: 5_000, delivered: 1, ..group(100, 1) }]);
    alice.requests();
    alice.is_pushed_event(said(GROUP, 2, BOB, "one"));
    alice.is_pushed_event(said(GROUP, 3, BOB, "two"));
    assert_eq!(alice.reports(), [], "everybody else got them just now, too");
    alice.waits(5_000);
    let (id, positions) = alice.reports().remove(0);
    assert_eq!(positions, [(3, 0)]);
    alice.is_answered(id, done());
    alice.is_pushed_event(said(GROUP, 4, BOB, "three"));
    assert_eq!(alice.reports(), []);
    alice.reads(GROUP, 4);
    assert_eq!(alice.asks(), ["reach 8:4/4"]);
}

#[test]
fn that_one_has_ones_own_messages_is_told_with_the_next_report_or_later() {
    let mut alice = alice();
    alice.is_pushed_event(text(CHAT, 11, ALICE));
    assert_eq!(alice.asks(), [] as [&str; 0], "nobody waits to hear that");
    alice.is_pushed_event(text(CHAT, 12, BOB));
    let (id, positions) = alice.reports().remove(0);
    assert_eq!(positions, [(12, 0)]);
    alice.is_answered(id, done());
    alice.is_pushed_event(text(CHAT, 13, ALICE));
    alice.waits(limits::REPORT_OWN_MS - 1);
    assert_eq!(alice.asks(), [] as [&str; 0]);
    alice.waits(1);
    assert_eq!(alice.asks(), ["reach 7:13/0"]);
}

#[test]
fn what_stood_above_a_hole_is_told_at_once_when_ones_own_message_fills_it() {
    let mut alice = alice();
    alice.is_pushed_event(text(CHAT, 12, BOB));
    assert_eq!(alice.asks(), [] as [&str; 0]);
    alice.is_pushed_event(text(CHAT, 11, ALICE));
    let (id, positions) = alice.reports().remove(0);
    assert_eq!(positions, [(12, 0)]);
    alice.is_answered(id, done());

    // Bob's newest message is known to be there and is marked as read, and is not here yet.
    alice.is_pushed(push::What::Head(chat(101, 14)));
    alice.reads(CHAT, 14);
    let (id, positions) = alice.reports().remove(0);
    assert_eq!(positions, [(0, 12)]);
    alice.is_answered(id, done());
    alice.is_pushed_event(text(CHAT, 13, ALICE));
    assert_eq!(alice.reports().remove(0).1, [(13, 13)]);
}

#[test]
fn a_new_title_comes_with_its_event() {
    let mut alice = Device::with(vec![Head { member_count: 5_000, ..group(100, 1) }]);
    let renamed = |seq, title: &str| {
        let body = anser_protocol::wire::Renamed { title: title.to_owned() }.encode_to_vec();
        Event { kind: 1003, silent: true, body, ..text(GROUP, seq, BOB) }
    };
    alice.is_pushed_event(renamed(3, "newer"));
    assert_eq!(alice.screen.list[&GROUP].title, "newer");
    alice.is_pushed_event(renamed(2, "older"));
    assert_eq!(alice.screen.list[&GROUP].title, "newer", "what came late is older");
}

#[test]
fn somebody_added_later_does_not_make_earlier_messages_delivered() {
    let mut alice = alice_who_added_carol();
    alice.is_pushed(reached_in(GROUP, CAROL, 3, 3, 2));
    assert_eq!(states(&alice), ["alice: one · sent", "alice: two · sent"]);
    alice.is_pushed(reached_in(GROUP, CAROL, 3, 4, 4));
    assert_eq!(states(&alice), ["alice: one · sent", "alice: two · read"]);

    let mut alice = alice.restart();
    alice.opens(GROUP);
    assert_eq!(states(&alice), ["alice: one · sent", "alice: two · read"]);
    alice.link(changes(101, vec![group(101, 4)]));
    let asked = alice.requests().into_iter().find(|(_, call)| format!("{call:?}").contains("ListMembers"));
    let (id, _) = asked.expect("the members are asked for, since the group is open");
    is_told_of_members(&mut alice, id, vec![member(BOB, 1, 2, 0), member(CAROL, 3, 4, 4)]);
    assert_eq!(states(&alice), ["alice: one · delivered", "alice: two · read"]);
}

#[test]
fn somebody_who_comes_back_has_what_came_since() {
    let mut alice = alice_who_added_carol();
    alice.is_pushed(reached_in(GROUP, BOB, 1, 2, 2));
    assert_eq!(states(&alice), ["alice: one · read", "alice: two · sent"]);
    // Bob left at 5, was brought in again at 6, and may have put another disk in.
    alice.is_pushed(reached_in(GROUP, BOB, 6, 6, 5));
    assert_eq!(states(&alice), ["alice: one · sent", "alice: two · sent"]);
    alice.is_pushed(reached_in(GROUP, BOB, 1, 2, 2));
    assert_eq!(states(&alice), ["alice: one · sent", "alice: two · sent"], "a late word of the first time");
}

#[test]
fn a_server_that_does_not_tell_where_views_begin_is_believed() {
    let mut alice = alice_who_added_carol();
    alice.is_pushed(reached_in(GROUP, BOB, 0, 4, 2));
    assert_eq!(states(&alice), ["alice: one · read", "alice: two · delivered"]);
}

#[test]
fn whoever_lists_members_is_told_where_their_views_begin() {
    let mut alice = Device::with(vec![group(100, 5)]);
    alice.requests();
    let list = alice.begin(Command::ListMembers { conversation: GROUP });
    let (id, _) = alice.requests().remove(0);
    is_told_of_members(&mut alice, id, vec![member(BOB, 0, 5, 5), member(CAROL, 3, 2, 2)]);
    let Some(Outcome::Members { members }) = alice.outcome(list) else { panic!("no members") };
    let views: Vec<_> = members.iter().map(|it| (it.person.handle.as_str(), it.from_seq)).collect();
    assert_eq!(views, [("bob", 1), ("carol", 3)]);
}
