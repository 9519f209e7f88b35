//! Somebody has several devices, and ends some.

use anser_protocol::wire::{self, ErrorCode, answer, request::Call};

use crate::helpers::TestServer;

#[tokio::test]
pub(crate) async fn ones_other_devices_see_what_one_sends_and_reads() {
    let server = TestServer::start().await;
    let mut phone = server.register("alice").await;
    let mut tablet = server.sign_in("alice").await;
    let mut bob = server.register("bob").await;
    let chat = phone.opens_chat_with("bob").await;

    phone.sends(chat, "from my phone").await;
    let on_tablet = tablet.next_event().await;
    assert_eq!(on_tablet.send_key.len(), 16, "one's own devices recognise the message");
    let at_bob = bob.next_event().await;
    assert_eq!(at_bob.seq, on_tablet.seq);
    assert_eq!(at_bob.send_key, Vec::<u8>::new(), "the key is nobody else's business");

    bob.sends(chat, "hello").await;
    assert_eq!(phone.sees().await, "bob: hello");
    assert_eq!(tablet.sees().await, "bob: hello");
    phone.reaches(chat, 3, 3).await;
    assert_eq!(tablet.sees_how_far().await, "alice has 3 and read 3");
}

#[tokio::test]
pub(crate) async fn a_device_that_is_ended_is_told_so_and_cannot_come_back() {
    let server = TestServer::start().await;
    let mut phone = server.register("alice").await;
    let mut tablet = server.sign_in("alice").await;
    let Ok(answer::Result::Devices(list)) = phone.ask(Call::ListDevices(wire::ListDevices {})).await else {
        panic!("no list of devices")
    };
    let names: Vec<(&str, bool)> = list.devices.iter().map(|d| (d.name.as_str(), d.current)).collect();
    assert_eq!(names, [("alice's phone", true), ("alice's tablet", false)]);

    let revoke = Call::RevokeDevice(wire::RevokeDevice { device: tablet.device });
    assert_eq!(phone.ask(revoke).await, Ok(answer::Result::Done(wire::Done {})));
    tablet.link.is_ended_with(ErrorCode::SignedOut).await;
    let mut again = server.link().await;
    again.say_hello(tablet.token, 0).await;
    again.is_ended_with(ErrorCode::SignedOut).await;
    assert_eq!(phone.pings().await.0, 0, "the other device goes on");
}

#[tokio::test]
pub(crate) async fn signing_out_is_answered_and_then_over() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    assert_eq!(alice.ask(Call::SignOut(wire::SignOut {})).await, Ok(answer::Result::Done(wire::Done {})));
    alice.link.is_ended_with(ErrorCode::SignedOut).await;
}

#[tokio::test]
pub(crate) async fn a_fifth_link_of_a_device_ends_the_oldest() {
    let server = TestServer::start().await;
    let mut first = server.register("alice").await;
    let mut later = Vec::new();
    for _ in 0..anser_protocol::limits::SESSIONS_PER_DEVICE_MAX {
        later.push(server.welcomes_back(first.knows()).await);
    }
    first.link.is_ended_with(ErrorCode::TooManySessions).await;
    for link in &mut later {
        link.pings().await;
    }
}
