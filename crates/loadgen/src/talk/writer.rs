//! A light client that writes into its only conversation: in order, repeatable, held back by refusals, as an engine's
//! outbox does it, but from memory.

use std::collections::VecDeque;
use std::sync::Arc;

use anser_protocol::link::Link;
use anser_protocol::wire::{self, Welcome, answer, request};
use anser_protocol::{Moment, Remedy, SendKey, error, kind, limits};

use super::book::Book;
use super::only_chat;
use super::schedule::Schedule;
use super::stamp::Stamp;
use crate::clock::Clock;
use crate::light::Role;

/// A person who sees so many messages waiting writes no more.
const OUTBOX_MAX: usize = 64;
/// What an engine waits after a refusal that does not say how long.
const RETRY_MS: u64 = 500;

/// One that writes.
pub(crate) struct Writer {
    name: u64,
    /// 0 until it is known.
    conversation: u64,
    schedule: Schedule,
    /// When the next message is written, in microseconds.
    next_us: Option<u64>,
    chars: usize,
    outbox: VecDeque<Waiting>,
    newest_number: u64,
    /// How many may be unanswered.
    window: usize,
    /// A refusal came: send nothing until all are answered.
    is_holding: bool,
    not_before: Moment,
    book: Arc<Book>,
    clock: Clock,
}

/// A message on its way out.
struct Waiting {
    stamp: Stamp,
    key: SendKey,
    /// The request under which it is unanswered.
    asked: Option<u32>,
}

impl Writer {
    /// One whose messages have so many characters. `name` is unlike that of all other writers.
    pub(crate) fn new(name: u64, schedule: Schedule, chars: usize, book: Arc<Book>, clock: Clock) -> Writer {
        let next_us = match &schedule {
            Schedule::Window(_) => None,
            // Each begins somewhere in its first pause, or all would write at the same moments.
            Schedule::Rates(rates) => rates.next(clock.micros(), part_of(name)),
        };
        Writer {
            name,
            conversation: 0,
            schedule,
            next_us,
            chars,
            outbox: VecDeque::new(),
            newest_number: 0,
            window: limits::SENDS_IN_FLIGHT_MAX,
            is_holding: false,
            not_before: Moment(0),
            book,
            clock,
        }
    }

    fn write(&mut self) {
        if self.outbox.len() >= OUTBOX_MAX {
            return self.book.note_held_back();
        }
        self.newest_number += 1;
        let stamp =
            Stamp { book: self.book.number(), written_us: self.clock.micros(), number: self.newest_number };
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.name.to_be_bytes());
        random[8..].copy_from_slice(&stamp.number.to_be_bytes()[6..]);
        let key = SendKey::new(self.clock.now().0, random);
        self.outbox.push_back(Waiting { stamp, key, asked: None });
        self.book.note_written();
    }

    /// Writes what is due.
    fn write_all(&mut self, link: &Link) {
        match &self.schedule {
            Schedule::Window(most) => {
                let most = *most;
                while link.is_up() && self.outbox.len() < most {
                    self.write();
                }
            }
            Schedule::Rates(rates) => {
                let (rates, now_us) = (rates.clone(), self.clock.micros());
                if rates.is_over() {
                    self.next_us = None;
                }
                while let Some(at) = self.next_us.filter(|at| *at <= now_us) {
                    self.write();
                    self.next_us = rates.next(at, 1.0);
                }
            }
        }
    }

    /// Sends what may be sent.
    fn send_all(&mut self, link: &mut Link, now: Moment) {
        let unanswered = self.outbox.iter().filter(|waiting| waiting.asked.is_some()).count();
        if unanswered == 0 {
            self.is_holding = false;
        }
        if self.is_holding || now < self.not_before || self.conversation == 0 {
            return;
        }
        let room = self.window.saturating_sub(unanswered);
        for waiting in self.outbox.iter_mut().filter(|waiting| waiting.asked.is_none()).take(room) {
            let send = wire::Send {
                conversation: self.conversation,
                send_key: waiting.key.0.to_vec(),
                kind: kind::TEXT,
                body: waiting.stamp.to_body(self.chars),
                silent: false,
            };
            waiting.asked = link.request(request::Call::Send(send), now);
            if waiting.asked.is_none() {
                return;
            }
        }
    }

    fn refused(&mut self, at: usize, error: &wire::Error, now: Moment) {
        self.book.note_refused(error.code());
        if matches!(error::remedy(error.code()), Remedy::GiveUp | Remedy::SignIn) {
            self.book.note_wrong(format!("a message was refused for good: {}", error.code().as_str_name()));
            self.outbox.remove(at);
            return;
        }
        self.outbox[at].asked = None;
        let after_ms = if error.retry_after_ms > 0 { error.retry_after_ms.into() } else { RETRY_MS };
        self.not_before = self.not_before.max(now + after_ms);
        (self.is_holding, self.window) = (true, 1);
    }
}

impl Role for Writer {
    fn up(&mut self, welcome: &Welcome, _link: &mut Link, _now: Moment) {
        if let Some(head) = only_chat(welcome) {
            self.conversation = head.conversation;
        }
    }

    /// All that was unanswered is sent again, under the same keys, in the same order.
    fn down(&mut self) {
        self.outbox.iter_mut().for_each(|waiting| waiting.asked = None);
        (self.is_holding, self.window, self.not_before) = (false, limits::SENDS_IN_FLIGHT_MAX, Moment(0));
    }

