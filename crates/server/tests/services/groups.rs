//! Groups: who is in, who was, and what each sees.

use std::sync::Arc;

use anser_protocol::limits;
use anser_protocol::wire::request::Call;
use anser_protocol::wire::{self, ErrorCode, answer};
use anser_store::Store;
use anser_store::memory::MemoryStore;
use anser_store::sqlite::SqliteStore;

use crate::world::{HOME, Phone, World, on_every_store};

fn add(conversation: u64, handles: &[&str]) -> Call {
    let handles = handles.iter().map(|&handle| handle.to_owned()).collect();
    Call::AddMembers(wire::AddMembers { conversation, handles })
}

fn leave(conversation: u64) -> Call {
    Call::LeaveGroup(wire::LeaveGroup { conversation })
}

fn rename(conversation: u64, title: &str) -> Call {
    Call::RenameGroup(wire::RenameGroup { conversation, title: title.to_owned() })
}

fn members(world: &World, phone: &Phone, conversation: u64, after: u64, limit: u32) -> wire::Members {
    let call = wire::ListMembers { conversation, after_account: after, limit };
    match world.ask(phone, Call::ListMembers(call)) {
        Ok(answer::Result::Members(members)) => members,
        other => panic!("not members: {other:?}"),
    }
}

#[test]
fn a_group_appears_to_its_members_and_to_nobody_else() {
    on_every_store(|mut world| {
        let (mut alice, mut bob) = (world.register("alice"), world.register("bob"));
        let mut carol = world.register("carol");
        let group = world.group(&alice, &["bob", "BOB", "alice"]);
        world.deliver();
        assert_eq!(alice.hears(), ["head #1 Cheese"]);
        assert_eq!(bob.hears(), ["head #1 Cheese"]);
        assert_eq!(carol.hears(), [""; 0]);

        world.say(&bob, group, "Gruyère");
        world.deliver();
        assert_eq!(alice.hears(), ["#2 Gruyère"]);
        assert_eq!(bob.hears(), [""; 0]);
        assert_eq!(carol.hears(), [""; 0]);
        assert_eq!(world.sync(&alice, 0).heads[0].member_count, 2);
        assert_eq!(world.sync(&carol, 0).heads, []);
    });
}

#[test]
fn making_the_same_group_twice_makes_one() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let call = wire::CreateGroup {
            title: "Cheese".to_owned(),
            handles: vec!["bob".to_owned()],
            send_key: world.new_key(),
        };
        let first = world.head(&alice, Call::CreateGroup(call.clone()));
        let again = world.head(&alice, Call::CreateGroup(call));
        assert_eq!(first.conversation, again.conversation);
        world.deliver();
        assert_eq!(bob.hears(), ["head #1 Cheese"]);
    });
}

#[test]
fn whoever_is_added_sees_the_log_from_the_joining_on() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let mut carol = world.register("carol");
        let group = world.group(&alice, &["bob"]);
        world.deliver();
        bob.hears();

        // Her joining is committed before the courier carries out the notice of what was said before.
        world.say(&alice, group, "just before carol");
        let head = world.head(&alice, add(group, &["carol", "bob"]));
        assert_eq!((head.last_seq, head.member_count), (3, 3));
        world.say(&alice, group, "hello carol");
        world.deliver();
        assert_eq!(bob.hears(), ["#2 just before carol", "head #4 Cheese", "#3 1 added", "#4 hello carol"]);
        assert_eq!(carol.hears(), ["head #4 Cheese", "#3 1 added", "#4 hello carol"]);
        assert_eq!(world.log(&carol, group), ["#3 1 added", "#4 hello carol"]);
    });
}

#[test]
fn how_far_somebody_got_comes_with_where_they_began() {
    on_every_store(|mut world| {
        let (mut alice, carol) = (world.register("alice"), world.register("carol"));
        let group = world.group(&alice, &[]);
        world.say(&alice, group, "nobody else will ever have this");
        world.head(&alice, add(group, &["carol"]));
        world.deliver();
        alice.hears();

        world.reach(&carol, group, 3, 0).unwrap();
        world.deliver();
        assert_eq!(alice.hears(), ["reached 3/2 from #3 on"]);
        let told = members(&world, &alice, group, 0, 0).members;
        let mut told: Vec<_> = told
            .iter()
            .map(|member| (member.person.clone().unwrap().handle, member.from_seq, member.delivered))
            .collect();
        told.sort();
        assert_eq!(told, [("alice".to_owned(), 1, 0), ("carol".to_owned(), 3, 3)]);

        let chat = world.direct(&alice, "carol");
        let heads = world.sync(&alice, 0).heads;
        let head = heads.iter().find(|head| head.conversation == chat).unwrap();
        assert_eq!(head.peer.clone().unwrap().from_seq, 1);
    });
}

