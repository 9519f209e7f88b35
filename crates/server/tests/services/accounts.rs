//! Who gets in, on which devices, and how often one may try.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use anser_protocol::limits;
use anser_protocol::wire::request::Call;
use anser_protocol::wire::{self, ErrorCode, answer};
use anser_server::gateway::dispatch::Caller;
use anser_store::memory::MemoryStore;
use futures_util::future::join_all;

use crate::world::{HOME, PASSWORD, Phone, World, on_every_store, wait};

fn devices(world: &World, phone: &Phone) -> Vec<wire::Device> {
    match world.ask(phone, Call::ListDevices(wire::ListDevices {})) {
        Ok(answer::Result::Devices(devices)) => devices.devices,
        other => panic!("not devices: {other:?}"),
    }
}

fn find(world: &World, phone: &Phone, handle: &str) -> Result<Vec<String>, ErrorCode> {
    let call = Call::FindAccount(wire::FindAccount { handle: handle.to_owned() });
    match world.ask(phone, call) {
        Ok(answer::Result::People(people)) => {
            Ok(people.people.into_iter().map(|person| person.handle).collect())
        }
        Ok(other) => panic!("not people: {other:?}"),
        Err(fault) => Err(fault.code),
    }
}

/// Somebody else's address, far from [`HOME`] and from each other.
fn elsewhere(number: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, number, 0, 0, 0, 0, 1))
}

#[test]
fn a_handle_belongs_to_one_however_it_is_written() {
    on_every_store(|world| {
        let alice = world.register("Alice");
        assert_eq!(world.ask_register("aLICE", HOME).unwrap_err().code, ErrorCode::HandleTaken);
        assert_eq!(find(&world, &alice, "ALICE"), Ok(vec!["alice".to_owned()]));
        assert!(world.ask_sign_in("ALICE", PASSWORD, HOME).is_ok());
    });
}

#[test]
fn fields_that_are_wrong_are_named() {
    on_every_store(|world| {
        let good = wire::Register {
            handle: "alice".to_owned(),
            display_name: "Alice".to_owned(),
            password: PASSWORD.to_owned(),
            device_name: "a phone".to_owned(),
        };
        let bad = [
            ("handle", wire::Register { handle: "al".to_owned(), ..good.clone() }),
            ("handle", wire::Register { handle: "1alice".to_owned(), ..good.clone() }),
            ("display_name", wire::Register { display_name: " ".to_owned(), ..good.clone() }),
            ("display_name", wire::Register { display_name: "x".repeat(65), ..good.clone() }),
            ("password", wire::Register { password: "1234567".to_owned(), ..good.clone() }),
            ("password", wire::Register { password: "x".repeat(1_025), ..good.clone() }),
            ("device_name", wire::Register { device_name: String::new(), ..good.clone() }),
        ];
        for (field, call) in bad {
            let caller = Caller::Anonymous { address: HOME };
            let answering = world.node.dispatch.begin(caller, Call::Register(call), world.now);
            let fault = wait(answering).unwrap_err();
            assert_eq!((fault.code, fault.field), (ErrorCode::InvalidField, field));
        }
    });
}

#[test]
fn a_closed_server_makes_no_accounts() {
    let world = World::new(Arc::new(MemoryStore::new()), false);
    assert_eq!(world.ask_register("alice", HOME).unwrap_err().code, ErrorCode::RegistrationClosed);
}

#[test]
fn a_wrong_password_and_an_unknown_handle_look_the_same() {
    on_every_store(|world| {
        world.register("alice");
        let wrong = world.ask_sign_in("alice", "wrong horse", HOME).unwrap_err();
        let unknown = world.ask_sign_in("nobody", PASSWORD, HOME).unwrap_err();
        assert_eq!(wrong.code, ErrorCode::WrongCredentials);
        assert_eq!(wrong, unknown);
        assert_eq!(world.node.metrics.sign_ins_failed.get(), 2);
    });
}

#[test]
fn guessing_a_password_is_slowed_down_whether_or_not_the_account_exists() {
    on_every_store(|mut world| {
        world.register("alice");
        for handle in ["alice", "nobody"] {
            for guess in 0..limits::SIGN_IN_TRIES_PER_ACCOUNT {
                let from = elsewhere(u16::try_from(guess).unwrap());
                let fault = world.ask_sign_in(handle, "wrong horse", from).unwrap_err();
                assert_eq!(fault.code, ErrorCode::WrongCredentials);
            }
            let fault = world.ask_sign_in(handle, PASSWORD, elsewhere(99)).unwrap_err();
            assert_eq!(fault.code, ErrorCode::RateLimited);
            assert!(fault.retry_after_ms > 0);
        }
        world.now = world.now + limits::SIGN_IN_WINDOW_MS / u64::from(limits::SIGN_IN_TRIES_PER_ACCOUNT);
        assert!(world.ask_sign_in("alice", PASSWORD, HOME).is_ok());
    });
}

