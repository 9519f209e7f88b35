//! What light clients say to each other: messages that know when they were written and which they are, so that whoever
//! gets them can tell how long they took and whether one is missing.
//!
//! | module | what it answers |
//! |---|---|
//! | [`stamp`] | what stands in such a message? |
//! | [`book`] | what came of all messages? |
//! | [`schedule`] | when is the next one written? |
//! | [`writer`] | writes them, in order and repeatable, as an engine's outbox does |
//! | [`sleeper`] | is only there, and notes when it came back |
//! | [`listener`] | gets them, whatever is lost on the way, and reports them as delivered |

pub(crate) mod book;
pub(crate) mod listener;
pub(crate) mod schedule;
pub(crate) mod sleeper;
pub(crate) mod stamp;
#[cfg(test)]
mod testing;
pub(crate) mod writer;

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anser_protocol::ids::Position;
use anser_protocol::wire::{Head, Welcome};
use anyhow::Result;

use crate::fleet::Fleet;
use crate::light::Light;
use crate::world::Somebody;
use book::{Book, Page};
use listener::Listener;
use schedule::Schedule;
use writer::Writer;

/// What was written may take so long to arrive when nothing is written any more.
const REST: Duration = Duration::from_secs(40);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Pairs who talk: the first of each two people writes, the second one listens. None of them is waited for.
pub(crate) async fn add_pairs(
    fleet: &mut Fleet,
    seed: u64,
    people: Range<usize>,
    schedule: &Schedule,
    chars: usize,
    book: &Arc<Book>,
) -> Result<()> {
    for number in people {
        let (who, clock) = (Somebody::number(seed, number), fleet.clock());
        let (presence, now) = (fleet.presence(), clock.now());
        if number % 2 == 0 {
            let writer = Writer::new(number as u64, schedule.clone(), chars, book.clone(), clock);
            fleet.add(Light::new(&who, Position(0), writer, presence, now)).await?;
        } else {
            let listener = Listener::new(book.clone(), clock);
            fleet.add(Light::new(&who, Position(0), listener, presence, now)).await?;
        }
    }
    Ok(())
}

/// Waits until everything that is written has arrived, or clearly never will; `page` grows by what comes.
pub(crate) async fn rest(book: &Book, page: &mut Page) {
    let began = Instant::now();
    loop {
        page.add(&book.take());
        if page.received >= page.written || began.elapsed() > REST {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whoever talks here is in one conversation.
fn only_chat(welcome: &Welcome) -> Option<&Head> {
    welcome.changes.as_ref()?.heads.first()
}