#[test]
fn adding_who_is_in_already_changes_nothing() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let group = world.group(&alice, &["bob"]);
        world.deliver();
        bob.hears();
        assert_eq!(world.head(&alice, add(group, &["bob"])).last_seq, 1);
        world.deliver();
        assert_eq!(bob.hears(), [""; 0]);
    });
}

#[test]
fn whoever_left_hears_and_sees_nothing_more() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let mut bob_too = world.sign_in("bob");
        let group = world.group(&alice, &["bob"]);
        world.say(&alice, group, "stay");
        world.deliver();
        bob.hears();
        bob_too.hears();

        assert!(world.head(&bob, leave(group)).left);
        // Committed before the courier hears of the leaving.
        world.say(&alice, group, "he is gone");
        world.deliver();
        assert_eq!(bob.hears(), ["head #3 Cheese"]);
        assert_eq!(bob_too.hears(), ["head #3 Cheese"]);
        assert_eq!(world.log(&bob, group), ["#1 created", "#2 stay", "#3 left"]);
        assert_eq!(world.refused(&bob, Call::Send(world.text(group, "may I?"))), ErrorCode::NotAllowed);
        assert_eq!(world.refused(&bob, rename(group, "Mine")), ErrorCode::NotAllowed);
        assert_eq!(world.refused(&bob, add(group, &["bob"])), ErrorCode::NotAllowed);
        assert!(world.head(&bob, leave(group)).left, "leaving twice is as good as once");
        let head = &world.sync(&bob, 0).heads[0];
        assert_eq!((head.last_seq, head.left), (3, true));
    });
}

#[test]
fn whoever_comes_back_is_a_member_again() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let group = world.group(&alice, &["bob"]);
        world.head(&bob, leave(group));
        world.say(&alice, group, "he is gone");
        world.head(&alice, add(group, &["bob"]));
        world.say(&alice, group, "he is back");
        world.deliver();
        assert_eq!(bob.hears().last().unwrap(), "#5 he is back");
        assert!(!world.log(&bob, group).contains(&"#3 he is gone".to_owned()));
    });
}

#[test]
fn a_new_title_is_told_to_all() {
    on_every_store(|mut world| {
        let (alice, mut bob) = (world.register("alice"), world.register("bob"));
        let group = world.group(&alice, &["bob"]);
        world.deliver();
        bob.hears();
        assert_eq!(world.head(&alice, rename(group, "  Wine ")).title, "Wine");
        world.deliver();
        assert_eq!(bob.hears(), ["head #2 Wine", "#2 renamed"]);
        for bad in ["", "   ", &"x".repeat(65)] {
            assert_eq!(world.refused(&alice, rename(group, bad)), ErrorCode::InvalidField);
        }
    });
}

#[test]
fn a_direct_conversation_is_no_group() {
    on_every_store(|world| {
        let (alice, _bob) = (world.register("alice"), world.register("bob"));
        world.register("carol");
        let chat = world.direct(&alice, "bob");
        for call in [add(chat, &["carol"]), leave(chat), rename(chat, "Us")] {
            assert_eq!(world.refused(&alice, call), ErrorCode::NotAllowed);
        }
    });
}

#[test]
fn nobody_can_be_added_or_written_to_by_a_handle_that_nobody_has() {
    on_every_store(|world| {
        let alice = world.register("alice");
        let group = world.group(&alice, &[]);
        let missing = world.ask(&alice, add(group, &["nobody"])).unwrap_err();
        assert_eq!((missing.code, missing.field), (ErrorCode::NotFound, "handles"));
        let open = Call::OpenDirect(wire::OpenDirect { handle: "nobody".to_owned() });
        assert_eq!(world.refused(&alice, open), ErrorCode::NotFound);
        let oneself = Call::OpenDirect(wire::OpenDirect { handle: "alice".to_owned() });
        assert_eq!(world.refused(&alice, oneself), ErrorCode::NotAllowed);
    });
}

