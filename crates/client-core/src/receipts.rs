//! What this device has to report: how far its disk, and its user, got in each conversation.
//!
//! *Delivered* promises the sender that everything up to there is on a disk of ours. The server may know a
//! position of another device already; from there on, this device reports as far as its own disk has the log
//! without a hole. So a hole that is not filled yet holds the report back, and a report is never ahead of disk.
//!
//! *Read* implies delivered. Somebody may read the end of a log while a hole below is still being fetched: that is
//! shown here at once, and told when the hole is filled. Only holes so old that nobody fetches them unasked do not
//! hold it back; there the user's word counts.
//!
//! In a large group everybody gets a message at the same moment, so what was delivered there is reported after a random
//! time, with all that came until then. What the user read is told at once, and delivery with it.

use std::collections::{BTreeMap, BTreeSet};

use anser_protocol::wire::Reach;
use anser_protocol::{ConversationId, Moment, Seq, limits};

use crate::gaps;
use crate::local::MemberRow;
use crate::roster::Conversation;

/// Wait after the server could not take a report.
const RETRY_MS: u64 = 5_000;

/// Reports that are due. Which positions they carry is derived from the rows whenever one is sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receipts {
    /// Since when, or from when on, each is to be reported on.
    touched: BTreeMap<ConversationId, Moment>,
    in_flight: bool,
    /// A batch was refused as a whole because of some report in it: go one by one until all are through.
    careful: bool,
    /// Refused for good; not tried again on this link.
    hopeless: BTreeSet<ConversationId>,
    not_before: Moment,
}

impl Receipts {
    /// Something moved there.
    pub(crate) fn touch(&mut self, conversation: ConversationId) {
        self.touch_from(conversation, Moment(0));
    }

    /// Something moved there, and need not be reported before this moment, unless something else does.
    pub(crate) fn touch_from(&mut self, conversation: ConversationId, from: Moment) {
        if !self.hopeless.contains(&conversation) {
            let due = self.touched.entry(conversation).or_insert(from);
            *due = from.min(*due);
        }
    }

    /// The conversations to report on next, if a report can be sent now.
    pub(crate) fn candidates(&self, now: Moment) -> Vec<ConversationId> {
        if self.in_flight || now < self.not_before {
            return Vec::new();
        }
        let due = self.touched.iter().filter(|(_, from)| **from <= now);
        due.map(|(conversation, _)| *conversation).collect()
    }

    /// How many reports may go into one request.
    pub(crate) fn batch_max(&self) -> usize {
        if self.careful { 1 } else { limits::REACHES_PER_REQUEST_MAX }
    }

    pub(crate) fn nothing_due(&mut self, conversation: ConversationId) {
        self.touched.remove(&conversation);
        self.careful &= !self.touched.is_empty();
    }

    /// These are on their way. What moves from here on goes with the next report.
    pub(crate) fn sent(&mut self, reaches: &[Reach]) {
        self.in_flight = true;
        for reach in reaches {
            self.touched.remove(&ConversationId(reach.conversation));
        }
    }

    /// The server has it.
    pub(crate) fn done(&mut self) {
        self.in_flight = false;
        self.careful &= !self.touched.is_empty();
    }

    /// Not now.
    pub(crate) fn later(&mut self, reaches: &[Reach], retry_after_ms: u32, now: Moment) {
        self.in_flight = false;
        self.touch_again(reaches);
        self.not_before = now + u64::from(retry_after_ms).max(RETRY_MS);
    }

    /// Refused for good: one of these is wrong.
    pub(crate) fn refused(&mut self, reaches: &[Reach]) {
        self.in_flight = false;
        match reaches {
            [one] => {
                let conversation = ConversationId(one.conversation);
                self.hopeless.insert(conversation);
                self.nothing_due(conversation);
            }
            _ => {
                self.careful = true;
                self.touch_again(reaches);
            }
        }
    }

    fn touch_again(&mut self, reaches: &[Reach]) {
        for reach in reaches {
            self.touch(ConversationId(reach.conversation));
        }
    }

    pub(crate) fn link_lost(&mut self) {
        *self = Receipts::default();
    }

    pub(crate) fn wake_at(&self, now: Moment) -> Moment {
        let first = self.touched.values().min().map(|from| self.not_before.max(*from));
        // What is due already waits for something else than time.
        first.filter(|from| !self.in_flight && now < *from).unwrap_or(Moment::NEVER)
    }
}

/// What to report about a conversation, given what the server knows (`told`).
pub(crate) fn due(conversation: &Conversation, told: MemberRow) -> Option<Reach> {
    let delivered = delivered(conversation, told.delivered);
    let filling = || gaps::missing(conversation, told.delivered).is_some();
    let read = match conversation.row.read {
        read if read > delivered && filling() => delivered,
        read => read,
    };
    let reach = Reach {
        conversation: conversation.row.conversation.0,
        delivered: if delivered > told.delivered { delivered.0 } else { 0 },
        read: if read > told.read { read.0 } else { 0 },
    };
    (reach.delivered != 0 || reach.read != 0).then_some(reach)
}