#[test]
fn whoever_knows_the_password_may_sign_in_often() {
    on_every_store(|world| {
        world.register("alice");
        for _ in 0..limits::SIGN_IN_TRIES_PER_ACCOUNT * 3 {
            assert!(world.ask_sign_in("alice", PASSWORD, HOME).is_ok());
        }
    });
}

#[test]
fn one_address_may_not_try_for_ever() {
    on_every_store(|world| {
        world.register("alice");
        for guess in 1..limits::SIGN_IN_TRIES_PER_ADDRESS {
            world.ask_sign_in(&format!("guess_{guess}"), PASSWORD, HOME).unwrap_err();
        }
        let refused = world.ask_sign_in("alice", PASSWORD, HOME).unwrap_err();
        assert_eq!(refused.code, ErrorCode::RateLimited);
        assert_eq!(world.ask_register("bob", HOME).unwrap_err().code, ErrorCode::RateLimited);
        assert!(world.ask_sign_in("alice", PASSWORD, elsewhere(1)).is_ok());
    });
}

#[test]
fn one_network_is_one_address() {
    on_every_store(|world| {
        world.register("alice");
        for guess in 0..limits::SIGN_IN_TRIES_PER_ADDRESS {
            let host = u16::try_from(guess).unwrap();
            let from = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, host, host, 0, 1));
            world.ask_sign_in(&format!("guess_{guess}"), PASSWORD, from).unwrap_err();
        }
        let same_network = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 9, 9, 9, 9));
        let refused = world.ask_sign_in("alice", PASSWORD, same_network).unwrap_err();
        assert_eq!(refused.code, ErrorCode::RateLimited);
    });
}

#[test]
fn finding_is_exact_and_not_too_often() {
    on_every_store(|mut world| {
        let alice = world.register("alice");
        world.register("bob");
        assert_eq!(find(&world, &alice, "Bob"), Ok(vec!["bob".to_owned()]));
        for nobody in ["bo", "bob_", "bo%", "*", "", "b_b", "bob bob"] {
            assert_eq!(find(&world, &alice, nobody), Ok(vec![]), "{nobody:?}");
        }
        for _ in 8..limits::FINDS_PER_HOUR {
            assert!(find(&world, &alice, "bob").is_ok());
        }
        assert_eq!(find(&world, &alice, "bob"), Err(ErrorCode::RateLimited));
        world.now = world.now + 60 * 60 * 1_000;
        assert!(find(&world, &alice, "bob").is_ok());
    });
}

#[test]
fn guessing_handles_by_opening_conversations_counts_as_finding() {
    on_every_store(|world| {
        let alice = world.register("alice");
        world.register("bob");
        for number in 0..limits::FINDS_PER_HOUR {
            let handle = format!("nobody_{number}");
            let open = Call::OpenDirect(wire::OpenDirect { handle });
            assert_eq!(world.refused(&alice, open), ErrorCode::NotFound);
        }
        let open = Call::OpenDirect(wire::OpenDirect { handle: "bob".to_owned() });
        assert_eq!(world.refused(&alice, open), ErrorCode::RateLimited);
    });
}

#[test]
fn a_revoked_device_is_out_at_once_and_the_others_stay() {
    on_every_store(|mut world| {
        let (mut alice, mut lost) = (world.register("alice"), world.sign_in("alice"));
        let known = devices(&world, &alice);
        assert_eq!(known.len(), 2);
        assert_eq!(known.iter().filter(|device| device.current).count(), 1);

        let device = lost.asker.device.0;
        world.ask(&alice, Call::RevokeDevice(wire::RevokeDevice { device })).unwrap();
        world.deliver();
        assert_eq!(lost.hears(), ["end SIGNED_OUT"]);
        assert_eq!(alice.hears(), [""; 0]);
        assert!(lost.mailbox.try_next().is_none(), "nothing comes after the end");
        let again = world.hello("alice", lost.token.clone()).err().expect("a worthless token");
        assert_eq!(again.code, ErrorCode::SignedOut);
        assert_eq!(devices(&world, &alice).len(), 1);
        let twice = Call::RevokeDevice(wire::RevokeDevice { device });
        assert_eq!(world.refused(&alice, twice), ErrorCode::NotFound);
    });
}

