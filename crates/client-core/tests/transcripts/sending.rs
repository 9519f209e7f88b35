//! D2, D4, D5, D6: what a user writes goes to disk, then to the screen, then out, once and in order.

use anser_client_core::view::RowState;
use anser_client_core::{Command, FailureReason, Input, Outcome};
use anser_protocol::limits;
use anser_protocol::wire::{ErrorCode, push};

use crate::device::{Device, changes, says};
use crate::people::*;

/// Alice talks with Bob: one message so far, nothing left to tell the server.
fn alice() -> Device {
    let mut alice = Device::with(vec![chat_unseen(100, 1)]);
    alice.opens(CHAT);
    let (id, _) = alice.reports().remove(0);
    alice.is_answered(id, done());
    alice
}

#[test]
fn a_message_is_saved_shown_sent_and_then_takes_its_place() {
    let mut alice = alice();
    alice.writes(CHAT, "hello");
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "alice: hello · sending"]);
    assert_eq!(alice.screen.list[&CHAT].unsent, 1);
    let key_before = alice.screen.timelines[&CHAT].rows[1].key.clone();

    let (id, send, text) = alice.sends().remove(0);
    assert_eq!((text.as_str(), send.conversation), ("hello", CHAT));
    alice.is_answered(id, sent(2));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "alice: hello · sent"]);
    assert_eq!(alice.screen.timelines[&CHAT].rows[1].key, key_before);
    assert!(alice.disk.outbox.is_empty());

    alice.is_pushed(reached(BOB, 2, 0));
    assert_eq!(alice.timeline(CHAT)[1], "alice: hello · delivered");
    alice.is_pushed(reached(BOB, 0, 2));
    assert_eq!(alice.timeline(CHAT)[1], "alice: hello · read");
}

#[test]
fn what_is_no_text_is_refused_at_once() {
    let mut alice = alice();
    let mut outcome =
        |text: String| match alice.command(Command::SendText { conversation: CHAT, text, send_key: None }) {
            Some(Outcome::Failed { failure }) => Some(failure.reason),
            _ => None,
        };
    assert_eq!(outcome(" \n\t ".to_owned()), Some(FailureReason::BadText));
    assert_eq!(outcome("界".repeat(limits::TEXT_CHARS_MAX + 1)), Some(FailureReason::BadText));
    assert_eq!(outcome("界".repeat(limits::TEXT_CHARS_MAX)), None);
    let elsewhere = says(99, "hello");
    assert!(matches!(alice.command(elsewhere), Some(Outcome::Failed { .. })));
}

#[test]
fn messages_written_offline_survive_a_restart_and_go_out_in_order() {
    let mut alice = alice();
    alice.is_cut();
    for text in ["one", "two", "three"] {
        alice.writes(CHAT, text);
    }
    let mut alice = alice.restart();
    alice.opens(CHAT);
    assert_eq!(
        alice.timeline(CHAT),
        ["bob: 1", "alice: one · sending", "alice: two · sending", "alice: three · sending"]
    );
    alice.link(changes(101, vec![]));
    assert_eq!(alice.sent_texts(), ["one", "two", "three"]);
}

#[test]
fn a_lost_link_sends_the_unanswered_again_under_the_same_keys() {
    let mut alice = alice();
    for text in ["one", "two", "three"] {
        alice.writes(CHAT, text);
    }
    let first = alice.sends();
    alice.is_answered(first[0].0, sent(2));
    alice.is_cut();
    alice.waits_for_retry();
    alice.link(changes(101, vec![]));
    let second = alice.sends();
    assert_eq!(second.len(), 2);
    assert_eq!(second[0].1.send_key, first[1].1.send_key);
    assert_eq!(second[1].1.send_key, first[2].1.send_key);
}

#[test]
fn only_so_many_are_unanswered_at_once() {
    let mut alice = alice();
    for number in 0..limits::SENDS_IN_FLIGHT_MAX + 5 {
        alice.writes(CHAT, &number.to_string());
    }
    let sends = alice.sends();
    assert_eq!(sends.len(), limits::SENDS_IN_FLIGHT_MAX);
    alice.is_answered(sends[0].0, sent(2));
    assert_eq!(alice.sent_texts(), [limits::SENDS_IN_FLIGHT_MAX.to_string()]);
}

