//! A light client that listens to one conversation: it gets every message once and in order, whatever is lost on the way,
//! and reports them as delivered, as an engine does, but from memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use anser_protocol::link::Link;
use anser_protocol::wire::{self, Event, Welcome, answer, push, request};
use anser_protocol::{Moment, limits};
use rand::rngs::ChaCha20Rng;
use rand::{Rng, SeedableRng};

use super::book::Book;
use super::only_chat;
use super::stamp::Stamp;
use crate::clock::Clock;
use crate::light::Role;

/// The end of a log that is to be asked for.
const UNKNOWN: u64 = u64::MAX;
/// Wait after the server could not answer.
const RETRY_MS: u64 = 500;

/// One that listens to its only conversation, in which there is one writer.
pub(crate) struct Listener {
    /// 0 until it is known.
    conversation: u64,
    /// Everything up to this seq is here.
    have: u64,
    /// What came before its predecessor did.
    early: BTreeMap<u64, Event>,
    /// The end of the log as far as it was told; [`UNKNOWN`] after something was missed.
    last: u64,
    /// The newest number of the writer.
    newest_number: u64,
    /// The request for what is missing, and when the next one may follow.
    fetching: Option<u32>,
    not_before: Moment,
    /// The request that reports what is here, and what it reports.
    reporting: Option<u32>,
    reported: u64,
    /// Decides when it reports, where many would do so at the same moment.
    dice: Option<ChaCha20Rng>,
    /// How long it may take about a report, as its group is large.
    spread_ms: u64,
    report_at: Moment,
    book: Arc<Book>,
    clock: Clock,
}

impl Listener {
    /// One that has nothing yet.
    pub(crate) fn new(book: Arc<Book>, clock: Clock) -> Listener {
        Listener {
            conversation: 0,
            have: 0,
            early: BTreeMap::new(),
            last: 0,
            newest_number: 0,
            fetching: None,
            not_before: Moment(0),
            reporting: None,
            reported: 0,
            dice: None,
            spread_ms: 0,
            report_at: Moment::NEVER,
            book,
            clock,
        }
    }

    /// One that has everything but what comes from now on, and of a large group reports as engines do.
    pub(crate) fn from_the_end(seed: [u8; 32], book: Arc<Book>, clock: Clock) -> Listener {
        Listener { dice: Some(ChaCha20Rng::from_seed(seed)), ..Listener::new(book, clock) }
    }

    fn take(&mut self, event: Event) {
        if event.conversation != self.conversation || event.seq <= self.have {
            return;
        }
        if self.last != UNKNOWN {
            self.last = self.last.max(event.seq);
        }
        self.early.insert(event.seq, event);
        while let Some(event) = self.early.remove(&(self.have + 1)) {
            self.have = event.seq;
            self.read(&event);
        }
    }

    /// The next message of the log.
    fn read(&mut self, event: &Event) {
        let stamp = Stamp::of_body(&event.body).filter(|stamp| stamp.book == self.book.number());
        let Some(stamp) = stamp else { return };
        if stamp.number != self.newest_number + 1 {
            let (number, before) = (stamp.number, self.newest_number);
            self.book.note_wrong(format!("message {number} came after message {before}"));
        }
        self.newest_number = stamp.number;
        self.book.note_shown(stamp.written_us, self.clock.micros());
    }

    fn fetch(&mut self, link: &mut Link, now: Moment) {
        if self.fetching.is_none() && self.last > self.have && now >= self.not_before {
            let call = wire::GetRange {
                conversation: self.conversation,
                first: self.have + 1,
                last: self.last,
                limit: limits::RANGE_EVENTS_MAX as u32,
                newest: false,
            };
            self.fetching = link.request(request::Call::GetRange(call), now);
        }
    }

    fn report(&mut self, link: &mut Link, now: Moment) {
        if self.have <= self.reported {
            return;
        }
        if self.report_at == Moment::NEVER {
            let within = |dice: &mut ChaCha20Rng| dice.next_u64() % self.spread_ms.max(1);
            self.report_at = now + self.dice.as_mut().map_or(0, within);
        }
        if self.reporting.is_none() && now >= self.report_at {
            let position = wire::Reach { conversation: self.conversation, delivered: self.have, read: 0 };
            let call = wire::ReachAll { positions: vec![position] };
            self.reporting = link.request(request::Call::Reach(call), now);
            if self.reporting.is_some() {
                (self.reported, self.report_at) = (self.have, Moment::NEVER);
            }
        }
    }
}

impl Role for Listener {
    fn up(&mut self, welcome: &Welcome, _link: &mut Link, _now: Moment) {
        if let Some(head) = only_chat(welcome) {
            (self.conversation, self.last) = (head.conversation, head.last_seq);
            if self.dice.is_some() && self.have == 0 {
                (self.have, self.reported) = (head.last_seq, head.last_seq);
                self.spread_ms = limits::report_spread_ms(head.member_count);
            }
        }
    }

    fn down(&mut self) {
        (self.fetching, self.reporting) = (None, None);
        // Whether the last report arrived is not known; the next one says it again.
        self.reported = self.reported.min(self.have.saturating_sub(1));
    }

    fn pushed(&mut self, what: &push::What, _link: &mut Link, _now: Moment) {
        if let push::What::Event(event) = what {
            self.take(event.clone());
        }
    }

