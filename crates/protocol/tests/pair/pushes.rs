//! Pushes and the count that shows when one was lost (spec D8: within 5 s).

use anser_protocol::codec;
use anser_protocol::session::{Output, Session};
use anser_protocol::wire::{Event, Frame, Hello, Push, Sync, Welcome, frame, push, request};
use anser_protocol::{Moment, limits};
use prost::Message;

use crate::world::{TOKEN, World};

#[test]
fn a_push_is_followed_by_a_beat() {
    let mut world = World::linked();
    world.push();
    world.run_ms(1_000);
    world.push();
    world.run_ms(10_000);
    world.expect(
        " 100 server sends Push of event 1
          120 client has event 1
         1100 server sends Push of event 2
         1120 client has event 2
         2100 server sends Beat 2",
    );
}

#[test]
fn a_beat_that_is_soon_due_travels_with_a_push() {
    let mut world = World::linked();
    world.push();
    world.run_ms(1_500);
    world.push();
    world.run_ms(300);
    world.push();
    world.run_ms(10_000);
    world.expect(
        " 100 server sends Push of event 1
          120 client has event 1
         1600 server sends Push of event 2
         1600 server sends Beat 2
         1620 client has event 2
         1900 server sends Push of event 3
         1920 client has event 3
         3900 server sends Beat 3",
    );
}

#[test]
fn the_very_last_push_is_lost_and_found() {
    let mut world = World::linked();
    world.push();
    world.run_ms(3_000);
    world.lose_pushes = 1;
    world.push();
    world.run_ms(10_000);
    world.expect(
        " 100 server sends Push of event 1
          120 client has event 1
         2100 server sends Beat 1
         3100 server sends Push of event 2 (lost)
         5100 server sends Beat 2
         5120 client knows that it missed a push",
    );
}

#[test]
fn a_push_that_comes_twice_does_not_hide_one_that_was_lost() {
    let mut world = World::linked();
    world.push();
    world.lose_pushes = 1;
    world.push();
    world.run_ms(1_000);
    let again = Event { conversation: 1, seq: 1, ..Event::default() };
    let again = codec::encode_push(push::What::Event(again));
    world.client(|link, now| link.handle_received(1, &again, now));
    world.run_ms(10_000);
    world.expect(
        " 100 server sends Push of event 1
          100 server sends Push of event 2 (lost)
          120 client has event 1
         2100 server sends Beat 2
         2120 client knows that it missed a push",
    );
}

#[test]
fn a_loss_is_told_once() {
    let mut world = World::linked();
    world.lose_pushes = 3;
    for _ in 0..5 {
        world.push();
    }
    world.run_ms(60_000);
    world.push();
    world.run_ms(60_000);
    assert_eq!(world.take_transcript().matches("missed").count(), 1);
}

#[test]
fn a_beat_that_went_out_anyway_is_not_repeated() {
    let mut world = World::linked();
    world.run_ms(24_400); // the client's Ping comes at 25060
    world.push();
    world.run_ms(10_000);
    world.expect(
        "24500 server sends Push of event 1
         24520 client has event 1
         25060 client sends Ping
         25080 server sends Beat 1",
    );
}

#[test]
fn the_server_admits_that_it_missed_something() {
    let mut world = World::linked();
    world.push();
    world.server(|session, now| session.handle_resync(now));
    world.run_ms(10_000);
    world.expect(
        "100 server sends Push of event 1
         100 server sends Beat 1, resync
         120 client has event 1
         120 client knows that it missed a push",
    );
}

#[test]
fn each_link_counts_from_its_own_welcome() {
    let mut world = World::linked();
    world.push();
    world.run_ms(5_000);
    world.client(|link, now| link.handle_disconnected(1, now));
    world.run_ms(5_000);
    world.push();
    world.run_ms(60_000);
    assert!(!world.take_transcript().contains("missed"));
}

#[test]
fn a_push_of_an_unknown_kind_counts() {
    let mut world = World::linked();
    let unknown = codec::encode(frame::Body::Push(Push { what: None }));
    world.server(|session, now| session.handle_push(unknown.into(), now));
    world.run_ms(10_000);
    world.expect(
        " 100 server sends Push of something new
         2100 server sends Beat 1",
    );
}

/// A session that has heard Hello and waits for the driver.
fn greeting_session() -> Session {
    let mut session = Session::new(Moment(0));
    let hello = Hello { version: limits::VERSION, token: TOKEN.to_vec(), position: 0 };
    session.handle_frame(&codec::encode(frame::Body::Hello(hello)), Moment(0));
    assert!(matches!(session.poll_output(), Output::Authenticate(_)));
    session
}

/// What a session writes, in words.
fn written(session: &mut Session) -> Vec<String> {
    let mut written = Vec::new();
    loop {
        match session.poll_output() {
            Output::Transmit(bytes) => {
                let body = Frame::decode(bytes).expect("a frame").body.expect("a known one");
                written.push(match body {
                    frame::Body::Welcome(_) => "Welcome".to_owned(),
                    frame::Body::Push(_) => "Push".to_owned(),
                    frame::Body::Beat(beat) if beat.resync => format!("Beat {}, resync", beat.pushes),
                    other => format!("{other:?}"),
                });
            }
            Output::Dispatch { id, .. } => written.push(format!("(dispatch {id})")),
            Output::Wait(_) => return written,
            other => panic!("{other:?}"),
        }
    }
}

fn a_push() -> bytes::Bytes {
    codec::encode_push(push::What::Reached(Default::default()))
}

#[test]
fn a_push_waits_behind_welcome() {
    let mut session = greeting_session();
    session.handle_push(a_push(), Moment(1));
    session.handle_push(a_push(), Moment(2));
    assert!(written(&mut session).is_empty());
    session.handle_welcome(Welcome::default(), Moment(3));
    assert_eq!(written(&mut session), ["Welcome", "Push", "Push"]);
}

#[test]
fn too_many_pushes_before_welcome_become_a_resync() {
    let mut session = greeting_session();
    for _ in 0..=limits::MAILBOX_FRAMES_MAX {
        session.handle_push(a_push(), Moment(1));
    }
    session.handle_welcome(Welcome::default(), Moment(3));
    let written = written(&mut session);
    assert_eq!(written.len(), 1 + limits::MAILBOX_FRAMES_MAX + 1);
    assert_eq!(written.last().map(String::as_str), Some("Beat 512, resync"));
}

#[test]
fn requests_that_follow_hello_at_once_wait_for_welcome() {
    let mut session = greeting_session();
    for id in 1..=3 {
        let call = Some(request::Call::Sync(Sync::default()));
        let request = anser_protocol::wire::Request { id, call };
        session.handle_frame(&codec::encode(frame::Body::Request(request)), Moment(1));
    }
    assert!(written(&mut session).is_empty());
    session.handle_welcome(Welcome::default(), Moment(3));
    assert_eq!(written(&mut session), ["Welcome", "(dispatch 1)", "(dispatch 2)", "(dispatch 3)"]);
}

#[test]
fn a_push_is_shared_and_not_copied() {
    let mut session = greeting_session();
    session.handle_welcome(Welcome::default(), Moment(1));
    let push = a_push();
    session.handle_push(push.clone(), Moment(1));
    let same = |output: &Output| matches!(output, Output::Transmit(bytes) if bytes.as_ptr() == push.as_ptr());
    let outputs = [session.poll_output(), session.poll_output()];
    assert!(same(&outputs[1]), "{outputs:?}");
}