/// How far the log is on disk without a hole, from what the server knows as delivered.
pub(crate) fn delivered(conversation: &Conversation, told: Seq) -> Seq {
    let next = told.next().max(conversation.row.from_seq);
    conversation.spans.around(next).map_or(told, |span| span.last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::Roster;
    use crate::testing::{ALICE, head};

    fn told(delivered: u64, read: u64) -> MemberRow {
        let conversation = ConversationId(7);
        let (delivered, read) = (Seq(delivered), Seq(read));
        MemberRow { conversation, account: ALICE, from_seq: Seq(1), delivered, read, left: false }
    }

    fn conversation(spans: &[(u64, u64)], read: u64) -> Conversation {
        let mut roster = Roster::default();
        roster.merge(&head(7, 1, |row| {
            row.last.seq = Seq(100);
            row.from_seq = Seq(10);
            row.read = Seq(read);
        }));
        let mut conversation = roster.get(ConversationId(7)).expect("merged").clone();
        for (first, last) in spans {
            conversation.spans.insert(Seq(*first), Seq(*last));
        }
        conversation
    }

    #[test]
    fn delivered_stops_at_the_first_hole() {
        assert_eq!(delivered(&conversation(&[(10, 20), (22, 100)], 0), Seq(0)), Seq(20));
        assert_eq!(delivered(&conversation(&[(10, 20), (22, 100)], 0), Seq(21)), Seq(100));
        assert_eq!(delivered(&conversation(&[(22, 100)], 0), Seq(15)), Seq(15));
    }

    #[test]
    fn only_what_the_server_does_not_know_is_reported() {
        let here = conversation(&[(10, 100)], 50);
        let reach = |delivered, read| Some(Reach { conversation: 7, delivered, read });
        assert_eq!(due(&here, told(0, 0)), reach(100, 50));
        assert_eq!(due(&here, told(100, 40)), reach(0, 50));
        assert_eq!(due(&here, told(90, 60)), reach(100, 0));
        assert_eq!(due(&here, told(100, 50)), None);
    }

    #[test]
    fn what_was_read_above_a_hole_is_told_when_the_hole_is_filled() {
        let reach = |delivered, read| Some(Reach { conversation: 7, delivered, read });
        let mut here = conversation(&[(10, 20), (22, 100)], 100);
        assert_eq!(due(&here, told(10, 0)), reach(20, 20));
        here.spans.insert(Seq(21), Seq(21));
        assert_eq!(due(&here, told(20, 20)), reach(100, 100));
    }

    #[test]
    fn one_bad_report_does_not_stop_the_others() {
        let mut receipts = Receipts::default();
        let reach = |conversation| Reach { conversation, delivered: 1, read: 0 };
        receipts.touch(ConversationId(7));
        receipts.touch(ConversationId(8));
        receipts.sent(&[reach(7), reach(8)]);
        receipts.refused(&[reach(7), reach(8)]);
        assert_eq!(receipts.batch_max(), 1);
        receipts.sent(&[reach(7)]);
        receipts.refused(&[reach(7)]);
        assert_eq!(receipts.candidates(Moment(0)), [ConversationId(8)]);
        receipts.nothing_due(ConversationId(8));
        receipts.touch(ConversationId(7));
        assert_eq!(receipts.candidates(Moment(0)), [], "not again on this link");
        assert_eq!(receipts.batch_max(), limits::REACHES_PER_REQUEST_MAX);
    }

    #[test]
    fn what_may_wait_waits_once_and_goes_with_what_may_not() {
        let mut receipts = Receipts::default();
        let group = ConversationId(7);
        let reach = Reach { conversation: 7, delivered: 1, read: 0 };
        receipts.touch_from(group, Moment(50));
        receipts.touch_from(group, Moment(90));
        assert_eq!((receipts.candidates(Moment(49)), receipts.wake_at(Moment(49))), (vec![], Moment(50)));
        assert_eq!(receipts.candidates(Moment(50)), [group]);
        receipts.sent(&[reach]);
        receipts.touch_from(group, Moment(200));
        receipts.done();
        assert_eq!((receipts.candidates(Moment(60)), receipts.wake_at(Moment(60))), (vec![], Moment(200)));
        receipts.touch(group);
        assert_eq!(receipts.candidates(Moment(61)), [group], "the user read something");
        receipts.sent(&[reach]);
        receipts.later(&[reach], 0, Moment(61));
        assert_eq!(receipts.wake_at(Moment(62)), Moment(61 + RETRY_MS));
    }
}
