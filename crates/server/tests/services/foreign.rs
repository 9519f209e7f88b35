//! Nobody reads, changes or finds out what is not his (spec X4): every request, with the ids of others.

use std::collections::BTreeSet;

use anser_protocol::wire::request::Call;
use anser_protocol::wire::{self, ErrorCode, answer};

use crate::world::{World, on_every_store};

/// Every request that names something by id, about this conversation and this device.
fn calls_about(world: &World, conversation: u64, device: u64) -> Vec<Call> {
    let handles = vec!["mallory".to_owned()];
    let positions = vec![wire::Reach { conversation, delivered: 1, read: 1 }];
    vec![
        Call::Send(world.text(conversation, "let me in")),
        Call::Reach(wire::ReachAll { positions }),
        Call::GetRange(wire::GetRange { conversation, first: 1, last: 9, limit: 9, newest: true }),
        Call::ListMembers(wire::ListMembers { conversation, after_account: 0, limit: 9 }),
        Call::GetPeople(wire::GetPeople { conversation, accounts: vec![1] }),
        Call::AddMembers(wire::AddMembers { conversation, handles }),
        Call::LeaveGroup(wire::LeaveGroup { conversation }),
        Call::RenameGroup(wire::RenameGroup { conversation, title: "Mine".to_owned() }),
        Call::RevokeDevice(wire::RevokeDevice { device }),
    ]
}

/// Its tag in the protocol, and whether it names something by id. A new request does not compile until it is
/// here, and does not pass until it is in [`calls_about`] if it must be.
fn tag_and_names_by_id(call: &Call) -> (u32, bool) {
    match call {
        Call::Register(_) => (2, false),
        Call::SignIn(_) => (3, false),
        Call::Send(_) => (4, true),
        Call::Reach(_) => (5, true),
        Call::GetRange(_) => (6, true),
        Call::Sync(_) => (7, false),
        Call::ListMembers(_) => (8, true),
        Call::GetPeople(_) => (9, true),
        Call::FindAccount(_) => (10, false),
        Call::OpenDirect(_) => (11, false),
        Call::CreateGroup(_) => (12, false),
        Call::AddMembers(_) => (13, true),
        Call::LeaveGroup(_) => (14, true),
        Call::RenameGroup(_) => (15, true),
        Call::ListDevices(_) => (16, false),
        Call::RevokeDevice(_) => (17, true),
        Call::SignOut(_) => (18, false),
        // By a key of one's own: another account's is in no namespace of ours.
        Call::FindSent(_) => (19, false),
    }
}

const TAGS_THAT_NAME_BY_ID: [u32; 9] = [4, 5, 6, 8, 9, 13, 14, 15, 17];

#[test]
fn the_table_is_complete() {
    on_every_store(|world| {
        let calls = calls_about(&world, 1, 1);
        assert!(calls.iter().all(|call| tag_and_names_by_id(call).1));
        let tags: BTreeSet<u32> = calls.iter().map(|call| tag_and_names_by_id(call).0).collect();
        assert_eq!(tags, BTreeSet::from(TAGS_THAT_NAME_BY_ID));
    });
}

#[test]
fn what_belongs_to_others_is_not_found_and_stays_as_it_was() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let mallory = world.register("mallory");
        let (chat, group) = (world.direct(&alice, "bob"), world.group(&alice, &["bob"]));
        world.say(&alice, chat, "a secret");
        world.say(&alice, group, "a secret, too");
        world.deliver();
        bob.hears();
        let before = world.sync(&alice, 0);

        for conversation in [chat, group] {
            for call in calls_about(&world, conversation, alice.asker.device.0) {
                let about = format!("{call:?}");
                assert_eq!(world.refused(&mallory, call), ErrorCode::NotFound, "{about}");
            }
        }
        world.deliver();
        assert_eq!(bob.hears(), [""; 0]);
        assert_eq!(world.sync(&alice, 0).heads, before.heads);
        assert_eq!(world.sync(&mallory, 0).heads, []);
        assert!(world.hello("alice", alice.token.clone()).is_ok(), "her device was not revoked");
    });
}

