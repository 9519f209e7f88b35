//! What moves the frames is found by the client itself, and nobody who writes or reads can tell (promise L1).

use anser_client::{Carrier, ClientConfig};

use crate::gate::{Gate, Rule};
use crate::helpers::{Person, TestServer, opening, register};

/// A new account whose client reaches the server through this address, over these carriers.
async fn joins(server: &TestServer, handle: &str, url: String, carriers: &[Carrier]) -> Person {
    let mut config = ClientConfig::new(url, server.dir_of(handle));
    config.carriers = carriers.to_vec();
    let person = Person::open_with(config).await;
    person.does(register(handle)).await;
    person
}

fn numbered(who: &str, numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("{who} {number}")).collect()
}

/// Both write at the same time; in the end both see everything once, each one's in order.
async fn write_to_each_other(carrier: Carrier) {
    let server = TestServer::start().await;
    let mut alice = joins(&server, "alice", server.url(), &[carrier]).await;
    let mut bob = joins(&server, "bob", server.url(), &[carrier]).await;
    let conversation = alice.talks_to("bob").await;
    bob.sees("the conversation", |screen| screen.conversations.contains_key(&conversation)).await;
    bob.does(opening(conversation)).await;
    let (from_alice, from_bob) = (numbered("alice", 0..50), numbered("bob", 0..50));
    for (one, other) in from_alice.iter().zip(&from_bob) {
        alice.writes(conversation, one).await;
        bob.writes(conversation, other).await;
    }
    for person in [&mut alice, &mut bob] {
        person.sees("all of it", |screen| screen.texts(conversation).len() == 100).await;
        let texts = person.screen.texts(conversation);
        for said in [&from_alice, &from_bob] {
            let seen: Vec<&str> =
                texts.iter().copied().filter(|text| said.iter().any(|s| s == text)).collect();
            assert_eq!(&seen, said, "over {carrier:?}");
        }
    }
    alice.sees("that it is delivered", |screen| screen.has_delivered(conversation)).await;
}

#[tokio::test]
async fn people_write_to_each_other_over_long_polls() {
    write_to_each_other(Carrier::LongPoll).await;
}

#[tokio::test]
async fn people_write_to_each_other_over_short_polls() {
    write_to_each_other(Carrier::ShortPoll).await;
}

/// Alice's network blocks one carrier after the other, while the two talk.
#[tokio::test]
async fn each_carrier_is_blocked_in_turn_and_nothing_is_lost() {
    let server = TestServer::start().await;
    let gate = Gate::before(server.address()).await;
    let mut alice = joins(&server, "alice", gate.url(), Carrier::ALL).await;
    let mut bob = joins(&server, "bob", server.url(), Carrier::ALL).await;
    let conversation = alice.talks_to("bob").await;
    bob.sees("the conversation", |screen| screen.conversations.contains_key(&conversation)).await;
    bob.does(opening(conversation)).await;
    gate.sees(Carrier::WebSocket).await;

    let mut said = Vec::new();
    let steps = [
        (Carrier::WebSocket, Rule::End, Carrier::LongPoll),
        (Carrier::LongPoll, Rule::End, Carrier::ShortPoll),
        (Carrier::LongPoll, Rule::Pass, Carrier::LongPoll),
        (Carrier::WebSocket, Rule::Pass, Carrier::WebSocket),
    ];
    for (step, (changed, rule, expected)) in steps.into_iter().enumerate() {
        let began = std::time::Instant::now();
        gate.set(changed, rule);
        for text in numbered("step", step * 20..step * 20 + 20) {
            alice.writes(conversation, &text).await;
            said.push(text);
        }
        gate.sees(expected).await;
        println!("{changed:?}: {rule:?}, on {expected:?} after {:?}", began.elapsed());
        bob.sees("what she says", |screen| screen.texts(conversation) == said).await;
        let text = format!("bob saw step {step}");
        bob.writes(conversation, &text).await;
        said.push(text);
        alice.sees("his answer", |screen| screen.texts(conversation) == said).await;
    }
}

#[tokio::test]
async fn a_network_that_takes_websockets_and_passes_nothing_on_is_got_around() {
    let server = TestServer::start().await;
    let gate = Gate::before(server.address()).await;
    let mut alice = joins(&server, "alice", gate.url(), Carrier::ALL).await;
    gate.sees(Carrier::WebSocket).await;
    server.register("bob").await.goes().await;
    gate.set(Carrier::WebSocket, Rule::Swallow);
    gate.sees(Carrier::LongPoll).await;
    assert!(alice.finds("bob").await);
}
