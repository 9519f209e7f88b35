//! Messages appended straight to a store, so many in flight, without a server around it.

use std::cell::RefCell;
use std::path::Path;
use std::time::{Duration, Instant};

use anser_protocol::wire;
use anser_protocol::{AccountId, ConversationId, Moment, SendKey, kind};
use anser_store::sqlite::SqliteStore;
use anser_store::{Append, Conversations, Log};
use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use prost::Message;

use crate::meter::Meter;
use crate::setting::text_of_100;
use crate::timings::{Sorted, Timings};
use crate::world::Somebody;

/// The clock of the first message; a later one is never earlier.
const BEGAN_MS: u64 = 1_700_000_000_000;
/// Messages of one millisecond, for their send keys.
const MESSAGES_PER_MS: u64 = 20;

/// Pairs that write to each other, each message into a chat at random.
pub(crate) struct Writers {
    chats: Vec<(ConversationId, [AccountId; 2])>,
    random: u64,
    written: u64,
}

/// What so many appends came to.
pub(crate) struct Appended {
    pub(crate) per_second: f64,
    /// CPU time of this whole process for one: the store's threads, and who asks them.
    pub(crate) cpu_us: f64,
    pub(crate) milliseconds: Sorted,
}

impl Writers {
    /// The pairs of a directory that was filled with `Plan::pairs(pairs)`.
    pub(crate) async fn of(store: &SqliteStore, seed: u64, pairs: usize) -> Result<Writers> {
        let mut chats = Vec::with_capacity(pairs);
        for pair in 0..pairs {
            let both = [2 * pair, 2 * pair + 1].map(|number| Somebody::number(seed, number).account);
            let created = (kind::CREATED, Vec::new());
            let (chat, is_new) = store.open_direct(both[0], both[1], created, Moment(BEGAN_MS)).await?;
            ensure!(!is_new, "a chat of the plan is not there");
            chats.push((chat, both));
        }
        Ok(Writers { chats, random: seed | 1, written: 0 })
    }

    /// One who may read a chat, and the chat: at random.
    pub(crate) fn reader(&mut self) -> (AccountId, ConversationId) {
        let number = self.below(self.chats.len());
        let (chat, both) = self.chats[number];
        (both[0], chat)
    }

    /// Appends with `in_flight` at once until `enough` says so, which is given the number and the time.
    pub(crate) async fn append(
        &mut self,
        store: &SqliteStore,
        in_flight: usize,
        enough: impl Fn(u64, Duration) -> bool,
    ) -> Result<Appended> {
        let meter = Meter::of(Some(std::process::id()));
        let (timings, before, began) = (Timings::default(), meter.read(), Instant::now());
        let writers = RefCell::new(self);
        let one = || {
            let message = writers.borrow_mut().message();
            let (timings, at) = (&timings, Instant::now());
            let appending = store.append(message);
            async move {
                let done = appending.await;
                timings.note(at.elapsed().as_secs_f64() * 1e3);
                done
            }
        };
        let mut waiting: FuturesUnordered<_> = (0..in_flight).map(|_| one()).collect();
        let mut done = 0;
        while let Some(appended) = waiting.next().await {
            appended.context("appending")?;
            done += 1;
            if !enough(done, began.elapsed()) {
                waiting.push(one());
            }
        }
        let per_second = done as f64 / began.elapsed().as_secs_f64();
        let cpu_us = meter.read().cpu_us_since(before) / done as f64;
        drop(waiting);
        Ok(Appended { per_second, cpu_us, milliseconds: timings.take() })
    }

    fn message(&mut self) -> Append {
        let number = self.below(self.chats.len());
        let (conversation, both) = self.chats[number];
        let sender = both[self.below(2)];
        let now = BEGAN_MS + self.written / MESSAGES_PER_MS;
        self.written += 1;
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.next().to_be_bytes());
        let body = wire::Text { text: text_of_100(self.written) }.encode_to_vec();
        let send_key = SendKey::new(now, random);
        Append { conversation, sender, send_key, kind: kind::TEXT, body, silent: false, now: Moment(now) }
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Xorshift: the same seed is the same run, and next to no time is spent here.
    fn next(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// The bytes of all files of a store.
pub(crate) fn bytes_of(data: &Path) -> Result<u64> {
    let mut bytes = 0;
    for file in std::fs::read_dir(data)? {
        bytes += file?.metadata()?.len();
    }
    Ok(bytes)
}
