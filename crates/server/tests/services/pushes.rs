//! Who hears of what.

use anser_protocol::limits;
use anser_protocol::wire;
use anser_protocol::wire::request::Call;

use crate::world::on_every_store;

#[test]
fn a_message_reaches_all_but_the_session_that_sent_it() {
    on_every_store(|mut world| {
        let (mut alice, mut bob) = (world.register("alice"), world.register("bob"));
        let (mut alice_too, mut bob_too) = (world.sign_in("alice"), world.sign_in("bob"));
        let mut carol = world.register("carol");
        let chat = world.direct(&alice, "bob");
        world.deliver();
        for phone in [&mut alice, &mut alice_too, &mut bob, &mut bob_too] {
            assert_eq!(phone.hears(), ["head #1"]);
        }

        world.say(&alice, chat, "hello");
        world.deliver();
        assert_eq!(alice.hears(), [""; 0]);
        assert_eq!(alice_too.hears(), ["#2 hello (key)"]);
        assert_eq!(bob.hears(), ["#2 hello"]);
        assert_eq!(bob_too.hears(), ["#2 hello"]);
        assert_eq!(carol.hears(), [""; 0]);
    });
}

#[test]
fn another_link_of_the_same_device_hears_of_it() {
    on_every_store(|mut world| {
        let (alice, _bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        world.deliver();
        let mut successor = world.hello("alice", alice.token.clone()).unwrap();
        world.say(&alice, chat, "over the old link");
        world.deliver();
        assert_eq!(successor.hears(), ["#2 over the old link (key)"]);
    });
}

#[test]
fn opening_what_is_open_tells_nobody() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        world.deliver();
        bob.hears();
        assert_eq!(world.direct(&bob, "alice"), chat);
        assert_eq!(world.direct(&alice, "Bob"), chat);
        world.deliver();
        assert_eq!(bob.hears(), [""; 0]);
    });
}

#[test]
fn positions_are_told_when_they_move_and_only_forward() {
    on_every_store(|mut world| {
        let (mut alice, mut bob) = (world.register("alice"), world.register("bob"));
        let mut bob_too = world.sign_in("bob");
        let chat = world.direct(&alice, "bob");
        world.say(&alice, chat, "one");
        world.say(&alice, chat, "two");
        world.deliver();
        for phone in [&mut alice, &mut bob, &mut bob_too] {
            phone.hears();
        }

        world.reach(&bob, chat, 3, 2).unwrap();
        world.deliver();
        assert_eq!(alice.hears(), ["reached 3/2"]);
        assert_eq!(bob_too.hears(), ["reached 3/2"]);
        assert_eq!(bob.hears(), [""; 0], "the session that said so");

        world.reach(&bob, chat, 1, 1).unwrap();
        world.reach(&bob, chat, 3, 2).unwrap();
        world.deliver();
        assert_eq!(alice.hears(), [""; 0], "nothing moved");

        world.reach(&bob_too, chat, 0, 3).unwrap();
        world.deliver();
        assert_eq!(alice.hears(), ["reached 3/3"]);
        assert_eq!(bob.hears(), ["reached 3/3"]);
        let peer = world.sync(&alice, 0).heads[0].peer.clone().unwrap();
        assert_eq!((peer.delivered, peer.read), (3, 3));
    });
}

#[test]
fn a_position_beyond_the_end_is_refused_and_moves_nothing() {
    on_every_store(|mut world| {
        let (mut alice, bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        let group = world.group(&alice, &["bob"]);
        world.deliver();
        alice.hears();
        let good = wire::Reach { conversation: group, delivered: 1, read: 1 };
        let beyond = wire::Reach { conversation: chat, delivered: 2, read: 0 };
        let fault =
            world.ask(&bob, Call::Reach(wire::ReachAll { positions: vec![good, beyond] })).unwrap_err();
        assert_eq!(fault.field, "positions");
        world.deliver();
        assert_eq!(alice.hears(), [""; 0]);
    });
}

#[test]
fn in_a_large_group_positions_are_told_to_ones_own_devices_only() {
    on_every_store(|mut world| {
        let alice = world.register("alice");
        let mut alice_too = world.sign_in("alice");
        let mut others = Vec::new();
        for number in 0..limits::REACHED_PUSH_MEMBERS_MAX {
            world.now = world.now + limits::SIGN_IN_WINDOW_MS;
            others.push(world.register(&format!("member_{number}")));
        }
        let handles: Vec<String> = others.iter().map(|phone| phone.handle.clone()).collect();
        let handles: Vec<&str> = handles.iter().map(String::as_str).collect();
        let (small, large) = (world.group(&alice, &handles[1..]), world.group(&alice, &handles));
        world.deliver();
        alice_too.hears();
        others.iter_mut().for_each(|phone| drop(phone.hears()));

        world.reach(&alice, large, 1, 1).unwrap();
        world.deliver();
        assert_eq!(alice_too.hears(), ["reached 1/1"]);
        assert_eq!(others[1].hears(), [""; 0]);

        world.reach(&alice, small, 1, 1).unwrap();
        world.deliver();
        assert_eq!(alice_too.hears(), ["reached 1/1"]);
        assert_eq!(others[1].hears(), ["reached 1/1"]);
        assert_eq!(others[0].hears(), [""; 0], "not a member");
    });
}

#[test]
fn whoever_joins_while_something_is_said_finds_it_in_the_welcome_or_in_a_push() {
    on_every_store(|mut world| {
        let (alice, bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        world.say(&alice, chat, "before");
        // The notice of "before" is still on the bus when the successor says Hello.
        let mut successor = world.hello("bob", bob.token.clone()).unwrap();
        world.say(&alice, chat, "after");
        world.deliver();
        assert_eq!(successor.hears(), ["head #3", "#2 before", "#3 after"]);
    });
}
