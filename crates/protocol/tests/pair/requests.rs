//! Requests and their answers: matched by id, bounded in number, size and rate.

use anser_protocol::wire::{ErrorCode, Send, Sync, request};
use anser_protocol::{Fault, limits};

use crate::world::World;

#[test]
fn answers_find_their_requests_in_any_order() {
    let mut world = World::linked();
    world.server_is_mute = true;
    for _ in 0..3 {
        world.request(request::Call::Sync(Sync::default()));
    }
    world.run_ms(20);
    world.take_transcript();
    for id in [3, 1, 2] {
        let done = Ok(anser_protocol::wire::answer::Result::Done(anser_protocol::wire::Done {}));
        world.server(|session, now| session.handle_answer(id, done, now));
    }
    world.run_ms(20);
    world.expect(
        "120 server sends answer 3: Done
         120 server sends answer 1: Done
         120 server sends answer 2: Done
         140 client has answer 3: Done
         140 client has answer 1: Done
         140 client has answer 2: Done",
    );
}

#[test]
fn requests_keep_their_order() {
    let mut world = World::linked();
    for _ in 0..3 {
        world.request(request::Call::Send(Send::default()));
    }
    world.run_ms(100);
    world.expect(
        "100 client sends request 1: Send
         100 client sends request 2: Send
         100 client sends request 3: Send
         120 server sends answer 1: Sent as 1
         120 server sends answer 2: Sent as 2
         120 server sends answer 3: Sent as 3
         140 client has answer 1: Sent as 1
         140 client has answer 2: Sent as 2
         140 client has answer 3: Sent as 3",
    );
}

#[test]
fn an_answer_is_given_once() {
    let mut world = World::linked();
    world.server_is_mute = true;
    world.request(request::Call::Sync(Sync::default()));
    world.run_ms(20);
    world.take_transcript();
    for _ in 0..2 {
        let done = Ok(anser_protocol::wire::answer::Result::Done(anser_protocol::wire::Done {}));
        world.server(|session, now| session.handle_answer(1, done, now));
    }
    world.expect("120 server sends answer 1: Done");
}

#[test]
fn a_request_of_exactly_the_frame_limit_is_sent_and_one_over_is_not() {
    let send = |bytes: usize| request::Call::Send(Send { body: vec![b'x'; bytes], ..Send::default() });
    // What surrounds the body in the frame: found by one that is surely below.
    let mut world = World::linked();
    world.request(send(60_000));
    let around = world.bytes.0 - 60_000;

    let mut world = World::linked();
    world.request(send(limits::CLIENT_FRAME_BYTES_MAX - around));
    world.run_ms(100);
    assert_eq!(world.bytes.0, limits::CLIENT_FRAME_BYTES_MAX);
    assert!(world.answers[0].1.is_ok());

    let mut world = World::linked();
    let id = world.request(send(limits::CLIENT_FRAME_BYTES_MAX - around + 1)).expect("there is room");
    let (answered, result) = &world.answers[0];
    assert_eq!(*answered, id);
    assert_eq!(result.as_ref().expect_err("too large").code(), ErrorCode::TooLarge);
    assert_eq!(world.bytes.0, 0);
    assert!(world.link.is_up());
}

#[test]
fn the_rate_is_limited_and_the_link_lives_on() {
    let mut world = World::linked();
    world.latency_ms = 0;
    for _ in 0..limits::REQUESTS_BURST {
        world.request(request::Call::Sync(Sync::default())).expect("answered at once");
        world.run_ms(0);
    }
    assert!(world.answers.iter().all(|(_, result)| result.is_ok()));
    world.answers.clear();
    world.request(request::Call::Sync(Sync::default()));
    world.run_ms(0);
    let error = world.answers[0].1.as_ref().expect_err("one too many");
    assert_eq!((error.code(), error.retry_after_ms), (ErrorCode::RateLimited, 5));
    world.answers.clear();
    world.run_ms(5);
    world.request(request::Call::Sync(Sync::default()));
    world.run_ms(0);
    assert!(world.answers[0].1.is_ok());
}

#[test]
fn after_a_refusal_for_now_the_same_message_must_come_first() {
    let mut world = World::linked();
    world.server_is_mute = true;
    let send = |key: u8| request::Call::Send(Send { send_key: vec![key; 16], ..Send::default() });
    for key in [1, 2] {
        world.request(send(key));
    }
    world.run_ms(20);
    let busy = || Err(Fault::new(ErrorCode::Busy, "the queue is full"));
    world.server(|session, now| session.handle_answer(1, busy(), now));
    world.server(|session, now| session.handle_answer(2, busy(), now));
    world.server_is_mute = false;
    for key in [2, 3, 1, 2, 3] {
        world.request(send(key));
    }
    world.run_ms(100);
    let was_taken: Vec<_> = world.answers.iter().map(|(id, result)| (*id, result.is_ok())).collect();
    let expected = [(1, false), (2, false), (3, false), (4, false), (5, true), (6, true), (7, true)];
    assert_eq!(was_taken, expected, "only from message 1 on it goes on");
}

/// What the newest answer says about when to come again.
fn told_ms(world: &World) -> u64 {
    let (_, result) = world.answers.last().expect("an answer");
    result.as_ref().expect_err("refused for now").retry_after_ms.into()
}

#[test]
fn who_is_told_busy_is_told_for_how_long_and_longer_each_time() {
    let mut world = World::linked();
    world.server_is_mute = true;
    let send = |key: u8| request::Call::Send(Send { send_key: vec![key; 16], ..Send::default() });
    let refuse = |world: &mut World, id| {
        world.run_ms(20);
        let busy = Err(Fault::new(ErrorCode::Busy, "the queue is full"));
        world.server(|session, now| session.handle_answer(id, busy, now));
        world.run_ms(20);
        told_ms(world)
    };
    world.request(send(1));
    world.request(send(2));
    let first = refuse(&mut world, 1);
    assert!((limits::BUSY_FIRST_MS / 2..=limits::BUSY_FIRST_MS).contains(&first));
    let another = refuse(&mut world, 2);
    assert_eq!(another, first - 40, "the one behind it is to come at the same moment");
    world.request(send(3));
    world.run_ms(20);
    assert!(told_ms(&world) < first, "so is what comes too early");
    world.request(send(1));
    assert!((2 * first - 2..=2 * first + 2).contains(&refuse(&mut world, 4)), "again, and twice as long");
    world.request(request::Call::Sync(Sync::default()));
    let other = refuse(&mut world, 5);
    assert!((2 * limits::BUSY_FIRST_MS..=4 * limits::BUSY_FIRST_MS).contains(&other));
}

#[test]
fn a_message_that_never_comes_again_holds_the_others_up_for_a_while_only() {
    let mut world = World::linked();
    world.server_is_mute = true;
    world.request(request::Call::Send(Send { send_key: vec![1; 16], ..Send::default() }));
    world.run_ms(20);
    let busy = Err(Fault::new(ErrorCode::Busy, "the queue is full"));
    world.server(|session, now| session.handle_answer(1, busy, now));
    world.server_is_mute = false;
    world.run_ms(limits::SEND_ORDER_MS);
    world.answers.clear();
    world.request(request::Call::Send(Send { send_key: vec![2; 16], ..Send::default() }));
    world.run_ms(100);
    assert!(world.answers[0].1.is_ok());
}
