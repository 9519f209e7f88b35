//! Appending: dense, repeatable, ordered.

use std::thread;

use anser_protocol::{AccountId, Seq, kind};
use futures_executor::block_on;
use futures_util::future::join_all;

use super::fixture::{NOW, add, change, events, group, leave, people, say, send_key, seqs, text, try_say};
use crate::{Append, Change, Event, Store, StoreError};

/// Everybody at once, 20 messages each: the results are 2, 3, 4 … without a hole or a double, and each
/// writer's own are in its order.
pub async fn the_log_is_dense_under_fifty_writers<S: Store>(store: &S) {
    let writers: [AccountId; 50] = people(store).await;
    let conversation = group(store, &writers).await;
    let write = |writer| {
        move || {
            let say = |n| block_on(store.append(text(writer, conversation, &format!("{n}")))).unwrap().seq;
            (0..20).map(say).collect::<Vec<Seq>>()
        }
    };
    let results: Vec<Vec<Seq>> = thread::scope(|scope| {
        let threads: Vec<_> = writers.iter().map(|writer| scope.spawn(write(*writer))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(results.iter().all(|own| own.is_sorted()));
    let mut given = results.concat();
    given.sort();
    assert_eq!(given, (2..=1_001).map(Seq).collect::<Vec<_>>());
    assert_eq!(seqs(store, writers[0], conversation).await, (1..=1_001).collect::<Vec<_>>());
}

/// Calling queues: the futures are polled the wrong way round and it changes nothing.
pub async fn calls_are_committed_in_their_order<S: Store>(store: &S) {
    let [alice] = people(store).await;
    let conversation = group(store, &[alice]).await;
    let mut waiting: Vec<_> =
        (0..500).map(|n| store.append(text(alice, conversation, &format!("{n}")))).collect();
    waiting.reverse();
    for future in waiting {
        future.await.unwrap();
    }
    let log = events(store, alice, conversation).await;
    let said: Vec<_> = log[1..].iter().map(|event| String::from_utf8(event.body.clone()).unwrap()).collect();
    assert_eq!(said, (0..500).map(|n| n.to_string()).collect::<Vec<_>>());
}

/// Conversations do not take each other's numbers.
pub async fn the_sum_of_two_logs_is_two_dense_logs<S: Store>(store: &S) {
    let [alice] = people(store).await;
    let (one, other) = (group(store, &[alice]).await, group(store, &[alice]).await);
    let into = |n| if n % 3 == 0 { one } else { other };
    let waiting: Vec<_> = (0..90).map(|n| store.append(text(alice, into(n), "hello"))).collect();
    join_all(waiting).await;
    assert_eq!(seqs(store, alice, one).await, (1..=31).collect::<Vec<_>>());
    assert_eq!(seqs(store, alice, other).await, (1..=61).collect::<Vec<_>>());
}

/// Every byte, also those that are no text, and an empty body.
pub async fn an_event_is_stored_as_given<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    let bodies = [vec![], vec![0, 255, 0, 39, 10], "家族 👨‍👩‍👧‍👦".as_bytes().to_vec(), vec![42; 20 * 1024]];
    for (n, body) in bodies.into_iter().enumerate() {
        let message = Append {
            kind: kind::SENT_BY_CLIENTS_MAX,
            body: body.clone(),
            silent: n % 2 == 0,
            now: NOW + n as u64,
            ..text(bob, conversation, "")
        };
        let appended = store.append(message.clone()).await.unwrap();
        assert_eq!((appended.at, appended.fresh), (message.now, true));
        let expected = Event {
            conversation,
            seq: appended.seq,
            sender: bob,
            at: message.now,
            kind: message.kind,
            body,
            silent: message.silent,
            send_key: Some(message.send_key),
        };
        assert_eq!(events(store, alice, conversation).await.last(), Some(&expected));
    }
}

/// However often, and whatever was said since; the log does not grow.
pub async fn a_repeat_gives_the_first_result<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    let message = text(alice, conversation, "once");
    let first = store.append(message.clone()).await.unwrap();
    say(store, bob, conversation, "something else").await;
    let later = Append { now: NOW + 1_000_000, ..message };
    for _ in 0..3 {
        let again = store.append(later.clone()).await.unwrap();
        assert_eq!((again.seq, again.at, again.fresh), (first.seq, first.at, false));
    }
    assert_eq!(seqs(store, alice, conversation).await, [1, 2, 3]);
}

/// The answer may have been lost just before: what was stored is not called refused.
pub async fn a_repeat_is_known_after_leaving<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    let message = text(bob, conversation, "once");
    let first = store.append(message.clone()).await.unwrap();
    let left = leave(store, bob, conversation).await;
    let again = store.append(message).await.unwrap();
    assert_eq!((again.seq, again.fresh, again.members_changed), (first.seq, false, left));
}

