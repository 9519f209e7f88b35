//! C1, and the life of a session: in, out, and ended by the server; every command finishes once.

use anser_client_core::view::SessionView;
use anser_client_core::{Command, FailureReason, Input, Outcome};
use anser_protocol::wire::{self, Close, ErrorCode, SignedIn, answer, frame, request};

use crate::device::{Device, changes};
use crate::people::*;

fn sign_in() -> Command {
    Command::SignIn {
        handle: "alice".to_owned(),
        password: "correct horse".to_owned(),
        device_name: "phone".to_owned(),
    }
}

fn reason(outcome: Option<Outcome>) -> FailureReason {
    match outcome {
        Some(Outcome::Failed { failure }) => failure.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn signing_in_saves_the_session_and_says_hello() {
    let mut alice = Device::empty();
    assert_eq!(alice.screen.session, Some(SessionView::SignedOut { ended: false }));
    let command = alice.begin(sign_in());
    alice.connects();
    let (id, call) = alice.requests().remove(0);
    assert!(matches!(call, request::Call::SignIn(_)));
    let signed_in = SignedIn { token: vec![9; 32], account: Some(person(ALICE)), device: 5 };
    alice.is_answered(id, answer::Result::SignedIn(signed_in));
    assert_eq!(alice.outcome(command), Some(Outcome::Done));
    assert!(
        matches!(&alice.screen.session, Some(SessionView::SignedIn { me, device: 5 }) if me.handle == "alice")
    );
    assert_eq!(alice.disk.session.as_ref().map(|row| row.token.clone()), Some(vec![9; 32]));

    let mut alice = alice.restart();
    assert_eq!(alice.link(changes(100, vec![chat(100, 1)])), 0);
    assert_eq!(alice.screen.list.len(), 1);
}

#[test]
fn wrong_credentials_and_lost_links_end_the_command() {
    let mut alice = Device::empty();
    let command = alice.begin(sign_in());
    assert_eq!(reason(alice.command(sign_in())), FailureReason::NotPossible, "one at a time");
    alice.connects();
    let (id, _) = alice.requests().remove(0);
    alice.is_refused(id, ErrorCode::WrongCredentials, 0);
    assert_eq!(reason(alice.outcome(command)), FailureReason::WrongCredentials);

    let command = alice.begin(sign_in());
    alice.connects();
    alice.is_cut();
    assert_eq!(reason(alice.outcome(command)), FailureReason::Offline);
}

#[test]
fn signing_out_tells_the_server_and_leaves_nothing_behind() {
    let mut alice = Device::with(vec![chat(100, 1)]);
    alice.writes(CHAT, "hello");
    alice.requests();
    assert_eq!(alice.command(Command::SignOut), Some(Outcome::Done));
    assert!(matches!(alice.requests()[..], [(_, request::Call::SignOut(_))]));
    assert_eq!(alice.screen.session, Some(SessionView::SignedOut { ended: false }));
    assert_eq!(alice.screen.unread, 0);
    assert!(alice.disk.session.is_none() && alice.disk.events.is_empty() && alice.disk.outbox.is_empty());
    assert_eq!(reason(alice.command(Command::ListDevices)), FailureReason::NotPossible);
    // Before the server answers, somebody else signs in here.
    let command = alice.begin(sign_in());
    alice.connects();
    let (id, _) = alice.requests().remove(0);
    alice.is_refused(id, ErrorCode::WrongCredentials, 0);
    assert_eq!(reason(alice.outcome(command)), FailureReason::WrongCredentials);
}

#[test]
fn signing_out_works_offline() {
    let mut alice = Device::of_alice();
    assert_eq!(alice.command(Command::SignOut), Some(Outcome::Done));
    assert!(alice.disk.session.is_none());
    let alice = alice.restart();
    assert_eq!(alice.screen.session, Some(SessionView::SignedOut { ended: false }));
}

#[test]
fn a_session_that_the_server_ended_leaves_nothing_readable() {
    let mut alice = Device::with(vec![chat(100, 1)]);
    let waiting = alice.begin(Command::ListDevices);
    let error = wire::Error { code: ErrorCode::SignedOut.into(), ..wire::Error::default() };
    alice.hears(frame::Body::Close(Close { error: Some(error) }));
    assert_eq!(alice.screen.session, Some(SessionView::SignedOut { ended: true }));
    assert_eq!(reason(alice.outcome(waiting)), FailureReason::SignedOut);
    assert!(alice.disk.session.is_none() && alice.disk.conversations.is_empty());
}

#[test]
fn a_version_that_nobody_speaks_any_more_keeps_everything() {
    let mut alice = Device::of_alice();
    alice.connects();
    let error = wire::Error { code: ErrorCode::UnsupportedVersion.into(), ..wire::Error::default() };
    alice.hears(frame::Body::Close(Close { error: Some(error) }));
    assert!(alice.disk.session.is_some());
    assert!(matches!(alice.screen.session, Some(SessionView::SignedIn { .. })));
    alice.command(Command::ReconnectNow);
    alice.link(changes(1, vec![]));
}

#[test]
fn without_a_link_what_needs_one_fails_at_once() {
    let mut alice = Device::of_alice();
    for command in [
        Command::FindAccount { handle: "bob".to_owned() },
        Command::OpenDirect { handle: "bob".to_owned() },
        Command::CreateGroup { title: "Three".to_owned(), handles: vec![], key: None },
        Command::ListDevices,
        Command::ListMembers { conversation: GROUP },
    ] {
        assert_eq!(reason(alice.command(command)), FailureReason::Offline);
    }
}

#[test]
fn a_link_that_dies_finishes_the_commands_that_waited_on_it() {
    let mut alice = Device::with(vec![]);
    let find = alice.begin(Command::FindAccount { handle: "bob".to_owned() });
    assert_eq!(alice.outcome(find), None);
    alice.is_cut();
    assert_eq!(reason(alice.outcome(find)), FailureReason::Offline);
}

#[test]
fn finding_and_opening_a_person() {
    let mut alice = Device::with(vec![]);
    let find = alice.begin(Command::FindAccount { handle: "bob".to_owned() });
    let (id, _) = alice.requests().remove(0);
    alice.is_answered(id, answer::Result::People(wire::People { people: vec![person(BOB)] }));
    assert!(matches!(alice.outcome(find), Some(Outcome::People { people }) if people[0].handle == "bob"));
    let open = alice.begin(Command::OpenDirect { handle: "bob".to_owned() });
    let (id, _) = alice.requests().remove(0);
    alice.is_answered(id, answer::Result::Head(chat(101, 1)));
    assert_eq!(alice.outcome(open), Some(Outcome::Conversation { conversation: CHAT }));
    assert_eq!(alice.screen.list[&CHAT].title, "Bob");
}

#[test]
fn a_group_is_made_once_however_often_it_takes() {
    let mut alice = Device::with(vec![]);
    let create = alice.begin(Command::CreateGroup { title: "Three".to_owned(), handles: vec![], key: None });
    let key = |alice: &mut Device| match alice.requests().remove(0) {
        (id, request::Call::CreateGroup(group)) => (id, group.send_key),
        other => panic!("{other:?}"),
    };
    let (id, first) = key(&mut alice);
    alice.is_refused(id, ErrorCode::Busy, 2_000);
    alice.waits(2_000);
    let (_, second) = key(&mut alice);
    alice.is_cut();
    alice.waits_for_retry();
    alice.link(changes(101, vec![]));
    let (id, third) = key(&mut alice);
    assert!(first == second && second == third);
    assert_eq!(alice.outcome(create), None);
    alice.is_answered(id, answer::Result::Head(group(102, 1)));
    assert_eq!(alice.outcome(create), Some(Outcome::Conversation { conversation: GROUP }));
}

#[test]
fn a_group_that_cannot_be_made_is_given_up_in_the_end() {
    let mut alice = Device::with(vec![]);
    let create = alice.begin(Command::CreateGroup { title: "Three".to_owned(), handles: vec![], key: None });
    alice.is_cut();
    alice.input(Input::Network { up: false });
    alice.waits(60_000);
    assert_eq!(reason(alice.outcome(create)), FailureReason::Offline);
}

#[test]
fn members_and_devices_are_listed_over_pages() {
    let mut alice = Device::with(vec![group(100, 1)]);
    alice.requests();
    let list = alice.begin(Command::ListMembers { conversation: GROUP });
    let page = |account, more| {
        let members = vec![wire::Member { person: Some(person(account)), ..wire::Member::default() }];
        answer::Result::Members(wire::Members { members, more })
    };
    let (id, _) = alice.requests().remove(0);
    alice.is_answered(id, page(ALICE, true));
    let (id, call) = alice.requests().remove(0);
    assert!(format!("{call:?}").contains(&format!("after_account: {}", ALICE.0)));
    alice.is_answered(id, page(BOB, false));
    assert!(matches!(alice.outcome(list), Some(Outcome::Members { members }) if members.len() == 2));

    let devices = alice.begin(Command::ListDevices);
    let (id, _) = alice.requests().into_iter().next_back().expect("asked");
    let device = wire::Device { device: 5, current: true, ..wire::Device::default() };
    alice.is_answered(id, answer::Result::Devices(wire::Devices { devices: vec![device] }));
    assert!(matches!(alice.outcome(devices), Some(Outcome::Devices { devices }) if devices[0].current));
}
