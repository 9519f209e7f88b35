//! Every mutant breaks what the transcripts check: here, what each of them does wrong is seen directly.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anser_client_core::Mutant;
use anser_protocol::wire::{Beat, Changes, Event, Head, frame};

use crate::device::{Device, changes, says};
use crate::people::*;

/// A dialogue in which an honest engine does everything right.
fn dialogue(mutant: Option<Mutant>) {
    let mut alice = Device::of_alice();
    alice.engine.set_mutant(mutant);
    alice.link(Changes { next: 60, ..changes(100, vec![chat_unseen(100, 1)]) });
    assert_eq!(alice.disk.synced.0, 0, "no position before the last page");
    let (id, _) = alice.requests().remove(0);
    alice.is_answered(id, anser_protocol::wire::answer::Result::Changes(changes(110, vec![])));
    alice.opens(CHAT);
    alice.requests();

    alice.hears(frame::Body::Beat(Beat { pushes: 3, resync: false }));
    let (id, _) = alice.requests().pop().expect("a Sync");
    alice.is_answered(id, anser_protocol::wire::answer::Result::Changes(changes(105, vec![])));
    alice.is_pushed_event(text(CHAT, 2, BOB));
    alice.is_pushed_event(text(CHAT, 4, BOB));
    alice.waits(250);
    let (id, ..) = alice.ranges().remove(0);
    alice.is_answered(id, range(bobs(CHAT, 3..=3)));
    alice.reads(CHAT, 4);
    alice.reads(CHAT, 2);
    assert_eq!(alice.screen.list[&CHAT].read, 4);

    alice.command(says(CHAT, "hello"));
    let first = alice.sends().remove(0).1;
    alice.is_cut();
    alice.waits_for_retry();
    alice.link(changes(110, vec![]));
    let second = alice.sends().remove(0).1;
    assert_eq!(first.send_key, second.send_key);
    let stored = Event { send_key: first.send_key, ..said(CHAT, 5, ALICE, "hello") };
    alice.is_cut();
    alice.waits_for_retry();
    alice.link(changes(111, vec![Head { last: Some(stored), ..chat_unseen(111, 5) }]));
    assert!(alice.disk.outbox.is_empty());
}

#[test]
fn an_honest_engine_passes() {
    dialogue(None);
}

#[test]
fn every_mutant_is_caught() {
    for mutant in Mutant::ALL {
        let caught = catch_unwind(AssertUnwindSafe(|| dialogue(Some(mutant)))).is_err();
        assert!(caught, "{mutant:?} was not caught");
    }
}
