//! How many events after the read position count: arithmetic on what is known, never a counter of its own.
//!
//! The server's head says how many there are in (`read`, `base_seq`]. Events that come after `base_seq` are
//! added while they follow without a hole; a read position that moves takes away what it passed. Where the
//! passed events are not known, the number is only an upper bound, and `is_unsure` asks for a recount.

use std::collections::BTreeMap;

use anser_protocol::{Seq, limits};

/// Events of which we remember whether they count; twice what is ever shown as a number.
pub(crate) const KNOWN_MAX: usize = 2 * limits::UNREAD_COUNT_MAX as usize;

/// The unread events of one conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unread {
    read: Seq,
    base: u32,
    base_seq: Seq,
    unsure: bool,
    /// Events after `read` that we have seen, and whether each counts.
    known: BTreeMap<Seq, bool>,
}

impl Unread {
    /// `base` events count in (`read`, `base_seq`].
    pub(crate) fn new(read: Seq, base: u32, base_seq: Seq) -> Unread {
        Unread { read, base, base_seq: base_seq.max(read), ..Unread::default() }
    }

    /// As it was kept when it was unsure (`kept_seq` 0): at most `base` events count in (`read`, `last`].
    pub(crate) fn restore(read: Seq, base: u32, kept_seq: Seq, last: Seq) -> Unread {
        match kept_seq {
            Seq(0) => Unread { unsure: true, ..Unread::new(read, base, last) },
            _ => Unread::new(read, base, kept_seq),
        }
    }

    pub(crate) fn count(&self) -> u32 {
        let after = self.known.range(self.base_seq.next()..).filter(|(_, counts)| **counts).count();
        cap(self.base as usize + after)
    }

    pub(crate) fn read(&self) -> Seq {
        self.read
    }

    /// What to keep on disk: the count for (`read`, seq]; a seq of 0 says that it may be too high.
    pub(crate) fn base(&self) -> (u32, Seq) {
        (self.base, if self.unsure { Seq(0) } else { self.base_seq })
    }

    /// The number may be too high: somebody should look at the events, or ask for a head.
    pub(crate) fn is_unsure(&self) -> bool {
        self.unsure
    }

    /// An event that is on disk.
    pub(crate) fn hold(&mut self, seq: Seq, counts: bool) {
        if seq <= self.read {
            return;
        }
        self.known.entry(seq).or_insert(counts);
        if self.known.len() > KNOWN_MAX {
            self.known.pop_first();
        }
        self.advance();
    }

    /// The user has read up to here, on this device or another one. Never moves back.
    pub(crate) fn read_to(&mut self, seq: Seq) {
        if seq <= self.read {
            return;
        }
        let passed = self.counted(self.read, seq);
        if seq >= self.base_seq {
            (self.base, self.base_seq, self.unsure) = (0, seq, false);
        } else if let Some(left) = self.counted(seq, self.base_seq) {
            (self.base, self.unsure) = (left, false);
        } else if let Some(passed) = passed.filter(|_| self.base < limits::UNREAD_COUNT_MAX) {
            self.base = self.base.saturating_sub(passed);
        } else {
            self.base = self.base.min(cap((self.base_seq.0 - seq.0) as usize));
            self.unsure = true;
        }
        self.read = seq;
        self.known = self.known.split_off(&seq.next());
        self.advance();
    }

    /// The server's own count for (`read`, `last`]; `read` may be behind what we read here meanwhile.
    pub(crate) fn take_head(&mut self, read: Seq, count: u32, last: Seq) {
        let news = last >= self.base_seq || self.unsure;
        let here = self.read;
        if read > here {
            self.read_to(read);
        }
        if !news {
            return;
        }
        (self.read, self.base, self.base_seq, self.unsure) =
            (read, cap(count as usize), last.max(read), false);
        self.read_to(here);
        self.advance();
    }

    /// For a mutant only.
    pub(crate) fn move_back(&mut self, seq: Seq) {
        self.read = seq;
    }

    /// How many count in (`after`, `upto`], if each of them is known.
    fn counted(&self, after: Seq, upto: Seq) -> Option<u32> {
        let events = self.known.range(after.next()..=upto.max(after.next())).filter(|(seq, _)| **seq <= upto);
        let (mut seen, mut counting) = (0, 0);
        for (_, counts) in events {
            seen += 1;
            counting += usize::from(*counts);
        }
        (seen == upto.0.saturating_sub(after.0)).then(|| cap(counting))
    }

