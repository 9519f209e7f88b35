//! Messages are stored once, in order, and only if they are what they say.

use anser_protocol::wire::request::Call;
use anser_protocol::wire::{self, ErrorCode};
use anser_protocol::{kind, limits};

use crate::world::{on_every_store, sent, wait};

#[test]
fn the_same_key_gives_the_first_result_again_and_stores_nothing() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        let hello = world.text(chat, "hello");
        let first = sent(world.ask(&alice, Call::Send(hello.clone()))).unwrap();
        world.say(&alice, chat, "anybody there?");
        world.now = world.now + 86_400_000;
        let again = sent(world.ask(&alice, Call::Send(hello.clone()))).unwrap();
        let from_elsewhere = sent(world.ask(&world.sign_in("alice"), Call::Send(hello))).unwrap();
        assert_eq!((first, first), (again, from_elsewhere));

        assert_eq!(world.log(&bob, chat), ["#1 created", "#2 hello", "#3 anybody there?"]);
        world.deliver();
        assert_eq!(bob.hears(), ["head #3", "#2 hello", "#3 anybody there?"]);
        assert_eq!(world.node.metrics.messages_stored.get(), 2);
        assert_eq!(world.node.metrics.sends_repeated.get(), 2);
    });
}

#[test]
fn the_same_key_with_another_content_is_refused() {
    on_every_store(|world| {
        let (alice, bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        let group = world.group(&alice, &["bob"]);
        let hello = world.text(chat, "hello");
        sent(world.ask(&alice, Call::Send(hello.clone()))).unwrap();
        let others = [
            wire::Send { body: world.text(chat, "hullo").body, ..hello.clone() },
            wire::Send { kind: 2, ..hello.clone() },
            wire::Send { conversation: group, ..hello.clone() },
        ];
        for other in others {
            assert_eq!(world.refused(&alice, Call::Send(other)), ErrorCode::SendKeyReused);
        }
        // A key is its sender's own: bob may have taken the same.
        assert!(world.ask(&bob, Call::Send(hello)).is_ok());
        assert_eq!(world.log(&alice, chat), ["#1 created", "#2 hello (key)", "#3 hello"]);
    });
}

#[test]
fn sends_of_one_link_are_stored_in_the_order_they_were_begun() {
    on_every_store(|world| {
        let (alice, _bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        let sends: Vec<_> = (0..50)
            .map(|number| world.begin(&alice, Call::Send(world.text(chat, &number.to_string()))))
            .collect();
        // Polled the wrong way round, on purpose.
        let mut seqs: Vec<u64> = sends.into_iter().rev().map(|send| sent(wait(send)).unwrap().seq).collect();
        seqs.reverse();
        assert_eq!(seqs, (2..52).collect::<Vec<u64>>());
    });
}

#[test]
fn a_text_of_exactly_the_limit_goes_and_one_over_is_refused_by_name() {
    on_every_store(|world| {
        let (alice, _bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        world.say(&alice, chat, &"字".repeat(limits::TEXT_CHARS_MAX));
        let over = world.text(chat, &"字".repeat(limits::TEXT_CHARS_MAX + 1));
        let fault = world.ask(&alice, Call::Send(over)).unwrap_err();
        assert_eq!((fault.code, fault.field), (ErrorCode::InvalidField, "body"));
        assert_eq!(world.log(&alice, chat).len(), 2);
    });
}

#[test]
fn what_no_client_may_send_is_refused_by_name() {
    on_every_store(|world| {
        let (alice, _bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        let good = world.text(chat, "hello");
        let bad = [
            ("kind", wire::Send { kind: 0, ..good.clone() }),
            ("kind", wire::Send { kind: kind::CREATED, ..good.clone() }),
            ("kind", wire::Send { kind: kind::RENAMED, ..good.clone() }),
            ("send_key", wire::Send { send_key: vec![1; 15], ..good.clone() }),
            ("send_key", wire::Send { send_key: Vec::new(), ..good.clone() }),
            ("body", wire::Send { body: vec![0x0a, 0x02, 0xc3, 0x28], ..good.clone() }),
            ("body", wire::Send { body: Vec::new(), ..good.clone() }),
        ];
        for (field, call) in bad {
            let fault = world.ask(&alice, Call::Send(call)).unwrap_err();
            assert_eq!((fault.code, fault.field), (ErrorCode::InvalidField, field));
        }
        assert_eq!(world.log(&alice, chat), ["#1 created"]);
    });
}

#[test]
fn an_unknown_kind_passes_through_untouched() {
    on_every_store(|world| {
        let (alice, bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        let newer = wire::Send { kind: 742, body: vec![0xff; 300], ..world.text(chat, "") };
        sent(world.ask(&alice, Call::Send(newer))).unwrap();
        assert_eq!(world.log(&bob, chat)[1], "#2 kind 742 seen by bob");
    });
}
