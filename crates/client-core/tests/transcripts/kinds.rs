//! G7: what a newer client writes is kept as it came, and is shown as soon as this device knows its kind.

use anser_protocol::{kind, wire};

use crate::device::Device;
use crate::people::*;

/// A kind that this engine does not know; its body happens to be one of a text.
const NEWER: u32 = 900;

fn newer(seq: u64, text: &str) -> wire::Event {
    wire::Event { kind: NEWER, ..said(CHAT, seq, BOB, text) }
}

/// An upgrade is an engine that knows one kind more, on the disk of the one before. Since no engine here knows less
/// than another, the kind itself gets the number of a known one; not a byte of a body is touched.
fn upgraded(mut device: Device) -> Device {
    let rows = device.disk.events.values_mut();
    let last_lines = device.disk.conversations.values_mut().map(|row| &mut row.last);
    for event in rows.chain(last_lines).filter(|event| event.kind == NEWER) {
        event.kind = kind::TEXT;
    }
    device.restart()
}

#[test]
fn a_kind_that_nobody_knew_is_kept_and_shows_after_an_upgrade() {
    let mut alice = Device::with(vec![chat(100, 1)]);
    alice.opens(CHAT);
    alice.is_pushed_event(newer(2, "from the future"));
    alice.is_pushed_event(text(CHAT, 3, BOB));
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "bob: kind 900?", "bob: 3"]);
    assert_eq!(alice.unread(CHAT), 3, "somebody wrote it, so it is to be read");

    let mut alice = upgraded(alice);
    alice.opens(CHAT);
    alice.disk_is_read();
    assert_eq!(alice.timeline(CHAT), ["bob: 1", "bob: from the future", "bob: 3"]);
    assert_eq!(alice.unread(CHAT), 3);
    assert_eq!(alice.asks(), [""; 0], "nothing of it had to be fetched again");
}

#[test]
fn a_last_line_of_an_unknown_kind_is_kept_too() {
    let mut alice = Device::with(vec![chat(100, 1)]);
    alice.is_pushed_event(newer(2, "from the future"));
    let alice = upgraded(alice);
    let last = alice.screen.list[&CHAT].last.as_ref().map(crate::device::in_words);
    assert_eq!(last.as_deref(), Some("bob: from the future"));
}
