//! The store fails: whoever asks is told to try again, and whoever was not told is told to ask.

use std::sync::Arc;

use anser_protocol::error::remedy;
use anser_protocol::wire::request::Call;
use anser_protocol::wire::{self, ErrorCode};
use anser_protocol::{Remedy, limits};
use futures_util::FutureExt;

use crate::flaky::FlakyStore;
use crate::world::{HOME, PASSWORD, World};

fn world() -> (FlakyStore, World) {
    let store = FlakyStore::default();
    (store.clone(), World::new(Arc::new(store), true))
}

#[test]
fn a_failed_send_is_worth_retrying_and_tells_nothing_about_the_cause() {
    let (store, mut world) = world();
    let (alice, mut bob) = (world.register("alice"), world.register("bob"));
    let chat = world.direct(&alice, "bob");
    let hello = world.text(chat, "hello");
    store.fail(0, 1);
    let fault = world.ask(&alice, Call::Send(hello.clone())).unwrap_err();
    assert_eq!((fault.code, remedy(fault.code)), (ErrorCode::Internal, Remedy::Retry));
    assert!(!fault.text.contains("told to"), "the cause is for the operator: {}", fault.text);
    assert!(world.ask(&alice, Call::Send(hello)).is_ok());
    world.bus.tail();
    world.deliver();
    assert_eq!(bob.hears(), ["head #2", "#2 hello"]);
}

#[test]
fn what_could_not_be_delivered_is_made_good_with_the_next_tail() {
    let (store, mut world) = world();
    let (alice, mut bob) = (world.register("alice"), world.register("bob"));
    let chat = world.direct(&alice, "bob");
    world.deliver();
    bob.hears();
    world.say(&alice, chat, "hello");
    store.fail(0, 1);
    world.deliver();
    assert_eq!(bob.hears(), [""; 0]);
    world.bus.tail();
    world.deliver();
    assert_eq!(bob.hears(), ["resync"]);
}

#[test]
fn a_device_check_that_fails_is_tried_again() {
    let (store, mut world) = world();
    let (alice, mut stolen) = (world.register("alice"), world.sign_in("alice"));
    world.lose_notices(true);
    let device = stolen.asker.device.0;
    world.ask(&alice, Call::RevokeDevice(wire::RevokeDevice { device })).unwrap();
    world.bus.tail();
    store.fail(0, 1);
    world.deliver();
    assert_eq!(stolen.hears(), ["resync"]);
    world.bus.tail();
    world.deliver();
    assert_eq!(stolen.hears(), ["end SIGNED_OUT"]);
}

#[test]
fn a_change_that_was_committed_but_not_told_is_missed() {
    let (store, mut world) = world();
    let (alice, mut bob) = (world.register("alice"), world.register("bob"));
    let group = world.group(&alice, &["bob"]);
    world.deliver();
    bob.hears();
    let rename = wire::RenameGroup { conversation: group, title: "Wine".to_owned() };
    // The change is committed, then the store fails to say whom to tell.
    store.fail(1, 1);
    assert!(world.ask(&alice, Call::RenameGroup(rename)).is_err());
    world.bus.tail();
    world.deliver();
    assert_eq!(bob.hears(), ["resync"]);
    assert_eq!(world.sync(&bob, 0).heads[0].title, "Wine");
}

#[test]
fn noting_that_a_device_was_seen_may_fail_and_a_greeting_that_fails_leaves_no_session_behind() {
    let (store, mut world) = world();
    let alice = world.register("alice");
    world.now = world.now + 3_600_000;
    // Looked up, then noted.
    store.fail(1, 1);
    let second = world.hello("alice", alice.token.clone()).expect("a welcome all the same");
    assert_eq!(world.node.metrics.sessions.get(), 2);
    drop(second);
    // The changes cannot be read.
    store.fail(2, 1);
    let refused = world.hello("alice", alice.token.clone()).err().expect("no changes, no welcome");
    assert_eq!(remedy(refused.code), Remedy::Retry);
    assert_eq!(world.node.metrics.sessions.get(), 1);
}

#[test]
fn a_device_that_is_revoked_while_it_says_hello_does_not_get_in() {
    for is_told in [true, false] {
        let (store, mut world) = world();
        let (alice, stolen) = (world.register("alice"), world.sign_in("alice"));
        let (token, device) = (stolen.token.clone(), stolen.asker.device.0);
        drop(stolen);
        let dispatch = world.node.dispatch.clone();
        let hello = wire::Hello { version: 1, token, position: 0 };
        let mut welcome = dispatch.welcome(hello, world.now);
        // Looked up; but before the answer is there the device is gone, and the hub has told all who had joined.
        store.dawdle();
        assert!((&mut welcome).now_or_never().is_none());
        world.lose_notices(!is_told);
        world.ask(&alice, Call::RevokeDevice(wire::RevokeDevice { device })).unwrap();
        world.lose_notices(false);
        world.bus.tail();
        world.deliver();
        let refused = crate::world::wait(welcome).expect_err("a worthless token");
        assert_eq!(refused.code, ErrorCode::SignedOut, "is told: {is_told}");
        assert_eq!(world.node.metrics.sessions.get(), 1);
    }
}

#[test]
fn tries_that_nobody_could_look_at_shut_nobody_out() {
    let (store, world) = world();
    world.register("alice");
    for _ in 0..2 * limits::SIGN_IN_TRIES_PER_ACCOUNT {
        store.fail(0, 1);
        let fault = world.ask_sign_in("alice", PASSWORD, HOME).expect_err("the store failed");
        assert_eq!(fault.code, ErrorCode::Internal);
    }
    assert!(world.ask_sign_in("alice", PASSWORD, HOME).is_ok());
}