#[test]
fn a_message_refused_for_good_holds_up_nobody_and_can_be_retried_or_discarded() {
    let mut alice = alice();
    alice.writes(CHAT, "one");
    alice.writes(CHAT, "two");
    let sends = alice.sends();
    let send_key = alice.screen.timelines[&CHAT].rows[1].key.trim_start_matches("k:").to_owned();
    alice.is_refused(sends[0].0, ErrorCode::NotAllowed, 0);
    alice.is_answered(sends[1].0, sent(2));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "alice: two · sent", "alice: one · failed"]);

    let mut alice = alice.restart();
    alice.opens(CHAT);
    assert_eq!(alice.timeline(CHAT)[2], "alice: one · failed");
    alice.link(changes(101, vec![]));
    assert_eq!(alice.sent_texts(), [""; 0], "it waits for the user");

    assert_eq!(alice.command(Command::RetrySend { send_key: send_key.clone() }), Some(Outcome::Done));
    let retried = alice.sends().remove(0);
    assert_eq!(retried.1.send_key, sends[0].1.send_key);
    let discard = Command::DiscardSend { send_key };
    let refused = alice.command(discard.clone());
    assert!(matches!(refused, Some(Outcome::Failed { .. })), "it may be stored by now");
    alice.is_refused(retried.0, ErrorCode::NotAllowed, 0);
    assert_eq!(alice.command(discard), Some(Outcome::Done));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "alice: two · sent"]);
    assert!(alice.disk.outbox.is_empty());
}

#[test]
fn a_refusal_for_now_keeps_the_order() {
    let mut alice = alice();
    for text in ["one", "two", "three"] {
        alice.writes(CHAT, text);
    }
    let sends = alice.sends();
    for (id, _, _) in &sends {
        alice.is_refused(*id, ErrorCode::RateLimited, 2_000);
    }
    assert_eq!(alice.sent_texts(), [""; 0]);
    alice.waits(1_999);
    assert_eq!(alice.sent_texts(), [""; 0]);
    alice.waits(1);
    let again = alice.sends();
    assert_eq!(again.len(), 1, "one at a time after a refusal");
    assert_eq!(again[0].1.send_key, sends[0].1.send_key);
    alice.is_answered(again[0].0, sent(2));
    assert_eq!(alice.sent_texts(), ["two", "three"]);
}

#[test]
fn nothing_stays_sending_for_ever_while_online() {
    let mut alice = alice();
    alice.writes(CHAT, "one");
    let begin = alice.now;
    while alice.timeline(CHAT)[1] == "alice: one · sending" {
        alice.is_refused_everything();
        alice.waits(1_000);
        assert!(alice.now.millis_since(begin) < 180_000, "spec D6: 3 minutes");
    }
    assert_eq!(alice.timeline(CHAT)[1], "alice: one · failed");
}

/// The answer of the first try is lost, and the server is too busy to take the second: *failed* would be a lie.
#[test]
fn a_stored_message_is_never_called_failed_however_long_later_tries_are_refused() {
    let mut alice = alice();
    alice.writes(CHAT, "one");
    alice.sends();
    alice.is_cut();
    alice.waits_for_retry();
    alice.link(changes(101, vec![]));
    let found = alice.is_refused_until_it_asks();
    assert_eq!(alice.timeline(CHAT)[1], "alice: one · sending");
    alice.is_answered(found, sent(2));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "alice: one · sent"]);
    assert!(alice.disk.outbox.is_empty());
    alice.waits(60_000);
    assert_eq!(alice.sent_texts(), [""; 0]);
}

#[test]
fn a_message_of_which_nobody_knows_whether_it_is_stored_is_not_called_failed() {
    let mut alice = alice();
    alice.writes(CHAT, "one");
    let asked = alice.is_refused_until_it_asks();
    alice.is_refused(asked, ErrorCode::Busy, 1_000);
    assert_eq!(alice.timeline(CHAT)[1], "alice: one · sending");
    let asked = alice.is_refused_until_it_asks();
    alice.is_refused(asked, ErrorCode::NotFound, 0);
    assert_eq!(alice.timeline(CHAT)[1], "alice: one · failed");
    assert!(matches!(alice.screen.timelines[&CHAT].rows[1].state, RowState::Failed { .. }));
    // One action mends it, and can make no second copy: the key is the same.
    let send_key = alice.screen.timelines[&CHAT].rows[1].key.trim_start_matches("k:").to_owned();
    assert_eq!(alice.command(Command::RetrySend { send_key: send_key.clone() }), Some(Outcome::Done));
    alice.waits(1_000);
    let (id, again, _) = alice.sends().remove(0);
    assert_eq!(anser_protocol::SendKey::from_hex(&send_key).unwrap().0.to_vec(), again.send_key);
    alice.is_answered(id, sent(2));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "alice: one · sent"]);
}

