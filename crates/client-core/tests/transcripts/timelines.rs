//! V3: the window of an open conversation: from disk, without holes, with exactly as much above it as there is.

use anser_client_core::{Command, FailureReason, Outcome};
use anser_protocol::wire::{ErrorCode, Head};

use crate::device::{Device, changes, view};
use crate::people::*;

/// All is delivered and read; 60 of 300 events are here.
fn alice() -> Device {
    let mut alice = Device::with(vec![Head { delivered: 300, read: 300, unread: 0, ..chat(100, 300) }]);
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (241, 300));
    alice.is_answered(id, range(bobs(CHAT, 241..=300)));
    alice
}

fn shown(alice: &Device) -> (u64, u64, bool) {
    let timeline = &alice.screen.timelines[&CHAT];
    (timeline.rows[0].seq, timeline.rows[timeline.rows.len() - 1].seq, timeline.has_older)
}

#[test]
fn it_opens_offline_at_the_end() {
    let mut alice = alice().restart();
    alice.opens(CHAT);
    assert_eq!(shown(&alice), (241, 300, true));
}

#[test]
fn older_ones_are_fetched_when_somebody_scrolls_there_and_then_come_from_disk() {
    let mut alice = alice();
    alice.opens(CHAT);
    let older = alice.begin(Command::LoadOlder { view: view(CHAT) });
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (181, 240));
    assert_eq!(alice.outcome(older), None);
    assert!(alice.screen.timelines[&CHAT].loading);
    alice.is_answered(id, range(bobs(CHAT, 181..=240)));
    assert_eq!(alice.outcome(older), Some(Outcome::Done));
    assert_eq!(shown(&alice), (181, 300, true));
    assert!(!alice.screen.timelines[&CHAT].loading);

    let mut alice = alice.restart();
    alice.opens(CHAT);
    assert_eq!(shown(&alice), (241, 300, true));
    assert_eq!(alice.command(Command::LoadOlder { view: view(CHAT) }), Some(Outcome::Done));
    assert_eq!(shown(&alice), (181, 300, true));
    let offline = alice.command(Command::LoadOlder { view: view(CHAT) });
    let Some(Outcome::Failed { failure }) = offline else { panic!("{offline:?}") };
    assert_eq!(failure.reason, FailureReason::Offline);
}

#[test]
fn scrolling_ends_at_the_first_event_this_member_may_see() {
    let mut alice = Device::with(vec![Head { from_seq: 250, delivered: 300, ..chat(100, 300) }]);
    alice.opens(CHAT);
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (250, 300));
    alice.is_answered(id, range(bobs(CHAT, 250..=300)));
    assert_eq!(shown(&alice), (250, 300, false));
    assert_eq!(alice.command(Command::LoadOlder { view: view(CHAT) }), Some(Outcome::Done));
    assert_eq!(alice.ranges(), []);
}

#[test]
fn a_refused_page_of_older_ones_fails_the_command_and_may_be_tried_again() {
    let mut alice = alice();
    alice.opens(CHAT);
    let older = alice.begin(Command::LoadOlder { view: view(CHAT) });
    let (id, ..) = alice.ranges().remove(0);
    alice.is_refused(id, ErrorCode::Busy, 0);
    assert!(matches!(alice.outcome(older), Some(Outcome::Failed { .. })));
    alice.begin(Command::LoadOlder { view: view(CHAT) });
    assert_eq!(alice.ranges().len(), 1);
}

#[test]
fn a_lost_link_ends_the_wait_for_older_ones() {
    let mut alice = alice();
    alice.opens(CHAT);
    let older = alice.begin(Command::LoadOlder { view: view(CHAT) });
    alice.is_cut();
    assert!(matches!(alice.outcome(older), Some(Outcome::Failed { .. })));
}

#[test]
fn messages_missed_while_away_join_the_open_window() {
    let mut alice = alice();
    alice.opens(CHAT);
    alice.is_cut();
    alice.waits_for_retry();
    alice.link(changes(200, vec![Head { delivered: 300, read: 300, ..chat(200, 450) }]));
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (301, 450));
    assert_eq!(shown(&alice), (241, 300, true), "the scene stays as it was until they are here");
    alice.is_answered(id, range(bobs(CHAT, 301..=450)));
    assert_eq!(shown(&alice), (241, 450, true));
}

#[test]
fn an_end_too_far_away_is_jumped_to_and_the_hole_is_never_shown() {
    let mut alice = alice();
    alice.opens(CHAT);
    alice.is_cut();
    alice.waits_for_retry();
    alice.link(changes(200, vec![Head { delivered: 300, read: 300, ..chat(200, 900) }]));
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (701, 900));
    alice.is_answered(id, range(bobs(CHAT, 701..=900)));
    assert_eq!(shown(&alice), (841, 900, true));
}

#[test]
fn messages_that_come_while_the_disk_reads_are_not_forgotten() {
    let mut alice = alice();
    alice.slow_disk = true;
    alice.opens(CHAT);
    alice.is_pushed_event(text(CHAT, 301, BOB));
    alice.disk_is_read();
    alice.disk_is_read();
    assert_eq!(shown(&alice), (241, 301, true));
}