#[test]
fn members_come_in_pages_with_their_names_and_positions() {
    on_every_store(|world| {
        let alice = world.register("alice");
        let bob = world.register("bob");
        world.register("carol");
        let group = world.group(&alice, &["bob", "carol"]);
        world.reach(&bob, group, 1, 0).unwrap();
        let all = members(&world, &alice, group, 0, 0);
        assert!(!all.more);
        let mut handles: Vec<_> =
            all.members.iter().map(|member| member.person.clone().unwrap().handle).collect();
        handles.sort();
        assert_eq!(handles, ["alice", "bob", "carol"]);

        let first = members(&world, &alice, group, 0, 2);
        assert!(first.more);
        let seen = first.members[1].person.clone().unwrap().account;
        let rest = members(&world, &alice, group, seen, 2);
        assert!(!rest.more);
        assert_eq!([first.members, rest.members].concat(), all.members);
        let delivered: u64 = all.members.iter().map(|member| member.delivered).max().unwrap();
        assert_eq!(delivered, 1);
    });
}

#[test]
fn a_group_grows_to_its_limit_and_not_beyond() {
    let mut world = World::new(Arc::new(MemoryStore::new()), true);
    let (alice, mut bob) = (world.register("alice"), world.register("bob"));
    let handles: Vec<String> =
        (0..limits::GROUP_MEMBERS_DEFAULT - 1).map(|number| format!("m_{number}")).collect();
    for handle in &handles {
        world.now = world.now + limits::SIGN_IN_WINDOW_MS;
        world.ask_register(handle, HOME).unwrap();
    }
    let handles: Vec<&str> = handles.iter().map(String::as_str).collect();
    let group = world.group(&alice, &[]);
    for some in handles.chunks(limits::MEMBERS_PER_REQUEST_MAX) {
        world.head(&alice, add(group, some));
    }
    assert_eq!(world.sync(&alice, 0).heads[0].member_count, 1_000);
    assert_eq!(world.refused(&alice, add(group, &["bob"])), ErrorCode::GroupFull);
    let too_many = &handles[..limits::MEMBERS_PER_REQUEST_MAX + 1];
    assert_eq!(world.refused(&alice, add(group, too_many)), ErrorCode::InvalidField);
    world.deliver();
    assert_eq!(bob.hears(), [""; 0]);
}

/// The default one is the store's own.
#[test]
fn a_group_grows_to_the_bound_that_the_operator_set() {
    let dir = tempfile::tempdir().unwrap();
    let on_disk = SqliteStore::open(dir.path()).unwrap().with_group_members_max(3);
    let in_memory = MemoryStore::new().with_group_members_max(3);
    let stores: [Arc<dyn Store>; 2] = [Arc::new(on_disk), Arc::new(in_memory)];
    for store in stores {
        let world = World::new(store, true);
        let alice = world.register("alice");
        for other in ["bob", "carol", "dave"] {
            world.register(other);
        }
        let group = world.group(&alice, &["bob"]);
        world.head(&alice, add(group, &["carol", "bob"]));
        let fault = world.ask(&alice, add(group, &["dave"])).unwrap_err();
        assert_eq!(
            (fault.code, fault.text.as_ref()),
            (ErrorCode::GroupFull, "a group has 3 members at most here")
        );
        let too_many = wire::CreateGroup {
            title: "All".to_owned(),
            handles: ["bob", "carol", "dave"].map(str::to_owned).to_vec(),
            send_key: world.new_key(),
        };
        assert_eq!(world.refused(&alice, Call::CreateGroup(too_many)), ErrorCode::GroupFull);
    }
}

#[test]
fn who_changes_groups_all_the_time_is_slowed_down_but_may_leave() {
    on_every_store(|mut world| {
        let (alice, bob) = (world.register("alice"), world.register("bob"));
        let group = world.group(&alice, &["bob"]);
        let rename =
            || Call::RenameGroup(wire::RenameGroup { conversation: group, title: "Wine".to_owned() });
        for _ in 1..limits::GROUP_CHANGES_PER_HOUR {
            world.ask(&alice, rename()).unwrap();
        }
        let fault = world.ask(&alice, rename()).expect_err("one too many");
        assert_eq!(fault.code, ErrorCode::RateLimited);
        assert!(world.ask(&bob, rename()).is_ok(), "others are not slowed down with her");
        world.now = world.now + u64::from(fault.retry_after_ms);
        assert!(world.ask(&alice, rename()).is_ok());
        assert!(world.refused(&alice, rename()) == ErrorCode::RateLimited);
        let leave = Call::LeaveGroup(wire::LeaveGroup { conversation: group });
        assert!(world.ask(&alice, leave).is_ok());
    });
}
