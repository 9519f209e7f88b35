//! X5: nothing that a server sends makes the engine panic, spin, or claim what is not there.

use anser_client_core::Command;
use anser_protocol::wire::{self, Beat, Head, Push, answer, frame, push};
use prost::Message;

use crate::device::{Device, changes, view};
use crate::people::*;

fn alice() -> Device {
    let mut alice = Device::with(vec![chat(100, 1)]);
    alice.opens(CHAT);
    alice.requests();
    alice
}

#[test]
fn numbers_without_sense_are_survived() {
    for number in [0, 1, 5, (1 << 53) - 1, 1 << 53, u64::MAX] {
        let mut alice = alice();
        alice.is_pushed_event(text(CHAT, number, BOB));
        alice.is_pushed(reached(ALICE, number, number));
        alice.is_pushed(reached(BOB, number, number));
        alice.is_pushed(push::What::Head(Head {
            read: number,
            delivered: number,
            from_seq: number,
            last_seq: number,
            last: Some(text(CHAT, number, BOB)),
            unread: u32::MAX,
            ..chat(number, 1)
        }));
        alice.reads(CHAT, number);
        alice.waits(2_000);
        alice.is_pushed_event(text(CHAT, 2, BOB));
        alice.begin(Command::LoadOlder { view: view(CHAT) });
        alice.waits(2_000);
        let mut alice = alice.restart();
        alice.opens(CHAT);
    }
}

#[test]
fn an_answer_that_answers_nothing_is_not_asked_for_again_at_once() {
    let mut alice = Device::with(vec![chat(100, 500)]);
    alice.opens(CHAT);
    for _ in 0..3 {
        for (id, ..) in alice.ranges() {
            alice.is_answered(id, range(vec![]));
        }
    }
    assert_eq!(alice.ranges(), []);
    assert!(!alice.screen.timelines[&CHAT].has_older, "the server has nothing");
}

#[test]
fn ranges_of_something_else_are_not_believed() {
    let mut alice = Device::with(vec![chat(100, 500)]);
    alice.opens(CHAT);
    let (id, ..) = alice.ranges().remove(0);
    let events =
        vec![text(GROUP, 499, BOB), text(CHAT, 9_999, BOB), text(CHAT, 450, BOB), text(CHAT, 450, CAROL)];
    alice.is_answered(id, range(events));
    // The disk checks that every span is covered by events.
    assert_eq!(alice.disk.events.len(), 1);
}

#[test]
fn answers_of_the_wrong_kind_and_to_nobody_are_survived() {
    let mut alice = Device::with(vec![chat(100, 500), group(99, 3)]);
    alice.opens(CHAT);
    alice.opens(GROUP);
    alice.writes(CHAT, "hello");
    alice.begin(Command::FindAccount { handle: "bob".to_owned() });
    alice.begin(Command::ListMembers { conversation: GROUP });
    for (id, _) in alice.requests() {
        alice.is_answered(id, answer::Result::SignedIn(wire::SignedIn::default()));
        alice.is_answered(id + 1_000, done());
    }
    alice.waits(10_000);
}

#[test]
fn garbage_ends_the_link_and_nothing_else() {
    for bytes in [vec![0xFF; 3], vec![], vec![0; 2_000_000], b"GET / HTTP/1.1".to_vec()] {
        let mut alice = alice();
        alice.input(anser_client_core::Input::Received { connection: 1, bytes });
        alice.writes(CHAT, "hello");
        assert_eq!(alice.timeline(CHAT), ["bob: 1", "alice: hello · sending"]);
    }
}

#[test]
fn a_flood_of_pushes_keeps_the_engine_bounded_and_awake() {
    let mut alice = alice();
    for seq in (10..4_000).step_by(3) {
        alice.is_pushed_event(text(CHAT, seq, anser_protocol::AccountId(seq)));
    }
    alice.waits(300);
    assert!(alice.ranges().len() <= 4);
    let push = Push { what: None };
    alice.hears(frame::Body::Push(push));
    alice.hears(frame::Body::Beat(Beat { pushes: 7, resync: true }));
    assert!(alice.asks().iter().any(|call| call.starts_with("sync")));
}

#[test]
fn random_bytes_in_every_frame_are_survived() {
    // Each byte of some honest frames, changed in turn.
    let honest = [
        frame::Body::Push(Push { what: Some(push::What::Event(text(CHAT, 2, BOB))) }),
        frame::Body::Push(Push { what: Some(push::What::Head(group(101, 3))) }),
        frame::Body::Push(Push { what: Some(reached(ALICE, 1, 1)) }),
    ];
    for body in honest {
        let bytes = wire::Frame { body: Some(body) }.encode_to_vec();
        for place in 0..bytes.len() {
            let mut alice = alice();
            for value in [0, 1, 0x7F, 0x80, 0xFF] {
                let mut bytes = bytes.clone();
                bytes[place] = value;
                alice.input(anser_client_core::Input::Received { connection: 1, bytes });
            }
            alice.waits(300);
        }
    }
}

#[test]
fn changes_that_never_end_are_not_followed_for_ever() {
    let mut alice = Device::of_alice();
    alice.link(wire::Changes { next: 5, ..changes(100, vec![]) });
    let mut asked = 0;
    while let Some((id, _)) = alice.requests().pop() {
        asked += 1;
        assert!(asked < 10, "it pages in circles");
        alice.is_answered(id, answer::Result::Changes(wire::Changes { next: 5, ..changes(100, vec![]) }));
    }
    assert_eq!(alice.disk.synced.0, 0);
}