#[test]
fn rows_that_the_disk_has_lost_are_fetched_again() {
    let mut alice = alice();
    alice.disk.events.retain(|(_, seq), _| seq.0 != 280);
    alice.opens(CHAT);
    assert_eq!(shown(&alice), (281, 300, true), "what is not there is not shown over");
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (280, 280));
    alice.is_answered(id, range(bobs(CHAT, 280..=280)));
    assert_eq!(alice.command(Command::LoadOlder { view: view(CHAT) }), Some(Outcome::Done));
    assert_eq!(shown(&alice).1, 300);
    assert!(shown(&alice).0 < 280);
}

#[test]
fn a_closed_conversation_is_not_shown_any_more() {
    let mut alice = alice();
    alice.opens(CHAT);
    alice.command(Command::CloseView { view: view(CHAT) });
    alice.is_pushed_event(text(CHAT, 301, BOB));
    assert_eq!(shown(&alice).1, 300);
    alice.opens(CHAT);
    assert_eq!(shown(&alice).1, 301);
}

#[test]
fn a_draft_survives_a_restart_and_the_servers_news() {
    let mut alice = alice();
    let draft = |text: &str| Command::SaveDraft { conversation: CHAT, text: text.to_owned() };
    assert_eq!(alice.command(draft("half a thou")), Some(Outcome::Done));
    let mut alice = alice.restart();
    alice.link(changes(101, vec![chat(101, 301)]));
    assert_eq!(alice.screen.list[&CHAT].draft, "half a thou");
    alice.command(draft(""));
    assert_eq!(alice.screen.list[&CHAT].draft, "");
}

#[test]
fn a_view_opens_where_the_reader_left_and_goes_on_to_the_end() {
    let mut alice = alice();
    alice.looks(CHAT, Some(250));
    assert_eq!(shown(&alice), (241, 300, true));
    assert!(!alice.screen.timelines[&CHAT].has_newer, "the page reaches the end");

    alice.looks(CHAT, Some(100));
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (70, 129), "not on disk: fetched around the place");
    alice.is_answered(id, range(bobs(CHAT, 70..=129)));
    assert_eq!(shown(&alice), (70, 129, true));
    assert!(alice.screen.timelines[&CHAT].has_newer);
    alice.writes(CHAT, "down there");
    assert_eq!(shown(&alice), (70, 129, true), "what is unsent belongs to the end");

    let newer = alice.begin(Command::LoadNewer { view: view(CHAT) });
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (130, 189));
    alice.is_answered(id, range(bobs(CHAT, 130..=189)));
    assert_eq!(alice.outcome(newer), Some(Outcome::Done));
    alice.begin(Command::LoadNewer { view: view(CHAT) });
    let (id, first, last) = alice.ranges().remove(0);
    assert_eq!((first, last), (190, 240), "up to what is on disk");
    alice.is_answered(id, range(bobs(CHAT, 190..=240)));
    assert_eq!(alice.command(Command::LoadNewer { view: view(CHAT) }), Some(Outcome::Done));
    assert_eq!(alice.timeline(CHAT).last().map(String::as_str), Some("alice: down there · sending"));
}

#[test]
fn two_views_of_one_conversation_do_not_move_each_other() {
    let mut alice = alice();
    alice.opens(CHAT);
    let other = Command::OpenView { view: 99, conversation: CHAT, at: Some(100) };
    assert_eq!(alice.command(other), Some(Outcome::Done));
    let (id, ..) = alice.ranges().remove(0);
    alice.is_answered(id, range(bobs(CHAT, 70..=129)));
    let seqs = |alice: &Device, view: u32| {
        let rows = &alice.screen.views[&view].rows;
        (rows[0].seq, rows[rows.len() - 1].seq)
    };
    assert_eq!(seqs(&alice, view(CHAT)), (241, 300));
    assert_eq!(seqs(&alice, 99), (70, 129));
    alice.is_pushed_event(text(CHAT, 301, BOB));
    assert_eq!(seqs(&alice, view(CHAT)), (241, 301));
    assert_eq!(seqs(&alice, 99), (70, 129));
    alice.command(Command::CloseView { view: view(CHAT) });
    alice.command(Command::LoadOlder { view: 99 });
    let (id, ..) = alice.ranges().remove(0);
    alice.is_answered(id, range(bobs(CHAT, 10..=69)));
    assert_eq!(seqs(&alice, 99), (10, 129));
}

#[test]
fn a_reader_further_up_is_not_moved_by_an_end_that_cannot_be_joined() {
    let mut alice = alice();
    alice.opens(CHAT);
    alice.command(Command::FollowEnd { view: view(CHAT), follow: false });
    alice.is_cut();
    alice.waits_for_retry();
    alice.link(changes(200, vec![Head { delivered: 300, read: 300, ..chat(200, 900) }]));
    let (id, ..) = alice.ranges().remove(0);
    alice.is_answered(id, range(bobs(CHAT, 701..=900)));
    assert_eq!(shown(&alice), (241, 300, true));
    assert!(alice.screen.timelines[&CHAT].has_newer);
}

#[test]
fn a_place_that_cannot_be_fetched_gives_the_end_instead() {
    let mut alice = alice();
    alice.looks(CHAT, Some(100));
    let (id, ..) = alice.ranges().remove(0);
    alice.is_refused(id, ErrorCode::Busy, 0);
    assert_eq!(shown(&alice), (241, 300, true));
    let mut alice = alice.restart();
    alice.looks(CHAT, Some(100));
    assert_eq!(shown(&alice), (241, 300, true), "offline");
}
