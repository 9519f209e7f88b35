//! Somebody sends what must not be sent: each gets a typed answer, and nobody else notices (promise X5).

use anser_protocol::wire::{self, ErrorCode, answer, frame, request::Call};
use anser_protocol::{codec, limits};
use futures_util::SinkExt;
use prost::Message as _;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

use crate::helpers::{Heard, Link, Person, TestServer, new_key, text};

/// Two people who chat while somebody misbehaves.
struct Bystanders {
    alice: Person,
    bob: Person,
    chat: u64,
}

impl Bystanders {
    async fn of(server: &TestServer) -> Bystanders {
        let mut alice = server.register("alice").await;
        let bob = server.register("bob").await;
        let chat = alice.opens_chat_with("bob").await;
        Bystanders { alice, bob, chat }
    }

    async fn chat_on(&mut self) {
        self.alice.sends(self.chat, "are you there?").await;
        assert_eq!(self.bob.sees().await, "alice: are you there?");
    }
}

fn hello() -> frame::Body {
    frame::Body::Hello(wire::Hello { version: 1, token: vec![7; 32], position: 0 })
}

/// A Request with this id and one more field, as its bytes.
fn request_with_field(id: u8, tag_and_value: &[u8]) -> Vec<u8> {
    let mut request = vec![0x08, id];
    request.extend(tag_and_value);
    let mut frame = vec![0x12, u8::try_from(request.len()).unwrap()];
    frame.extend(request);
    frame
}

#[tokio::test]
pub(crate) async fn frames_that_make_no_sense_end_the_link_with_their_reason() {
    let server = TestServer::start().await;
    let mut bystanders = Bystanders::of(&server).await;
    let truncated = {
        let mut bytes = codec::encode(hello());
        bytes.pop();
        bytes
    };
    let not_utf8 = {
        // Request 1, Register { handle: <0xff 0xfe> }.
        request_with_field(1, &[0x12, 0x04, 0x0a, 0x02, 0xff, 0xfe])
    };
    let cases = [
        ("one byte over the limit", vec![0; limits::CLIENT_FRAME_BYTES_MAX + 1], ErrorCode::TooLarge),
        ("far over the limit", vec![0; 8 * limits::CLIENT_FRAME_BYTES_MAX], ErrorCode::TooLarge),
        ("nonsense of exactly the limit", vec![0xff; limits::CLIENT_FRAME_BYTES_MAX], ErrorCode::Malformed),
        ("nothing at all", vec![], ErrorCode::Malformed),
        ("a truncated frame", truncated, ErrorCode::Malformed),
        ("a kind of frame that does not exist", vec![0x9a, 0x06, 0x00], ErrorCode::Malformed),
        ("a string that is not UTF-8", not_utf8, ErrorCode::Malformed),
        ("a request with the id 0", request_with_field(0, &[0x12, 0x00]), ErrorCode::InvalidField),
    ];
    for (what, bytes, code) in cases {
        println!("{what}");
        let mut link = server.link().await;
        link.say_bytes(bytes).await;
        link.is_ended_with(code).await;
        bystanders.chat_on().await;
    }
}

#[tokio::test]
pub(crate) async fn frames_that_only_servers_send_end_the_link() {
    let server = TestServer::start().await;
    let mut bystanders = Bystanders::of(&server).await;
    let frames = [
        frame::Body::Welcome(wire::Welcome::default()),
        frame::Body::Answer(wire::Answer::default()),
        frame::Body::Push(wire::Push::default()),
        frame::Body::Beat(wire::Beat::default()),
        frame::Body::Close(wire::Close::default()),
    ];
    for body in frames {
        let mut link = server.link().await;
        link.say(body).await;
        link.is_ended_with(ErrorCode::UnexpectedFrame).await;
    }
    bystanders.chat_on().await;
}

#[tokio::test]
pub(crate) async fn what_is_not_a_binary_message_ends_the_link() {
    let server = TestServer::start().await;
    let mut bystanders = Bystanders::of(&server).await;

    let mut link = server.link().await;
    link.socket().send(Message::text("hello?")).await.unwrap();
    link.is_ended_with(ErrorCode::Malformed).await;

    let raw: [(&str, &[u8]); 3] = [
        ("text that is not UTF-8", &[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]),
        ("a message that is not masked", &[0x82, 0x01, 0x00]),
        ("an opcode that does not exist", &[0x83, 0x80, 0, 0, 0, 0]),
    ];
    for (what, bytes) in raw {
        println!("{what}");
        let mut link = server.link().await;
        link.socket().get_mut().write_all(bytes).await.unwrap();
        link.is_ended_with(ErrorCode::Malformed).await;
    }
    bystanders.chat_on().await;
}

