//! Somebody guesses passwords, or knocks where registration is closed.

use anser_protocol::limits;
use anser_protocol::wire::{self, ErrorCode, answer, frame, request::Call};
use anser_server::config::Registration;

use crate::helpers::{Heard, Link, TestServer};

async fn asks(link: &mut Link, id: u32, call: Call) -> answer::Result {
    link.say_request(id, call).await;
    match link.hear().await {
        Heard::Frame(frame::Body::Answer(answer)) if answer.id == id => answer.result.unwrap(),
        other => panic!("expected an answer, got {other:?}"),
    }
}

fn sign_in(handle: &str, password: &str) -> Call {
    Call::SignIn(wire::SignIn {
        handle: handle.to_owned(),
        password: password.to_owned(),
        device_name: "guesser".to_owned(),
    })
}

#[tokio::test]
pub(crate) async fn guessing_is_slowed_down_and_tells_nothing() {
    let server = TestServer::start().await;
    let alice = server.register("alice").await;
    for handle in ["alice", "nobody_has_this"] {
        let mut link = server.link().await;
        for id in 1..=limits::SIGN_IN_TRIES_PER_ACCOUNT {
            let answer::Result::Error(error) = asks(&mut link, id, sign_in(handle, "wrong password")).await
            else {
                panic!("a guess was right")
            };
            assert_eq!(error.code(), ErrorCode::WrongCredentials, "who exists is not told");
        }
        let answer::Result::Error(error) = asks(&mut link, 99, sign_in(handle, "wrong password")).await
        else {
            panic!("a guess was right")
        };
        assert_eq!(error.code(), ErrorCode::RateLimited);
        assert!(error.retry_after_ms > 0);
    }
    // Whoever is signed in goes on undisturbed.
    server.welcomes_back(alice.leaves()).await.pings().await;
}

#[tokio::test]
pub(crate) async fn one_address_may_not_try_for_ever_and_another_still_may() {
    let server = TestServer::start_with(|settings| settings.trust_forwarded_for = true).await;
    let mut link = Link::try_open(server.address(), &[("x-forwarded-for", "192.0.2.1")]).await.unwrap();
    // Handles that cannot exist are refused before any slow hashing, and counted all the same.
    for id in 1..=limits::SIGN_IN_TRIES_PER_ADDRESS {
        let answer::Result::Error(error) = asks(&mut link, id, sign_in("!", "wrong password")).await else {
            panic!("signed in as nobody")
        };
        assert_eq!(error.code(), ErrorCode::InvalidField);
    }
    let answer::Result::Error(error) = asks(&mut link, 999, sign_in("!", "wrong password")).await else {
        panic!("signed in as nobody")
    };
    assert_eq!(error.code(), ErrorCode::RateLimited);

    let mut elsewhere = Link::try_open(server.address(), &[("x-forwarded-for", "192.0.2.2")]).await.unwrap();
    let answer::Result::Error(error) = asks(&mut elsewhere, 1, sign_in("!", "wrong password")).await else {
        panic!("signed in as nobody")
    };
    assert_eq!(error.code(), ErrorCode::InvalidField);
}

#[tokio::test]
pub(crate) async fn a_closed_server_makes_no_accounts_and_still_lets_people_in() {
    let server = TestServer::start_with(|settings| settings.registration = Registration::Closed).await;
    let mut link = server.link().await;
    let register = Call::Register(wire::Register {
        handle: "alice".to_owned(),
        display_name: "Alice".to_owned(),
        password: "correct horse battery".to_owned(),
        device_name: "phone".to_owned(),
    });
    let answer::Result::Error(error) = asks(&mut link, 1, register).await else { panic!("registered") };
    assert_eq!(error.code(), ErrorCode::RegistrationClosed);
    let answer::Result::Error(error) = asks(&mut link, 2, sign_in("alice", "wrong password")).await else {
        panic!("signed in as nobody")
    };
    assert_eq!(error.code(), ErrorCode::WrongCredentials);
}

#[tokio::test]
pub(crate) async fn a_taken_handle_stays_with_its_owner() {
    let server = TestServer::start().await;
    server.register("alice").await;
    let mut link = server.link().await;
    let register = Call::Register(wire::Register {
        handle: "Alice".to_owned(),
        display_name: "Another".to_owned(),
        password: "correct horse battery".to_owned(),
        device_name: "phone".to_owned(),
    });
    let answer::Result::Error(error) = asks(&mut link, 1, register).await else { panic!("registered") };
    assert_eq!(error.code(), ErrorCode::HandleTaken);
}
