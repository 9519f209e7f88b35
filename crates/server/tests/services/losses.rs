//! What is lost is noticed and made good (spec D8); who reads too slowly holds up nobody (spec F4).

use anser_protocol::limits;
use anser_protocol::wire::request::Call;
use anser_protocol::wire::{self};
use futures_util::FutureExt;

use crate::world::on_every_store;

#[test]
fn a_notice_lost_in_the_middle_is_noticed_with_the_next_one() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        world.deliver();
        bob.hears();

        world.lose_notices(true);
        world.say(&alice, chat, "lost");
        world.lose_notices(false);
        world.deliver();
        assert_eq!(bob.hears(), [""; 0]);
        world.say(&alice, chat, "next");
        world.deliver();
        assert_eq!(bob.hears(), ["#3 next", "resync"]);
        world.say(&alice, chat, "all well again");
        world.deliver();
        assert_eq!(bob.hears(), ["#4 all well again"]);
        assert_eq!(world.node.metrics.notices_missed.get(), 1);
    });
}

#[test]
fn the_very_last_notice_is_found_missing_by_the_tail() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        world.deliver();
        bob.hears();

        world.lose_notices(true);
        world.say(&alice, chat, "lost");
        world.deliver();
        assert_eq!(bob.hears(), [""; 0]);
        world.bus.tail();
        world.deliver();
        assert_eq!(bob.hears(), ["resync"]);
        world.bus.tail();
        world.deliver();
        assert_eq!(bob.hears(), [""; 0], "told once");
    });
}

#[test]
fn a_quiet_bus_with_nothing_lost_resyncs_nobody() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        world.bus.tail();
        world.direct(&alice, "bob");
        world.bus.tail();
        world.bus.tail();
        world.deliver();
        assert_eq!(bob.hears(), ["head #1"]);
        assert_eq!(world.node.metrics.resyncs.get(), 0);
    });
}

#[test]
fn a_bus_that_overflows_is_found_out() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        world.deliver();
        bob.hears();
        // The world's bus holds 1,024; every text is read at once, so each moves the position as well.
        for number in 0..600 {
            let sent = world.say(&alice, chat, &number.to_string());
            world.reach(&alice, chat, sent.seq, sent.seq).unwrap();
        }
        world.deliver();
        world.bus.tail();
        world.deliver();
        let heard = bob.hears();
        assert!(
            heard.contains(&"resync".to_owned()) || heard == ["end SLOW_READER"],
            "neither told to ask nor to come back: {heard:?}"
        );
        assert!(world.node.metrics.notices_missed.get() > 0);
    });
}

#[test]
fn a_full_mailbox_ends_its_session_and_no_other() {
    on_every_store(|mut world| {
        let (alice, mut slow) = (world.register("alice"), world.register("bob"));
        let mut quick = world.sign_in("bob");
        let chat = world.direct(&alice, "bob");
        world.deliver();
        for number in 0..limits::MAILBOX_FRAMES_MAX {
            world.say(&alice, chat, &number.to_string());
            world.deliver();
            assert_eq!(quick.hears().len(), if number == 0 { 2 } else { 1 });
        }
        assert_eq!(slow.hears(), ["end SLOW_READER"]);
        assert_eq!(world.node.metrics.slow_readers.get(), 1);
        world.say(&alice, chat, "still there?");
        world.deliver();
        assert_eq!(quick.hears().len(), 1);
        assert_eq!(slow.hears(), [""; 0]);
    });
}

#[test]
fn a_mailbox_holds_as_much_as_it_says() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        for number in 1..limits::MAILBOX_FRAMES_MAX {
            world.say(&alice, chat, &number.to_string());
        }
        world.deliver();
        assert_eq!(bob.hears().len(), limits::MAILBOX_FRAMES_MAX);
    });
}

#[test]
fn a_send_that_nobody_waits_for_is_missed_rather_than_untold() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        world.deliver();
        bob.hears();
        // The link dies after the message was queued and before its answer.
        drop(world.begin(&alice, Call::Send(world.text(chat, "is it in?"))));
        world.bus.tail();
        world.deliver();
        assert_eq!(bob.hears(), ["resync"]);
    });
}

#[test]
fn a_refused_send_is_not_missed() {
    on_every_store(|mut world| {
        let (alice, _bob) = (world.register("alice"), world.register("bob"));
        let mut mallory = world.register("mallory");
        let chat = world.direct(&alice, "bob");
        assert!(world.ask(&mallory, Call::Send(world.text(chat, "let me in"))).is_err());
        world.bus.tail();
        world.deliver();
        assert_eq!(mallory.hears(), [""; 0]);
        assert_eq!(world.node.metrics.notices_missed.get(), 0);
    });
}

#[test]
fn a_device_whose_revocation_was_lost_is_found_and_ended() {
    on_every_store(|mut world| {
        let (mut alice, mut stolen) = (world.register("alice"), world.sign_in("alice"));
        world.lose_notices(true);
        let device = stolen.asker.device.0;
        world.ask(&alice, Call::RevokeDevice(wire::RevokeDevice { device })).unwrap();
        world.lose_notices(false);
        world.bus.tail();
        world.deliver();
        assert_eq!(stolen.hears(), ["end SIGNED_OUT"]);
        assert_eq!(alice.hears(), ["resync"]);
    });
}

#[test]
fn whoever_left_hears_nothing_even_if_the_bus_lost_the_leaving() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let group = world.group(&alice, &["bob"]);
        world.say(&alice, group, "now the courier knows who is in");
        world.deliver();
        bob.hears();

        world.lose_notices(true);
        world.head(&bob, Call::LeaveGroup(wire::LeaveGroup { conversation: group }));
        world.lose_notices(false);
        world.say(&alice, group, "a secret");
        world.deliver();
        assert_eq!(bob.hears(), ["resync"]);
    });
}

#[test]
fn a_courier_with_nothing_to_do_waits() {
    on_every_store(|mut world| {
        assert_eq!(world.node.courier.run_some().now_or_never(), None);
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        world.direct(&alice, "bob");
        assert!(crate::world::wait(world.node.courier.run_some()));
        assert_eq!(bob.hears(), ["head #1"]);
    });
}
