//! Unread is arithmetic on the log and a position.

use anser_protocol::{AccountId, Seq, limits};
use futures_executor::block_on;
use futures_util::future::join_all;
use proptest::prelude::*;

use super::fixture::{add, direct, for_any_story, group, head, leave, people, read_to, say, seqs, text};
use crate::{Append, Store};

/// Not the first event: nobody said that.
pub async fn it_counts_what_others_said_after_read<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = direct(store, alice, bob).await;
    assert_eq!(head(store, bob, conversation).await.unread, 0);
    for n in 1..=5 {
        say(store, alice, conversation, "hello").await;
        assert_eq!(head(store, bob, conversation).await.unread, n);
    }
    read_to(store, bob, conversation, Seq(4)).await.unwrap();
    assert_eq!(head(store, bob, conversation).await.unread, 2);
    read_to(store, bob, conversation, Seq(6)).await.unwrap();
    assert_eq!(head(store, bob, conversation).await.unread, 0);
}

/// Silent is what people need not look at.
pub async fn own_and_silent_ones_never_count<S: Store>(store: &S) {
    let [alice, bob, carol] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    say(store, alice, conversation, "counts for bob").await;
    store.append(Append { silent: true, ..text(alice, conversation, "for nobody") }).await.unwrap();
    say(store, bob, conversation, "counts for alice").await;
    add(store, alice, conversation, carol).await;
    assert_eq!(head(store, alice, conversation).await.unread, 1);
    assert_eq!(head(store, bob, conversation).await.unread, 1);
    assert_eq!(head(store, carol, conversation).await.unread, 0);
}

/// Answering on one device does not clear another's screen.
pub async fn sending_does_not_read<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = direct(store, alice, bob).await;
    say(store, alice, conversation, "hello").await;
    say(store, bob, conversation, "hello yourself").await;
    let head = head(store, bob, conversation).await;
    assert_eq!((head.unread, head.read), (1, Seq(0)));
}

/// Which then means "so many or more".
pub async fn counting_stops_at_its_limit<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = direct(store, alice, bob).await;
    let many = limits::UNREAD_COUNT_MAX + 1;
    join_all((0..many).map(|_| store.append(text(alice, conversation, "hello")))).await;
    assert_eq!(seqs(store, bob, conversation).await.len() as u32, many + 1);
    assert_eq!(head(store, bob, conversation).await.unread, limits::UNREAD_COUNT_MAX);
    read_to(store, bob, conversation, Seq(3)).await.unwrap();
    assert_eq!(head(store, bob, conversation).await.unread, limits::UNREAD_COUNT_MAX - 1);
}

/// What may happen in a group of four.
#[derive(Clone, Debug)]
enum Step {
    Say { who: usize, silent: bool },
    Read { who: usize, to: u64 },
    Leave { who: usize },
    Add { by: usize, who: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..4usize, prop::bool::weighted(0.2)).prop_map(|(who, silent)| Step::Say { who, silent }),
        3 => (0..4usize, 1..40u64).prop_map(|(who, to)| Step::Read { who, to }),
        1 => (0..4usize).prop_map(|who| Step::Leave { who }),
        2 => (0..4usize, 0..4usize).prop_map(|(by, who)| Step::Add { by, who }),
    ];
    prop::collection::vec(step, 1..40)
}

/// One member, as a child would keep it: on paper.
#[derive(Clone, Copy)]
struct Paper {
    from: u64,
    read: u64,
    left: Option<u64>,
}

/// After every step of any story, for everybody.
pub async fn it_equals_a_naive_count<S: Store>(store: &S) {
    for_any_story(24, &steps(), |steps| {
        block_on(tell_story(store, &steps));
        Ok(())
    });
}

async fn tell_story<S: Store>(store: &S, steps: &[Step]) {
    let people: [AccountId; 4] = people(store).await;
    let conversation = group(store, &people).await;
    let mut log: Vec<(AccountId, bool)> = vec![(people[0], true)];
    let mut papers = [Paper { from: 1, read: 0, left: None }; 4];
    for step in steps {
        match *step {
            Step::Say { who, silent } if papers[who].left.is_none() => {
                store.append(Append { silent, ..text(people[who], conversation, "hello") }).await.unwrap();
                log.push((people[who], silent));
            }
            Step::Read { who, to } => {
                let to = to.min(papers[who].left.unwrap_or(log.len() as u64));
                read_to(store, people[who], conversation, Seq(to)).await.unwrap();
                papers[who].read = papers[who].read.max(to);
            }
            Step::Leave { who } if papers[who].left.is_none() => {
                leave(store, people[who], conversation).await;
                log.push((people[who], true));
                papers[who].left = Some(log.len() as u64);
            }
            Step::Add { by, who } if papers[by].left.is_none() && papers[who].left.is_some() => {
                add(store, people[by], conversation, people[who]).await;
                log.push((people[by], true));
                let from = log.len() as u64;
                papers[who] = Paper { from, read: from - 1, left: None };
            }
            Step::Say { .. } | Step::Leave { .. } | Step::Add { .. } => {}
        }
        for (who, paper) in people.into_iter().zip(papers) {
            let end = paper.left.unwrap_or(log.len() as u64);
            let unread = (paper.read + 1..=end)
                .filter(|seq| {
                    let (sender, silent) = log[*seq as usize - 1];
                    sender != who && !silent
                })
                .count();
            let head = head(store, who, conversation).await;
            assert_eq!(head.unread as usize, unread);
            assert_eq!((head.from_seq.0, head.read.0, head.last.seq.0), (paper.from, paper.read, end));
            assert_eq!(head.left, paper.left.is_some());
        }
    }
}
