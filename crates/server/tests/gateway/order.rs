//! Many send at once, and there is one order for all (promises D3, D4).

use anser_protocol::wire::{answer, request::Call};
use anser_protocol::{codec, kind, limits};

use crate::helpers::{TestServer, new_key, text};

/// A work day's chat room; each writes a few at once.
const SENDERS: usize = 50;
const EACH: usize = 10;

#[tokio::test]
pub(crate) async fn fifty_senders_into_one_group_make_one_order_for_all() {
    let server = TestServer::start().await;
    // Whoever has registered goes until all have: hashing fifty passwords takes a slow machine longer than a link may be silent.
    let mut away = Vec::new();
    for number in 0..SENDERS {
        away.push(server.register(&format!("person_{number}")).await.leaves());
    }
    let mut people = Vec::new();
    for away in away {
        people.push(server.welcomes_back(away).await);
    }
    let handles: Vec<String> = people.iter().map(|person| person.handle.clone()).collect();
    let others: Vec<&str> = handles.iter().skip(1).map(String::as_str).collect();
    let group = people[0].creates_group("everybody", &others).await;

    let mut talking = Vec::new();
    for mut person in people {
        talking.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            for number in 0..EACH {
                mine.push(person.sends(group, &format!("{number}")).await.seq);
            }
            // The others' messages come by push, one's own by answer: together they are the whole log.
            let mut seen = mine.clone();
            while seen.len() < SENDERS * EACH {
                let event = person.next_event().await;
                if event.kind == kind::TEXT {
                    seen.push(event.seq);
                }
            }
            // Asked here, while the link is not silent.
            let order = person.history(group, 1).await;
            (person.handle, mine, seen, order)
        }));
    }

    let everything: Vec<u64> = (2..2 + (SENDERS * EACH) as u64).collect();
    let mut orders = Vec::new();
    for person in talking {
        let (handle, mine, mut seen, order) = person.await.unwrap();
        assert!(mine.is_sorted(), "{handle} saw their own messages in another order than sent");
        seen.sort_unstable();
        assert_eq!(seen, everything, "{handle}: dense, nothing lost, nothing doubled");
        orders.push(order);
    }
    assert!(orders.iter().all(|order| *order == orders[0]));
}

#[tokio::test]
pub(crate) async fn what_one_link_sends_without_waiting_stays_in_order() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let chat = alice.opens_chat_with("bob").await;

    let mut said = Vec::new();
    for batch in 0..10 {
        let mut begun = Vec::new();
        for number in 0..limits::SENDS_IN_FLIGHT_MAX {
            said.push(format!("{batch}-{number}"));
            let message = text(chat, new_key(), &said[said.len() - 1]);
            begun.push(alice.begin(Call::Send(message)).await);
        }
        for id in begun {
            assert!(matches!(alice.answer(id).await, Ok(answer::Result::Sent(_))));
        }
    }
    // Pushes may overtake each other; the seq is the only order there is.
    let mut events = Vec::new();
    while events.len() < said.len() {
        let event = bob.next_event().await;
        if event.kind == kind::TEXT {
            events.push(event);
        }
    }
    events.sort_by_key(|event| event.seq);
    let seen: Vec<String> = events.iter().map(|event| codec::decode_text(&event.body).unwrap()).collect();
    assert_eq!(seen, said);
}
