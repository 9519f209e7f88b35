//! Reading the log back.

use anser_protocol::{AccountId, ConversationId, Seq};

use super::fixture::{EVERYTHING, group, people, say};
use crate::{Range, Store};

/// A conversation with events 1 to 10; event n from 2 on has a body of n bytes.
async fn ten_events<S: Store>(store: &S) -> (AccountId, ConversationId) {
    let [alice] = people(store).await;
    let conversation = group(store, &[alice]).await;
    for n in 2..=10 {
        say(store, alice, conversation, &"x".repeat(n)).await;
    }
    (alice, conversation)
}

async fn check<S: Store>(store: &S, range: Range, expect: &[u64]) {
    let (alice, conversation) = ten_events(store).await;
    let events = store.range(alice, conversation, range).await.unwrap();
    assert_eq!(events.iter().map(|event| event.seq.0).collect::<Vec<_>>(), expect, "{range:?}");
    assert!(events.iter().all(|event| event.conversation == conversation));
}

/// Both ends included.
pub async fn a_span_comes_in_order<S: Store>(store: &S) {
    let span = Range { first: Seq(3), last: Seq(6), ..EVERYTHING };
    check(store, span, &[3, 4, 5, 6]).await;
    check(store, Range { newest: true, ..span }, &[3, 4, 5, 6]).await;
    check(store, Range { last: Seq(3), ..span }, &[3]).await;
}

/// Nearest to the first, or to the last if the newest are wanted; ascending either way.
pub async fn the_limit_keeps_the_nearest<S: Store>(store: &S) {
    let span = Range { first: Seq(3), last: Seq(9), limit: 3, ..EVERYTHING };
    check(store, span, &[3, 4, 5]).await;
    check(store, Range { newest: true, ..span }, &[7, 8, 9]).await;
    check(store, Range { limit: 0, ..span }, &[]).await;
}

/// A page is as full as the bytes allow, and not fuller.
pub async fn the_bytes_keep_the_nearest<S: Store>(store: &S) {
    let span = Range { first: Seq(3), last: Seq(9), bytes_max: 3 + 4 + 5, ..EVERYTHING };
    check(store, span, &[3, 4, 5]).await;
    check(store, Range { bytes_max: 3 + 4 + 4, ..span }, &[3, 4]).await;
    let newest = Range { newest: true, bytes_max: 9 + 8, ..span };
    check(store, newest, &[8, 9]).await;
    check(store, Range { bytes_max: 9 + 7, ..newest }, &[9]).await;
}

/// So that who reads page by page gets on.
pub async fn one_event_always_comes<S: Store>(store: &S) {
    let span = Range { first: Seq(3), last: Seq(9), bytes_max: 0, ..EVERYTHING };
    check(store, span, &[3]).await;
    check(store, Range { newest: true, ..span }, &[9]).await;
}

/// And no error: the log may end anywhere.
pub async fn beyond_the_log_is_nothing<S: Store>(store: &S) {
    check(store, Range { first: Seq(11), ..EVERYTHING }, &[]).await;
    check(store, Range { first: Seq(u64::MAX), newest: true, ..EVERYTHING }, &[]).await;
    check(store, Range { first: Seq(6), last: Seq(5), ..EVERYTHING }, &[]).await;
    check(store, Range { last: Seq(0), ..EVERYTHING }, &[]).await;
}

/// Without knowing where that is.
pub async fn it_may_be_asked_to_the_end<S: Store>(store: &S) {
    check(store, Range { first: Seq(8), ..EVERYTHING }, &[8, 9, 10]).await;
    check(store, Range { limit: 2, newest: true, ..EVERYTHING }, &[9, 10]).await;
}