#[test]
fn what_belongs_to_others_cannot_be_told_from_what_does_not_exist() {
    on_every_store(|world| {
        let (alice, _bob) = (world.register("alice"), world.register("bob"));
        let mallory = world.register("mallory");
        let chat = world.direct(&alice, "bob");
        let foreign = calls_about(&world, chat, alice.asker.device.0);
        for missing in [0, 999_999, u64::MAX] {
            let calls = calls_about(&world, missing, missing);
            for (foreign, missing) in foreign.iter().zip(calls) {
                let about = format!("{missing:?}");
                assert_eq!(world.ask(&mallory, foreign.clone()), world.ask(&mallory, missing), "{about}");
            }
        }
    });
}

#[test]
fn whoever_left_keeps_what_was_seen_and_gets_nothing_else() {
    on_every_store(|world| {
        let (alice, mallory) = (world.register("alice"), world.register("mallory"));
        let group = world.group(&alice, &["mallory"]);
        world.head(&mallory, Call::LeaveGroup(wire::LeaveGroup { conversation: group }));
        world.say(&alice, group, "a secret");
        assert_eq!(world.log(&mallory, group), ["#1 created", "#2 left"]);
        assert_eq!(world.sync(&mallory, 0).heads[0].last_seq, 2);
        let list = wire::ListMembers { conversation: group, after_account: 0, limit: 9 };
        assert_eq!(world.refused(&mallory, Call::ListMembers(list)), ErrorCode::NotFound);
        let positions = vec![wire::Reach { conversation: group, delivered: 3, read: 0 }];
        let beyond = world.refused(&mallory, Call::Reach(wire::ReachAll { positions }));
        assert_eq!(beyond, ErrorCode::InvalidField);
    });
}

#[test]
fn people_are_only_shown_where_one_shares_a_conversation_with_them() {
    on_every_store(|world| {
        let (alice, bob) = (world.register("alice"), world.register("bob"));
        let carol = world.register("carol");
        let chat = world.direct(&alice, "bob");
        let accounts = [&alice, &bob, &carol].map(|phone| phone.asker.account.0).to_vec();
        let call = wire::GetPeople { conversation: chat, accounts };
        let Ok(answer::Result::People(people)) = world.ask(&alice, Call::GetPeople(call)) else {
            panic!("not people");
        };
        let mut handles: Vec<_> = people.people.into_iter().map(|person| person.handle).collect();
        handles.sort();
        assert_eq!(handles, ["alice", "bob"]);
    });
}

#[test]
fn one_foreign_id_among_own_ones_refuses_the_whole_batch() {
    on_every_store(|mut world| {
        let (mut alice, bob) = (world.register("alice"), world.register("bob"));
        let mallory = world.register("mallory");
        let foreign = world.direct(&alice, "bob");
        let own = world.direct(&mallory, "alice");
        world.deliver();
        alice.hears();
        let reach = |conversation| wire::Reach { conversation, delivered: 1, read: 1 };
        let positions = vec![reach(own), reach(foreign)];
        let refused = world.refused(&mallory, Call::Reach(wire::ReachAll { positions }));
        assert_eq!(refused, ErrorCode::NotFound);
        world.deliver();
        assert_eq!(alice.hears(), [""; 0]);
        drop(bob);
    });
}

#[test]
fn a_send_key_is_shown_to_its_sender_only() {
    on_every_store(|world| {
        let (alice, bob) = (world.register("alice"), world.register("bob"));
        let chat = world.direct(&alice, "bob");
        world.say(&alice, chat, "hello");
        let key_in_head = |changes: wire::Changes| changes.heads[0].last.clone().unwrap().send_key;
        assert_eq!(world.log(&alice, chat)[1], "#2 hello (key)");
        assert_eq!(world.log(&bob, chat)[1], "#2 hello");
        assert_eq!(key_in_head(world.sync(&alice, 0)).len(), 16);
        assert_eq!(key_in_head(world.sync(&bob, 0)), [0; 0]);
    });
}