    fn answered(
        &mut self,
        id: u32,
        result: &Result<answer::Result, wire::Error>,
        _link: &mut Link,
        now: Moment,
    ) {
        let Some(at) = self.outbox.iter().position(|waiting| waiting.asked == Some(id)) else { return };
        if let Err(error) = result {
            return self.refused(at, error, now);
        }
        let Some(waiting) = self.outbox.remove(at) else { return };
        self.book.note_sent(waiting.stamp.written_us, self.clock.micros());
        if !self.is_holding {
            self.window = (self.window * 2).min(limits::SENDS_IN_FLIGHT_MAX);
        }
    }

    fn act(&mut self, link: &mut Link, now: Moment) -> Moment {
        self.write_all(link);
        self.send_all(link, now);
        let next_us = self.next_us.map(|at| at.saturating_sub(self.clock.micros()));
        let writes_at = next_us.map_or(Moment::NEVER, |us| now + us.div_ceil(1_000));
        let waits = self.outbox.iter().any(|waiting| waiting.asked.is_none()) && now < self.not_before;
        if waits { writes_at.min(self.not_before) } else { writes_at }
    }
}

/// Some number from 0 to 1 that is another one for each name.
fn part_of(name: u64) -> f64 {
    f64::from((name + 1).wrapping_mul(0x9e37_79b9) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use anser_protocol::wire::ErrorCode;

    use super::super::schedule::Rates;
    use super::super::testing::{NOW, answered, asked, link, welcome};
    use super::*;

    fn writer(schedule: Schedule) -> (Writer, Link, Arc<Book>) {
        let book = Arc::new(Book::default());
        let mut writer = Writer::new(1, schedule, 50, book.clone(), Clock::start());
        let mut link = link();
        writer.up(&welcome(1), &mut link, NOW);
        (writer, link, book)
    }

    /// Numbers of the requests, and of the messages in them.
    fn sends(link: &mut Link) -> Vec<(u32, u64, Vec<u8>)> {
        let send = |(id, call)| match call {
            request::Call::Send(send) => (id, Stamp::of_body(&send.body).unwrap().number, send.send_key),
            other => panic!("not a message: {other:?}"),
        };
        asked(link).into_iter().map(send).collect()
    }

    fn numbers(sends: &[(u32, u64, Vec<u8>)]) -> Vec<u64> {
        sends.iter().map(|(_, number, _)| *number).collect()
    }

    fn sent() -> Result<answer::Result, wire::Error> {
        Ok(answer::Result::Sent(wire::Sent::default()))
    }

    fn busy(retry_after_ms: u32) -> Result<answer::Result, wire::Error> {
        Err(wire::Error { code: ErrorCode::Busy as i32, retry_after_ms, ..wire::Error::default() })
    }

    #[test]
    fn the_next_is_written_when_one_is_answered() {
        let (mut writer, mut link, book) = writer(Schedule::Window(2));
        writer.act(&mut link, NOW);
        let first = sends(&mut link);
        assert_eq!(numbers(&first), [1, 2]);
        writer.act(&mut link, NOW);
        assert!(sends(&mut link).is_empty());
        writer.answered(first[0].0, &sent(), &mut link, NOW);
        writer.act(&mut link, NOW);
        assert_eq!(numbers(&sends(&mut link)), [3]);
        assert_eq!(book.take().accepted, 1);
    }

    #[test]
    fn what_was_refused_for_now_comes_again_before_anything_else() {
        let (mut writer, mut link, book) = writer(Schedule::Window(3));
        writer.act(&mut link, NOW);
        let first = sends(&mut link);
        writer.answered(first[0].0, &busy(100), &mut link, NOW);
        writer.answered(first[1].0, &busy(100), &mut link, NOW);
        assert_eq!(writer.act(&mut link, NOW + 50), NOW + 100);
        assert!(sends(&mut link).is_empty(), "it was told to wait, and one is not answered yet");
        writer.answered(first[2].0, &busy(0), &mut link, NOW);
        for (id, ..) in &first {
            answered(&mut link, *id);
        }
        writer.act(&mut link, NOW + RETRY_MS);
        let again = sends(&mut link);
        assert_eq!(
            (numbers(&again), &again[0].2),
            (vec![1], &first[0].2),
            "one at a time, under the same key"
        );
        writer.answered(again[0].0, &sent(), &mut link, NOW);
        writer.act(&mut link, NOW + RETRY_MS);
        assert_eq!(numbers(&sends(&mut link)), [2, 3]);
        assert_eq!(book.take().refused(ErrorCode::Busy), 3);
    }

    #[test]
    fn after_a_lost_link_all_that_was_unanswered_is_sent_again_in_order() {
        let (mut writer, mut before, _book) = writer(Schedule::Window(3));
        writer.act(&mut before, NOW);
        let first = sends(&mut before);
        writer.down();
        let mut after = link();
        writer.up(&welcome(1), &mut after, NOW);
        writer.act(&mut after, NOW);
        let keys =
            |sends: &[(u32, u64, Vec<u8>)]| sends.iter().map(|send| send.2.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&sends(&mut after)), keys(&first));
    }

    #[test]
    fn nobody_writes_on_when_nothing_goes_out() {
        let far_too_many = Rates::new(vec![(u64::MAX, 1e6)], 1);
        let (mut writer, mut link, book) = writer(Schedule::Rates(far_too_many.clone()));
        while book.take().held_back == 0 {
            writer.act(&mut link, NOW);
        }
        assert_eq!(sends(&mut link).len(), limits::SENDS_IN_FLIGHT_MAX);
        assert_eq!(writer.outbox.len(), OUTBOX_MAX);
        far_too_many.stop();
        writer.act(&mut link, NOW);
        book.take();
        assert_eq!(writer.act(&mut link, NOW), Moment::NEVER);
        assert_eq!(book.take().written, 0);
    }
}