#[tokio::test]
pub(crate) async fn a_message_in_pieces_is_put_together_up_to_the_limit() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let ping = codec::encode(frame::Body::Ping(wire::Ping::default()));
    let stream = alice.link.socket().get_mut();
    stream.write_all(&[0x02, 0x81, 0, 0, 0, 0, ping[0]]).await.unwrap();
    stream.write_all(&[0x80, 0x81, 0, 0, 0, 0, ping[1]]).await.unwrap();
    assert!(matches!(alice.link.hear().await, Heard::Frame(frame::Body::Beat(_))));

    // A piece that stays below the limit, again and again.
    let stream = alice.link.socket().get_mut();
    let mut piece = vec![0x02, 0xfe, 0xff, 0xff, 0, 0, 0, 0];
    piece.resize(8 + 0xffff, 0);
    stream.write_all(&piece).await.unwrap();
    piece[0] = 0x00;
    stream.write_all(&piece).await.unwrap();
    alice.link.is_ended_with(ErrorCode::TooLarge).await;
}

#[tokio::test]
pub(crate) async fn who_has_not_said_hello_can_ask_for_nothing() {
    let server = TestServer::start().await;
    let calls = [
        Call::Send(text(1, new_key(), "hi")),
        Call::Reach(wire::ReachAll::default()),
        Call::GetRange(wire::GetRange::default()),
        Call::Sync(wire::Sync::default()),
        Call::ListMembers(wire::ListMembers::default()),
        Call::GetPeople(wire::GetPeople::default()),
        Call::FindAccount(wire::FindAccount::default()),
        Call::OpenDirect(wire::OpenDirect::default()),
        Call::CreateGroup(wire::CreateGroup::default()),
        Call::AddMembers(wire::AddMembers::default()),
        Call::LeaveGroup(wire::LeaveGroup::default()),
        Call::RenameGroup(wire::RenameGroup::default()),
        Call::ListDevices(wire::ListDevices::default()),
        Call::RevokeDevice(wire::RevokeDevice::default()),
        Call::SignOut(wire::SignOut::default()),
        Call::FindSent(wire::FindSent { send_key: new_key() }),
    ];
    for call in calls {
        let mut link = server.link().await;
        link.say_request(1, call).await;
        link.is_ended_with(ErrorCode::UnexpectedFrame).await;
    }
}

#[tokio::test]
pub(crate) async fn a_hello_that_will_not_do_is_refused_with_its_reason() {
    let server = TestServer::start().await;
    let alice = server.register("alice").await;
    let hellos = [
        (wire::Hello { version: 2, token: alice.token.clone(), position: 0 }, ErrorCode::UnsupportedVersion),
        (wire::Hello { version: 1, token: vec![7; 32], position: 0 }, ErrorCode::SignedOut),
        (wire::Hello { version: 1, token: alice.token[1..].to_vec(), position: 0 }, ErrorCode::SignedOut),
        (wire::Hello { version: 1, token: Vec::new(), position: 0 }, ErrorCode::SignedOut),
    ];
    for (hello, code) in hellos {
        let mut link = server.link().await;
        link.say(frame::Body::Hello(hello)).await;
        link.is_ended_with(code).await;
    }
}

#[tokio::test]
pub(crate) async fn what_comes_out_of_order_ends_the_link() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    alice.link.say_hello(alice.token.clone(), 0).await;
    alice.link.is_ended_with(ErrorCode::UnexpectedFrame).await;
}

#[tokio::test]
pub(crate) async fn a_request_that_makes_no_sense_is_answered_and_the_link_goes_on() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    server.register("bob").await;
    let chat = alice.opens_chat_with("bob").await;

    alice.link.say_bytes(request_with_field(100, &[])).await;
    alice.link.say_bytes(request_with_field(101, &[0xda, 0x3e, 0x00])).await;
    for id in [100, 101] {
        let error = alice.answer(id).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::UnknownRequest);
    }
    let register = Call::Register(wire::Register::default());
    assert_eq!(alice.refused(register).await, ErrorCode::NotAllowed);

    let words = text(chat, new_key(), "hi");
    let cases = [
        ("a key of 15 bytes", wire::Send { send_key: vec![1; 15], ..words.clone() }),
        ("a kind of nothing", wire::Send { kind: 0, ..words.clone() }),
        ("a kind of the server's own", wire::Send { kind: 1000, ..words.clone() }),
        ("a text that is none", wire::Send { body: vec![0xff; 4], ..words.clone() }),
        ("an empty text", wire::Send { body: Vec::new(), ..words.clone() }),
    ];
    for (what, message) in cases {
        assert_eq!(alice.refused(Call::Send(message)).await, ErrorCode::InvalidField, "{what}");
    }
    assert_eq!(alice.sends_again(words).await.seq, 2, "nothing of that was stored");
}

