//! Links made of HTTP exchanges: what is true of them and of no WebSocket.

use std::time::Duration;

use anser_protocol::link::Carrier;
use anser_protocol::wire::{self, ErrorCode, frame};
use anser_protocol::{batch, codec, limits};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::helpers::{PolledLink, Reply, TestServer, exchange, over, request, soon};

async fn polled(server: &TestServer) -> PolledLink {
    PolledLink::open(server.address(), "", 0).await.unwrap()
}

/// Somebody signed in over polling, with the link in the hand of the story.
async fn signed_in(server: &TestServer) -> PolledLink {
    let alice = server.register("alice").await;
    let mut link = polled(server).await;
    let hello = wire::Hello { version: 1, token: alice.token.clone(), position: 0 };
    assert_eq!(link.say(&codec::encode(frame::Body::Hello(hello))).await.unwrap().status, 204);
    link
}

fn ping() -> Vec<u8> {
    let mut body = Vec::new();
    batch::append(&mut body, &codec::encode(frame::Body::Ping(wire::Ping::default())));
    body
}

fn bodies(reply: &Reply) -> Vec<frame::Body> {
    reply.frames().iter().map(|frame| codec::decode_from_server(frame).unwrap().unwrap()).collect()
}

/// Waits until a metric has this value; that takes as long as it takes.
async fn comes_to(server: &TestServer, metric: &str, value: u64) {
    let waiting = async {
        while server.metric(metric).await != value {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon(metric, waiting).await;
}

#[tokio::test]
async fn a_poll_waits_for_what_comes_and_not_longer_than_it_wants() {
    let server = TestServer::start().await;
    let link = signed_in(&server).await;
    let welcome = link.down(1, 20_000).await.unwrap();
    assert!(matches!(bodies(&welcome)[..], [frame::Body::Welcome(_)]));
    assert_eq!(link.down(2, 0).await.unwrap().body, b"", "a short poll does not wait");
    assert_eq!(link.down(3, 100).await.unwrap().body, b"", "a long one only so long");
    let ping = ping();
    let (beat, _) = tokio::join!(link.down(4, 20_000), link.up(2, &ping));
    assert!(matches!(bodies(&beat.unwrap())[..], [frame::Body::Beat(_)]));
}

#[tokio::test]
async fn an_exchange_that_comes_twice_is_done_once() {
    let server = TestServer::start().await;
    let link = signed_in(&server).await;
    for _ in 0..3 {
        assert_eq!(link.up(2, &ping()).await.unwrap().status, 204, "answered again, for who lost the answer");
    }
    assert_eq!(link.up(3, b"").await.unwrap().status, 204, "and the next one is the next one");
    link.down(1, 20_000).await;
    let beats = link.down(2, 0).await.unwrap();
    assert!(bodies(&beats).len() <= 1, "one Ping has one Beat");
}

#[tokio::test]
async fn exchanges_that_overtake_each_other_end_the_link() {
    let server = TestServer::start().await;
    let link = signed_in(&server).await;
    assert_eq!(link.up(3, &ping()).await.unwrap().status, 409);
    assert_eq!(link.up(2, &ping()).await.unwrap().status, 410);
    let link = polled(&server).await;
    assert_eq!(link.down(2, 0).await.unwrap().status, 409);
    assert_eq!(link.down(1, 0).await.unwrap().status, 410);
}

#[tokio::test]
async fn two_cannot_poll_one_link_at_the_same_time() {
    let server = TestServer::start().await;
    let link = signed_in(&server).await;
    link.down(1, 20_000).await.unwrap();
    let (first, second) = tokio::join!(link.down(2, 20_000), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        link.down(3, 0).await.unwrap().status
    });
    assert_eq!((first.unwrap().body, second), (Vec::new(), 409));
}

#[tokio::test]
async fn who_goes_in_the_middle_of_a_poll_is_gone_at_once() {
    let server = TestServer::start().await;
    let link = signed_in(&server).await;
    link.down(1, 20_000).await.unwrap();
    comes_to(&server, "anser_sessions", 1).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let poll = request("POST", "/v1/poll/down", &link.down_headers(2, 25_000), b"");
    stream.write_all(&poll).await.unwrap();
    comes_to(&server, "anser_polls_total{wait=\"long\"}", 2).await;
    drop(stream);
    comes_to(&server, "anser_sessions", 0).await;
}

#[tokio::test]
async fn a_link_that_nobody_polls_is_ended_by_name() {
    let server = TestServer::start().await;
    let _link = signed_in(&server).await;
    comes_to(&server, "anser_sessions", 1).await;
    comes_to(&server, "anser_closes_total{code=\"SLOW_READER\"}", 1).await;
    assert_eq!(server.metric("anser_sessions").await, 0);
}

#[tokio::test]
async fn bodies_that_are_no_frames_end_the_link_with_their_reason() {
    let server = TestServer::start().await;
    let cases: [(&[u8], ErrorCode); 4] = [
        (&[5, 1, 2], ErrorCode::Malformed),
        (&[0x80], ErrorCode::Malformed),
        (&[0xff; 20], ErrorCode::Malformed),
        (&[0xff, 0xff, 0xff, 0x7f], ErrorCode::TooLarge),
    ];
    for (body, code) in cases {
        let mut link = polled(&server).await;
        link.bring(body).await;
        let reply = link.down(1, 20_000).await.unwrap();
        let [frame::Body::Close(close)] = &bodies(&reply)[..] else { panic!("no Close for {body:?}") };
        assert_eq!(close.error.as_ref().unwrap().code(), code);
        assert_eq!(reply.header("anser-closed"), Some((4000 + code as u16).to_string().as_str()));
        assert_eq!(link.down(2, 0).await.unwrap().status, 410, "the last words are said once");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_harms_nobody_else() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let link = polled(&server).await;
    let headers = link.down_headers(1, 0);
    let mut whole = request("POST", "/v1/poll/up", &headers, &ping());
    whole.pop();
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(&whole).await.unwrap();
    drop(stream);
    alice.pings().await;
}

#[tokio::test]
async fn exchanges_without_their_headers_are_refused_in_words() {
    let server = TestServer::start().await;
    let address = server.address();
    let name = "Anser-Link: 00112233445566778899aabbccddeeff\r\n";
    let both = format!("{name}Anser-Number: 1\r\nAnser-Wait-Ms: 0\r\n");
    let unnamed = "Anser-Number: 1\r\nAnser-Wait-Ms: 0\r\n";
    let wrong = "Anser-Link: ../etc\r\nAnser-Number: 1\r\nAnser-Wait-Ms: 0\r\n";
    for path in ["/v1/poll/up", "/v1/poll/down"] {
        for (headers, status) in [("", 400), (name, 400), (unnamed, 400), (wrong, 400), (both.as_str(), 410)]
        {
            let reply = exchange(address, "POST", path, headers, b"").await.unwrap();
            assert_eq!(reply.status, status, "{path} {headers}");
        }
    }
    assert_eq!(exchange(address, "GET", "/v1/poll/down", &both, b"").await.unwrap().status, 405);
    assert_eq!(exchange(address, "DELETE", "/v1/poll", name, b"").await.unwrap().status, 410);
}

#[tokio::test]
async fn nothing_of_it_is_kept_by_what_stands_between() {
    let server = TestServer::start().await;
    let link = signed_in(&server).await;
    let opened = exchange(server.address(), "POST", "/v1/poll", "", b"").await.unwrap();
    let brought = link.up(2, &ping()).await.unwrap();
    let fetched = link.down(1, 20_000).await.unwrap();
    let refused = link.down(9, 0).await.unwrap();
    for reply in [opened, brought, fetched, refused] {
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{}", reply.head);
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{}", reply.head);
    }
}

#[tokio::test]
async fn pages_of_other_origins_may_not_poll() {
    let server = TestServer::start().await;
    for path in ["/v1/poll", "/v1/poll/up", "/v1/poll/down"] {
        let reply = exchange(server.address(), "POST", path, "Origin: https://evil.example\r\n", b"").await;
        assert_eq!(reply.unwrap().status, 403);
    }
    let own = exchange(server.address(), "POST", "/v1/poll", "Origin: http://localhost\r\n", b"").await;
    assert_eq!(own.unwrap().status, 201);
}

#[tokio::test]
async fn silent_links_have_no_place_of_others_and_end_by_name() {
    let server = TestServer::start_with(|settings| settings.connections_silent_max = 4).await;
    let mut alice = server.register("alice").await;
    let mut silent = Vec::new();
    // The exchange that asks has a place too.
    for _ in 0..3 {
        silent.push(polled(&server).await);
    }
    assert_eq!(PolledLink::open(server.address(), "", 0).await.err(), Some(503));
    alice.pings().await;
    comes_to(&server, "anser_closes_total{code=\"HELLO_TIMEOUT\"}", 3).await;
    comes_to(&server, "anser_links{carrier=\"poll\"}", 0).await;
    polled(&server).await;
}

#[tokio::test]
async fn what_waits_for_a_poll_is_bounded_and_comes_in_order() {
    let server = TestServer::start().await;
    let mut link = signed_in(&server).await;
    let pings = ping().repeat(1_000);
    link.bring(&pings).await.unwrap();
    let mut beats = 0;
    let mut number = 0;
    while beats < 1_000 {
        number += 1;
        let reply = link.down(number, 20_000).await.unwrap();
        assert!(reply.body.len() <= limits::POLL_DOWN_BYTES_MAX);
        beats += bodies(&reply).iter().filter(|body| matches!(body, frame::Body::Beat(_))).count();
    }
}

/// One writes over a WebSocket, the other over polling: nobody can tell.
#[test]
fn people_on_different_carriers_talk_to_each_other() {
    over(Carrier::LongPoll, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = TestServer::start().await;
            let mut alice = server.register("alice").await;
            over(Carrier::WebSocket, || {});
            let mut bob = server.register("bob").await;
            let chat = alice.opens_chat_with("bob").await;
            alice.sends(chat, "hello").await;
            assert_eq!(bob.sees().await, "alice: hello");
            bob.sends(chat, "hello yourself").await;
            assert_eq!(alice.sees().await, "bob: hello yourself");
        });
    });
}