/// At the same moment, in one batch or in several.
pub async fn racing_repeats_store_one<S: Store>(store: &S) {
    let [alice] = people(store).await;
    let conversation = group(store, &[alice]).await;
    let message = text(alice, conversation, "once");
    let results = join_all((0..40).map(|_| store.append(message.clone()))).await;
    let results: Vec<_> = results.into_iter().map(Result::unwrap).collect();
    assert_eq!(results.iter().filter(|it| it.fresh).count(), 1);
    assert!(results.iter().all(|it| it.seq == Seq(2)));
    assert_eq!(seqs(store, alice, conversation).await, [1, 2]);
}

/// Another body, kind or conversation: refused, and nothing stored.
pub async fn a_key_is_not_for_another_content<S: Store>(store: &S) {
    let [alice] = people(store).await;
    let (one, other) = (group(store, &[alice]).await, group(store, &[alice]).await);
    let message = text(alice, one, "hello");
    store.append(message.clone()).await.unwrap();
    let others = [
        Append { body: b"hello!".to_vec(), ..message.clone() },
        Append { kind: kind::TEXT + 1, ..message.clone() },
        Append { conversation: other, ..message.clone() },
    ];
    for reuse in others {
        assert_eq!(store.append(reuse).await, Err(StoreError::SendKeyReused));
    }
    assert_eq!(seqs(store, alice, one).await, [1, 2]);
    assert_eq!(seqs(store, alice, other).await, [1]);
}

/// Knowing another's key gives nothing and takes nothing.
pub async fn keys_of_different_senders_do_not_meet<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    let send_key = send_key();
    let of_alice = store.append(Append { send_key, ..text(alice, conversation, "hello") }).await.unwrap();
    let of_bob = store.append(Append { send_key, ..text(bob, conversation, "hello") }).await.unwrap();
    assert!(of_alice.fresh && of_bob.fresh);
    assert_eq!((of_alice.seq, of_bob.seq), (Seq(2), Seq(3)));
}

/// By its sender only, and as the first result; looking stores nothing and uses nothing up.
pub async fn what_was_sent_is_found_by_its_key<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    let message = text(bob, conversation, "once");
    assert_eq!(store.find_sent(bob, message.send_key).await, Err(StoreError::NotFound));
    let first = store.append(message.clone()).await.unwrap();
    assert_eq!(store.find_sent(alice, message.send_key).await, Err(StoreError::NotFound));
    let left = leave(store, bob, conversation).await;
    let found = store.find_sent(bob, message.send_key).await.unwrap();
    assert_eq!((found.seq, found.at, found.fresh), (first.seq, first.at, false));
    assert_eq!(found.members_changed, left);
}

/// An append that came before, even over another link, cannot turn "there is none" into a lie.
pub async fn looking_for_a_key_waits_for_what_was_queued<S: Store>(store: &S) {
    let [alice] = people(store).await;
    let conversation = group(store, &[alice]).await;
    for n in 0..50 {
        let message = text(alice, conversation, &format!("{n}"));
        let appending = store.append(message.clone());
        let found = store.find_sent(alice, message.send_key).await.unwrap();
        assert_eq!(found.seq, appending.await.unwrap().seq);
    }
}

/// And their key stays free.
pub async fn strangers_append_nothing<S: Store>(store: &S) {
    let [alice, eve] = people(store).await;
    let conversation = group(store, &[alice]).await;
    let message = text(eve, conversation, "let me in");
    assert_eq!(store.append(message.clone()).await, Err(StoreError::NotFound));
    assert_eq!(seqs(store, alice, conversation).await, [1]);
    add(store, alice, conversation, eve).await;
    assert!(store.append(message).await.unwrap().fresh);
}

/// Until it comes back.
pub async fn who_left_appends_nothing<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    leave(store, bob, conversation).await;
    assert_eq!(try_say(store, bob, conversation, "one more thing").await, Err(StoreError::NotAllowed));
    assert_eq!(seqs(store, alice, conversation).await, [1, 2]);
    add(store, alice, conversation, bob).await;
    say(store, bob, conversation, "here again").await;
}

/// As it was at the commit.
pub async fn the_version_of_the_members_comes_along<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice]).await;
    let version = || async { try_say(store, alice, conversation, "hello").await.unwrap().members_changed };
    assert_eq!(version().await, Seq(1));
    let joined = add(store, alice, conversation, bob).await;
    assert_eq!(version().await, joined);
    change(store, alice, conversation, Change::Rename("runs".to_owned())).await.unwrap();
    assert_eq!(version().await, joined);
    let left = leave(store, bob, conversation).await;
    assert_eq!(version().await, left);
}

/// It leaves no trace that anybody could see.
pub async fn a_write_can_be_checked<S: Store>(store: &S) {
    let [alice] = people(store).await;
    let conversation = group(store, &[alice]).await;
    let before = store.heads_changed(alice, Default::default(), None, 10).await.unwrap();
    assert_eq!(before.heads[0].conversation, conversation);
    store.check().await.unwrap();
    assert_eq!(store.heads_changed(alice, Default::default(), None, 10).await.unwrap(), before);
}