#[tokio::test]
pub(crate) async fn exactly_the_limit_is_taken_and_one_more_is_not() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let chat = alice.opens_chat_with("bob").await;

    let longest = "界".repeat(limits::TEXT_CHARS_MAX);
    alice.sends(chat, &longest).await;
    assert_eq!(bob.sees().await, format!("alice: {longest}"));
    let longer = text(chat, new_key(), &format!("{longest}!"));
    assert_eq!(alice.refused(Call::Send(longer)).await, ErrorCode::InvalidField);

    let unknown_kind = |length: usize| wire::Send {
        conversation: chat,
        send_key: new_key(),
        kind: 999,
        body: vec![7; length],
        silent: false,
    };
    alice.sends_again(unknown_kind(limits::BODY_BYTES_MAX)).await;
    assert_eq!(bob.next_event().await.body.len(), limits::BODY_BYTES_MAX);
    let larger = Call::Send(unknown_kind(limits::BODY_BYTES_MAX + 1));
    assert_eq!(alice.refused(larger).await, ErrorCode::InvalidField);
}

#[tokio::test]
pub(crate) async fn a_frame_of_exactly_the_limit_is_read() {
    let server = TestServer::start().await;
    let mut link = server.link().await;
    let frame_with = |length: usize| {
        let register = wire::Register { password: "x".repeat(length), ..wire::Register::default() };
        codec::encode(frame::Body::Request(wire::Request { id: 1, call: Some(Call::Register(register)) }))
    };
    let around = frame_with(60_000).len() - 60_000;
    let frame = frame_with(limits::CLIENT_FRAME_BYTES_MAX - around);
    assert_eq!(frame.len(), limits::CLIENT_FRAME_BYTES_MAX);
    link.say_bytes(frame).await;
    let Heard::Frame(frame::Body::Answer(answer)) = link.hear().await else { panic!("no answer") };
    let Some(answer::Result::Error(error)) = answer.result else { panic!("registered") };
    assert_eq!(error.code(), ErrorCode::InvalidField);
}

#[tokio::test]
pub(crate) async fn who_asks_too_much_at_once_is_told_for_each_request() {
    let server = TestServer::start().await;
    let mut bystanders = Bystanders::of(&server).await;
    let mut mallory = server.register("mallory").await;
    // All at once: said one by one on a slow machine they are not too fast. To earn them all takes the server 17 s.
    let count = 8 * limits::REQUESTS_BURST;
    let call = || Call::ListDevices(wire::ListDevices {});
    let flood = mallory.begin_many((0..count).map(|_| call())).await;
    let mut too_fast = 0;
    for id in flood {
        match mallory.answer(id).await {
            Ok(_) => {}
            Err(error) => match error.code() {
                ErrorCode::RateLimited => {
                    assert!(error.retry_after_ms > 0);
                    too_fast += 1;
                }
                ErrorCode::TooManyInFlight => {}
                other => panic!("not an answer to asking too much: {other:?}"),
            },
        }
    }
    assert!(too_fast > 0);
    bystanders.chat_on().await;
}

#[tokio::test]
pub(crate) async fn a_link_that_breaks_off_in_the_middle_of_a_frame_harms_nobody() {
    let server = TestServer::start().await;
    let mut bystanders = Bystanders::of(&server).await;
    for length in 1..20 {
        let mut link: Link = server.link().await;
        let bytes = wire::Frame { body: Some(hello()) }.encode_to_vec();
        let mut masked = vec![0x82, 0x80 | u8::try_from(bytes.len()).unwrap(), 0, 0, 0, 0];
        masked.extend(bytes);
        link.socket().get_mut().write_all(&masked[..length]).await.unwrap();
        drop(link);
    }
    bystanders.chat_on().await;
}