#[test]
fn signing_out_ends_every_link_of_this_device() {
    on_every_store(|mut world| {
        let mut alice = world.register("alice");
        let mut older = world.hello("alice", alice.token.clone()).unwrap();
        let mut alice_too = world.sign_in("alice");
        world.ask(&alice, Call::SignOut(wire::SignOut {})).unwrap();
        world.deliver();
        assert_eq!(alice.hears(), ["end SIGNED_OUT"]);
        assert_eq!(older.hears(), ["end SIGNED_OUT"]);
        assert_eq!(alice_too.hears(), [""; 0]);
        assert!(world.hello("alice", alice.token.clone()).is_err());
    });
}

#[test]
fn a_worthless_token_is_refused_whatever_its_length() {
    on_every_store(|world| {
        world.register("alice");
        for token in [vec![], vec![0; 31], vec![0; 32], vec![0xff; 10_000]] {
            let fault = world.hello("alice", token).err().expect("nobody's token");
            assert_eq!(fault.code, ErrorCode::SignedOut);
        }
    });
}

#[test]
fn a_fifth_link_of_a_device_ends_its_oldest() {
    on_every_store(|world| {
        let mut links = vec![world.register("alice")];
        for _ in 1..=limits::SESSIONS_PER_DEVICE_MAX {
            links.push(world.hello("alice", links[0].token.clone()).unwrap());
        }
        assert_eq!(links[0].hears(), ["end TOO_MANY_SESSIONS"]);
        for link in &mut links[1..] {
            assert_eq!(link.hears(), [""; 0]);
        }
        assert_eq!(world.node.metrics.sessions.get(), 4);
        drop(links);
        assert_eq!(world.node.metrics.sessions.get(), 0);
    });
}

#[test]
fn a_new_device_takes_the_place_of_the_one_not_seen_for_longest() {
    on_every_store(|mut world| {
        let first = world.register("alice");
        let mut second = world.sign_in("alice");
        for _ in 2..limits::DEVICES_PER_ACCOUNT_MAX {
            world.ask_sign_in("alice", PASSWORD, HOME).unwrap();
        }
        world.now = world.now + 3_600_000;
        let _first_is_seen = world.hello("alice", first.token.clone()).unwrap();
        let newest = world.sign_in("alice");
        world.deliver();
        assert_eq!(devices(&world, &newest).len(), limits::DEVICES_PER_ACCOUNT_MAX);
        assert_eq!(second.hears(), ["end SIGNED_OUT"]);
        assert!(world.hello("alice", first.token).is_ok());
    });
}

#[test]
fn several_who_sign_in_at_once_at_the_limit_of_devices_all_get_in() {
    on_every_store(|world| {
        let alice = world.register("alice");
        for _ in 1..limits::DEVICES_PER_ACCOUNT_MAX {
            world.ask_sign_in("alice", PASSWORD, HOME).unwrap();
        }
        let sign_in = || {
            let call = Call::SignIn(wire::SignIn {
                handle: "alice".to_owned(),
                password: PASSWORD.to_owned(),
                device_name: "one of many".to_owned(),
            });
            world.node.dispatch.begin(Caller::Anonymous { address: HOME }, call, world.now)
        };
        for outcome in wait(join_all((0..5).map(|_| sign_in()))) {
            assert!(outcome.is_ok(), "{outcome:?}");
        }
        assert_eq!(devices(&world, &alice).len(), limits::DEVICES_PER_ACCOUNT_MAX);
    });
}

#[test]
fn before_hello_there_is_only_register_and_sign_in_and_after_it_neither() {
    on_every_store(|world| {
        let alice = world.register("alice");
        let anonymous = Caller::Anonymous { address: HOME };
        let call = Call::ListDevices(wire::ListDevices {});
        let fault = wait(world.node.dispatch.begin(anonymous, call, world.now)).unwrap_err();
        assert_eq!(fault.code, ErrorCode::NotSignedIn);
        assert_eq!(world.refused(&alice, Call::SignIn(wire::SignIn::default())), ErrorCode::NotAllowed);
        assert_eq!(world.refused(&alice, Call::Register(wire::Register::default())), ErrorCode::NotAllowed);
    });
}