#[test]
fn the_answer_may_be_lost_and_the_log_has_it() {
    for way in ["head", "push", "range"] {
        let mut alice = alice();
        alice.writes(CHAT, "hello");
        let (_, send, _) = alice.sends().remove(0);
        alice.is_cut();
        let stored = anser_protocol::wire::Event { send_key: send.send_key, ..said(CHAT, 2, ALICE, "hello") };
        alice.waits_for_retry();
        let head = || anser_protocol::wire::Head { last: Some(stored.clone()), ..chat_unseen(101, 2) };
        match way {
            "head" => drop(alice.link(changes(101, vec![head()]))),
            "push" => {
                alice.link(changes(101, vec![]));
                alice.is_pushed(push::What::Event(stored.clone()));
            }
            _ => {
                alice.link(changes(102, vec![chat_unseen(102, 4)]));
                let (id, first, last) = alice.ranges().remove(0);
                assert_eq!((first, last), (2, 4));
                let events = vec![stored.clone(), text(CHAT, 3, BOB), text(CHAT, 4, BOB)];
                alice.is_answered(id, range(events));
            }
        }
        assert_eq!(alice.timeline(CHAT)[..2], ["bob: 1", "alice: hello · sent"], "{way}");
        assert!(alice.disk.outbox.is_empty(), "{way}");
    }
}

#[test]
fn a_stored_message_above_a_hole_stays_where_it_is_until_the_hole_is_filled() {
    let mut alice = alice();
    alice.writes(CHAT, "hello");
    let (id, _, _) = alice.sends().remove(0);
    alice.is_answered(id, sent(3));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "alice: hello · sent"]);
    alice.is_pushed_event(text(CHAT, 2, BOB));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "bob: 2", "alice: hello · sent"]);
}

#[test]
fn the_power_may_go_out_between_any_two_outputs() {
    let write = || Input::Command { id: 77, command: says(CHAT, "hello") };
    for outputs in 0..8 {
        let mut alice = alice().input_then_crash(write(), outputs);
        alice.opens(CHAT);
        let kept = alice.timeline(CHAT).len() == 2;
        assert_eq!(kept, outputs > 0, "the first output is the save");
        alice.link(changes(101, vec![]));
        assert_eq!(alice.sent_texts().len(), usize::from(kept));
    }
}

#[test]
fn a_send_that_is_repeated_under_its_key_is_one_message() {
    let mut alice = alice();
    let again = || Command::SendText {
        conversation: CHAT,
        text: "hello".to_owned(),
        send_key: Some("01890a5d96e17f0011223344556677aa".to_owned()),
    };
    assert_eq!(alice.command(again()), Some(Outcome::Done));
    assert_eq!(alice.command(again()), Some(Outcome::Done));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "alice: hello · sending"]);
    let (id, send, _) = alice.sends().remove(0);
    assert_eq!(send.send_key[..4], [0x01, 0x89, 0x0a, 0x5d]);
    alice.is_answered(id, sent(2));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "alice: hello · sent"]);
    // After the engine has moved to another tab it may be repeated once more: the server knows the key.
    assert_eq!(alice.command(again()), Some(Outcome::Done));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "alice: hello · sent"]);
    let (id, ..) = alice.sends().remove(0);
    alice.is_answered(id, sent(2));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "alice: hello · sent"]);
    assert_eq!(alice.screen.list[&CHAT].unsent, 0);
    let nonsense =
        Command::SendText { conversation: CHAT, text: "hi".to_owned(), send_key: Some("?".to_owned()) };
    assert!(matches!(alice.command(nonsense), Some(Outcome::Failed { .. })));
}