    fn answered(
        &mut self,
        id: u32,
        result: &Result<answer::Result, wire::Error>,
        _link: &mut Link,
        now: Moment,
    ) {
        if self.reporting == Some(id) {
            self.reporting = None;
        }
        if self.fetching == Some(id) {
            self.fetching = None;
            match result {
                Ok(answer::Result::Range(range)) => {
                    range.events.iter().cloned().for_each(|event| self.take(event));
                    if self.last == UNKNOWN && range.events.is_empty() {
                        self.last = self.have;
                    }
                }
                _ => self.not_before = now + RETRY_MS,
            }
        }
    }

    /// A push was lost, maybe the last one: the end of the log is not known any more.
    fn missed(&mut self, _link: &mut Link, _now: Moment) {
        self.last = UNKNOWN;
    }

    fn act(&mut self, link: &mut Link, now: Moment) -> Moment {
        self.fetch(link, now);
        self.report(link, now);
        let fetches_at = if now < self.not_before { self.not_before } else { Moment::NEVER };
        if now < self.report_at { fetches_at.min(self.report_at) } else { fetches_at }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CHAT, NOW, asked, link, welcome};
    use super::*;

    fn listener() -> (Listener, Link, Arc<Book>) {
        let book = Arc::new(Book::default());
        let mut listener = Listener::new(book.clone(), Clock::start());
        let mut link = link();
        listener.up(&welcome(1), &mut link, NOW);
        listener.take(Event { conversation: CHAT, seq: 1, ..Event::default() });
        (listener, link, book)
    }

    fn message(book: &Book, seq: u64, number: u64) -> Event {
        let body = Stamp { book: book.number(), written_us: 0, number }.to_body(50);
        Event { conversation: CHAT, seq, body, ..Event::default() }
    }

    fn pushed(listener: &mut Listener, link: &mut Link, event: Event) {
        listener.pushed(&push::What::Event(event), link, NOW);
        listener.act(link, NOW);
    }

    /// The spans that were asked for, and the positions that were reported.
    fn said(link: &mut Link) -> Vec<(u32, String)> {
        let in_words = |(id, call)| match call {
            request::Call::GetRange(range) => (id, format!("{}..{}", range.first, range.last)),
            request::Call::Reach(reach) => (id, format!("has {}", reach.positions[0].delivered)),
            other => panic!("{other:?}"),
        };
        asked(link).into_iter().map(in_words).collect()
    }

    fn words(said: &[(u32, String)]) -> Vec<&str> {
        said.iter().map(|(_, words)| words.as_str()).collect()
    }

    #[test]
    fn what_came_too_early_waits_for_what_is_asked_for_then() {
        let (mut listener, mut link, book) = listener();
        let early = message(&book, 4, 3);
        pushed(&mut listener, &mut link, early);
        let asked = said(&mut link);
        assert_eq!(words(&asked), ["2..4", "has 1"]);
        assert_eq!(book.take().received, 0);
        let events = (2..=4).map(|seq| message(&book, seq, seq - 1)).collect();
        let range = Ok(answer::Result::Range(wire::Range { events }));
        listener.answered(asked[0].0, &range, &mut link, NOW);
        listener.answered(asked[1].0, &Ok(answer::Result::Done(wire::Done {})), &mut link, NOW);
        listener.act(&mut link, NOW);
        assert_eq!(words(&said(&mut link)), ["has 4"]);
        let page = book.take();
        assert_eq!((page.received, page.wrongs.len()), (3, 0), "each once and in order: {:?}", page.wrongs);
    }

    #[test]
    fn a_double_is_dropped_and_a_hole_in_the_numbers_is_noticed() {
        let (mut listener, mut link, book) = listener();
        for (seq, number) in [(2, 1), (2, 1), (3, 3)] {
            let event = message(&book, seq, number);
            pushed(&mut listener, &mut link, event);
        }
        let page = book.take();
        assert_eq!((page.received, listener.early.len()), (2, 0));
        assert_eq!(page.wrongs, ["message 3 came after message 1"]);
    }

    #[test]
    fn after_something_was_missed_the_end_of_the_log_is_asked_for_until_nothing_comes() {
        let (mut listener, mut link, book) = listener();
        listener.act(&mut link, NOW);
        said(&mut link);
        listener.missed(&mut link, NOW);
        listener.act(&mut link, NOW);
        let first = said(&mut link);
        assert_eq!(words(&first), [format!("2..{}", u64::MAX)]);
        let range = |events| Ok(answer::Result::Range(wire::Range { events }));
        listener.answered(first[0].0, &range(vec![message(&book, 2, 1)]), &mut link, NOW);
        listener.act(&mut link, NOW);
        let second = said(&mut link);
        assert_eq!(words(&second), [format!("3..{}", u64::MAX)]);
        listener.answered(second[0].0, &range(Vec::new()), &mut link, NOW);
        listener.act(&mut link, NOW);
        assert!(words(&said(&mut link)).is_empty());
    }

    #[test]
    fn messages_of_another_book_are_not_counted() {
        let (mut listener, mut link, book) = listener();
        let other = Book::default();
        let event = message(&other, 2, 9);
        pushed(&mut listener, &mut link, event);
        let page = book.take();
        assert_eq!((page.received, page.wrongs.len()), (0, 0));
    }
}