    /// Takes into the base what follows it without a hole.
    fn advance(&mut self) {
        while let Some(counts) = self.known.get(&self.base_seq.next()) {
            self.base = cap(self.base as usize + usize::from(*counts));
            self.base_seq = self.base_seq.next();
        }
        if self.unsure
            && let Some(exact) = self.counted(self.read, self.base_seq)
        {
            (self.base, self.unsure) = (exact, false);
        }
    }
}

fn cap(count: usize) -> u32 {
    u32::try_from(count).map_or(limits::UNREAD_COUNT_MAX, |count| count.min(limits::UNREAD_COUNT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(unread: &mut Unread, events: &[(u64, bool)]) {
        for (seq, counts) in events {
            unread.hold(Seq(*seq), *counts);
        }
    }

    #[test]
    fn events_after_the_servers_count_are_added() {
        let mut unread = Unread::new(Seq(10), 3, Seq(20));
        held(&mut unread, &[(21, true), (22, false), (23, true)]);
        assert_eq!(unread.count(), 5);
        assert_eq!(unread.base(), (5, Seq(23)));
    }

    #[test]
    fn an_event_beyond_a_hole_counts_once_even_when_the_hole_is_filled() {
        let mut unread = Unread::new(Seq(0), 0, Seq(1));
        held(&mut unread, &[(4, true)]);
        assert_eq!((unread.count(), unread.base()), (1, (0, Seq(1))));
        held(&mut unread, &[(2, true), (3, true), (4, true)]);
        assert_eq!((unread.count(), unread.base()), (3, (3, Seq(4))));
    }

    #[test]
    fn reading_takes_away_what_it_passes_and_never_moves_back() {
        let mut unread = Unread::new(Seq(0), 0, Seq(0));
        held(&mut unread, &[(1, true), (2, false), (3, true), (4, true)]);
        unread.read_to(Seq(3));
        assert_eq!(unread.count(), 1);
        unread.read_to(Seq(1));
        assert_eq!((unread.count(), unread.read()), (1, Seq(3)));
        unread.read_to(Seq(4));
        assert_eq!(unread.count(), 0);
    }

    #[test]
    fn passing_events_nobody_knows_makes_the_number_an_upper_bound_until_a_recount() {
        let mut unread = Unread::new(Seq(0), 50, Seq(100));
        unread.read_to(Seq(90));
        assert_eq!((unread.count(), unread.is_unsure()), (10, true));
        held(&mut unread, &(91..=100).map(|seq| (seq, seq % 2 == 0)).collect::<Vec<_>>());
        assert_eq!((unread.count(), unread.is_unsure()), (5, false));

        unread = Unread::new(Seq(0), 50, Seq(100));
        unread.read_to(Seq(90));
        unread.take_head(Seq(90), 4, Seq(100));
        assert_eq!((unread.count(), unread.is_unsure()), (4, false));
    }

    #[test]
    fn a_head_that_does_not_know_what_was_read_here_cannot_bring_it_back() {
        let mut unread = Unread::new(Seq(0), 3, Seq(3));
        unread.read_to(Seq(3));
        unread.take_head(Seq(0), 3, Seq(3));
        assert_eq!((unread.count(), unread.read()), (0, Seq(3)));
        // One more came with the next head: of its four, three are read here.
        held(&mut unread, &[(4, true)]);
        unread.take_head(Seq(0), 4, Seq(4));
        assert_eq!(unread.count(), 1);
    }

    #[test]
    fn a_head_older_than_the_events_here_changes_nothing() {
        let mut unread = Unread::new(Seq(0), 0, Seq(0));
        held(&mut unread, &[(1, true), (2, true), (3, true)]);
        unread.take_head(Seq(0), 1, Seq(1));
        assert_eq!(unread.count(), 3);
    }

    #[test]
    fn counting_stops_at_the_limit_and_memory_too() {
        let mut unread = Unread::new(Seq(0), 0, Seq(0));
        for seq in 1..=10_000 {
            unread.hold(Seq(seq), true);
        }
        assert_eq!(unread.count(), limits::UNREAD_COUNT_MAX);
        assert!(unread.known.len() <= KNOWN_MAX);
        // From "1000 or more" nothing can be taken away; from what is known it can.
        unread.read_to(Seq(9_990));
        assert_eq!(unread.count(), 10);
    }

    #[test]
    fn what_was_unsure_is_still_unsure_after_a_restart() {
        let mut unread = Unread::new(Seq(0), 10, Seq(10));
        unread.read_to(Seq(4));
        let (base, kept_seq) = unread.base();
        let mut again = Unread::restore(Seq(4), base, kept_seq, Seq(10));
        assert!(again.is_unsure());
        held(&mut again, &[(5, true), (6, true), (7, false), (8, false), (9, true), (10, true)]);
        assert_eq!((again.count(), again.is_unsure()), (4, false));
    }
}
