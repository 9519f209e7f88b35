//! What could not be saved is not stored: not shown as sent, not acknowledged, and tried again.

use anser_client_core::view::{LinkView, SessionView};
use anser_client_core::{FailureReason, Outcome};

use crate::device::{Device, changes, says};
use crate::people::*;

fn alice() -> Device {
    let mut alice = Device::with(vec![chat(100, 1)]);
    alice.opens(CHAT);
    let (id, _) = alice.reports().remove(0);
    alice.is_answered(id, done());
    alice
}

#[test]
fn a_message_that_could_not_be_saved_is_not_sent_and_the_user_is_told() {
    let mut alice = alice();
    alice.broken_disk = true;
    let outcome = alice.command(says(CHAT, "hello"));
    let Some(Outcome::Failed { failure }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.reason, FailureReason::Storage);
    assert_eq!(alice.sent_texts(), [""; 0]);
    assert_eq!(alice.timeline(CHAT), ["bob: 1"]);
    assert!(matches!(alice.screen.link, Some(LinkView::Offline { .. })));
}

#[test]
fn an_event_that_could_not_be_saved_is_not_acknowledged_and_found_again() {
    let mut alice = alice();
    alice.broken_disk = true;
    alice.is_pushed_event(text(CHAT, 2, BOB));
    assert_eq!(alice.asks(), [""; 0]);
    alice.waits(1_000);
    // It was kept in memory and is on disk now; only then is there a link again.
    assert_eq!(alice.disk.events.len(), 2);
    assert_eq!(alice.link(changes(101, vec![])), 100);
    assert_eq!(alice.asks(), ["reach 7:2/0"]);
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "bob: 2"]);
}

#[test]
fn a_crash_before_the_disk_is_mended_loses_nothing_that_the_server_has() {
    let mut alice = alice();
    alice.broken_disk = true;
    alice.is_pushed_event(text(CHAT, 2, BOB));
    let mut alice = alice.restart();
    let head = anser_protocol::wire::Head { delivered: 1, ..chat(101, 2) };
    assert_eq!(alice.link(changes(101, vec![head])), 100);
    alice.opens(CHAT);
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "bob: 2"]);
}

#[test]
fn while_the_disk_is_broken_commands_that_must_store_fail_at_once() {
    let mut alice = alice();
    alice.broken_disk = true;
    alice.is_pushed_event(text(CHAT, 2, BOB));
    let outcome = alice.command(says(CHAT, "hello"));
    let Some(Outcome::Failed { failure }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.reason, FailureReason::Storage);
    // A disk that stays broken is tried less and less often, without a link in between.
    for _ in 0..5 {
        alice.broken_disk = true;
        alice.waits_until(alice.wake_at);
        assert!(matches!(alice.screen.link, Some(LinkView::Offline { .. })));
    }
    alice.broken_disk = false;
    alice.waits(60_000);
    assert_eq!(alice.link(changes(101, vec![])), 100);
    assert!(matches!(alice.screen.session, Some(SessionView::SignedIn { .. })));
    alice.writes(CHAT, "hello");
}
