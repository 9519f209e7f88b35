//! The window of one view: a piece of a conversation's log without a hole, read from disk as needed, and never
//! longer than a reader needs.

use std::collections::BTreeMap;

use anser_protocol::{ConversationId, Seq};

use crate::local::{EventRow, SpanRow};
use crate::paging::{self, Step};
use crate::roster::Conversation;

/// A window never stays longer than this: some twenty screens, more than a quick hand scrolls while a page loads.
const WINDOW_EVENTS_MAX: usize = 600;
/// One that only follows the end is cut to so many when it has grown too long, so that it is not cut at every event.
const FOLLOWING_EVENTS: usize = 300;
/// Where a window is put that shows nothing yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    End,
    Around(Seq),
}

/// The window of one view.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) conversation: ConversationId,
    place: Place,
    /// Without a hole.
    events: BTreeMap<Seq, EventRow>,
    /// Messages of ours that the server has stored, but above a hole: shown as unsent until the hole is filled.
    detached: BTreeMap<Seq, EventRow>,
    /// It goes on to the log's end: what comes there becomes part of it.
    is_tail: bool,
    /// The reader is at the end.
    follows: bool,
    /// The disk is reading this for it (the number of the load).
    pub(crate) loading: Option<u64>,
    /// The server is asked for this, for it.
    pub(crate) fetching: Option<SpanRow>,
    /// Commands that wait for older, and newer, ones...
    older: Vec<u64>,
    newer: Vec<u64>,
    /// ...and those whose wait is over.
    satisfied: Vec<u64>,
    /// The end moved too far away to be joined: go there.
    jump: bool,
}

impl Window {
    /// A window that will begin around `at`, or at the log's end.
    pub(crate) fn new(conversation: ConversationId, at: Option<Seq>) -> Window {
        Window {
            conversation,
            place: at.map_or(Place::End, Place::Around),
            events: BTreeMap::new(),
            detached: BTreeMap::new(),
            is_tail: at.is_none(),
            follows: at.is_none(),
            loading: None,
            fetching: None,
            older: Vec::new(),
            newer: Vec::new(),
            satisfied: Vec::new(),
            jump: false,
        }
    }

    pub(crate) fn events(&self) -> impl DoubleEndedIterator<Item = &EventRow> {
        self.events.values()
    }

    pub(crate) fn detached(&self) -> impl Iterator<Item = &EventRow> {
        self.detached.values()
    }

    /// Nothing can be said about it yet.
    pub(crate) fn is_blank(&self) -> bool {
        self.events.is_empty() && (self.loading.is_some() || self.fetching.is_some())
    }

    /// Something is being read or fetched for it.
    pub(crate) fn is_busy(&self) -> bool {
        self.loading.is_some() || self.fetching.is_some() || !self.older.is_empty() || !self.newer.is_empty()
    }

    fn first(&self) -> Option<Seq> {
        self.events.keys().next().copied()
    }

    fn last(&self) -> Option<Seq> {
        self.events.keys().next_back().copied()
    }

    /// There are older ones than those shown.
    pub(crate) fn has_older(&self, conversation: &Conversation) -> bool {
        self.first()
            .map_or(conversation.begin() <= conversation.row.last.seq, |first| first > conversation.begin())
    }

    /// It ends before the log does.
    pub(crate) fn has_newer(&self) -> bool {
        !self.is_tail && !self.events.is_empty()
    }

    /// Events that are on disk now, ascending: those that continue the window where it may go on become part of it.
    pub(crate) fn extend(&mut self, rows: &[EventRow]) {
        let (first, last) = (self.first(), self.last());
        if self.is_tail || !self.newer.is_empty() {
            for row in rows {
                if self.last().is_some_and(|last| row.seq == last.next()) {
                    self.events.insert(row.seq, row.clone());
                }
            }
        }
        if !self.older.is_empty() {
            for row in rows.iter().rev() {
                if self.first().is_some_and(|first| row.seq.next() == first) {
                    self.events.insert(row.seq, row.clone());
                }
            }
        }
        let grew_up = self.first() < first;
        let grew_down = self.last() > last;
        self.trim(grew_up, grew_down);
        if grew_up {
            self.satisfied.append(&mut self.older);
        }
        if grew_down {
            self.satisfied.append(&mut self.newer);
        }
    }

    /// What the disk had read for an empty window.
    pub(crate) fn fill(&mut self, rows: &[EventRow]) {
        for row in rows.iter().rev() {
            if self.first().is_none_or(|first| row.seq.next() == first) {
                self.events.insert(row.seq, row.clone());
            }
        }
    }

    /// A message of ours is stored; if it does not continue the window, it stays below until it does.
    pub(crate) fn detach(&mut self, row: &EventRow) {
        if self.is_tail && self.last().is_some_and(|last| row.seq > last) {
            self.detached.insert(row.seq, row.clone());
        }
    }

    /// The newest page came from the server, or one that was asked for; it may not join the window.
    pub(crate) fn note_range(&mut self, span: SpanRow, conversation: &Conversation) {
        if self.fetching == Some(span) {
            self.fetching = None;
            if self.events.is_empty() && !conversation.spans.contains(self.target(conversation)) {
                // Nobody has it: better the end than nothing.
                self.begin_at_end();
            }
        }
        let Some(last) = self.last() else { return };
        self.jump |= span.first > last && conversation.spans.around(last) != conversation.spans.newest();
    }

    /// Somebody scrolls up.
    pub(crate) fn want_older(&mut self, command: u64) {
        self.older.push(command);
    }

    /// Somebody scrolls down.
    pub(crate) fn want_newer(&mut self, command: u64) {
        self.newer.push(command);
    }

    pub(crate) fn follow_end(&mut self, follow: bool) {
        self.follows = follow;
    }

    /// Commands that got what they waited for.
    pub(crate) fn take_satisfied(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.satisfied)
    }

    /// All commands that wait, since they will not get it now.
    pub(crate) fn take_waiting(&mut self) -> Vec<u64> {
        let mut waiting = std::mem::take(&mut self.older);
        waiting.append(&mut self.newer);
        waiting
    }

    /// The server could not be asked, or did not give it: a window that shows nothing yet settles for the end.
    pub(crate) fn give_up_fetching(&mut self) {
        self.fetching = None;
        if self.events.is_empty() {
            self.begin_at_end();
        }
    }

    /// What to do next. The caller notes in `loading` and `fetching` what it does about it.
    pub(crate) fn next_step(&mut self, conversation: &Conversation, online: bool) -> Step {
        if self.loading.is_some() || self.fetching.is_some() {
            return Step::Rest;
        }
        if self.last().is_some_and(|last| last.next() < conversation.begin()) {
            // Left, and come back: what was shown is no longer part of this view of the log.
            self.begin_at_end();
        }
        let around = self.last().and_then(|last| conversation.spans.around(last));
        if std::mem::take(&mut self.jump) && self.is_tail && around != conversation.spans.newest() {
            // Who follows the end goes there; who reads further up stays, and finds the rest below.
            if self.follows {
                self.begin_at_end();
            } else {
                self.leave_end();
            }
        }
        let (Some(first), Some(last), Some(around)) = (self.first(), self.last(), around) else {
            return self.find_place(conversation, online);
        };
        self.is_tail |= last >= conversation.row.last.seq;
        if self.is_tail && around.last > last {
            return paging::join_end(last, around);
        }
        if !self.older.is_empty() {
            return paging::up(first, around, conversation);
        }
        if !self.newer.is_empty() {
            return if self.is_tail { Step::NothingMore } else { paging::down(last, around, conversation) };
        }
        Step::Rest
    }

    /// Reads the first rows of a window without any.
    fn find_place(&mut self, conversation: &Conversation, online: bool) -> Step {
        self.events.clear();
        if let Place::Around(_) = self.place {
            let target = self.target(conversation);
            match paging::around(target, conversation) {
                Some(Step::Fetch(_)) if !online => self.begin_at_end(),
                Some(step) => return step,
                None => self.begin_at_end(),
            }
        }
        self.is_tail = true;
        paging::end(conversation)
    }

    /// The seq that it shall begin around.
    fn target(&self, conversation: &Conversation) -> Seq {
        match self.place {
            Place::End => conversation.row.last.seq,
            Place::Around(seq) => seq.min(conversation.row.last.seq).max(conversation.begin()),
        }
    }

    fn begin_at_end(&mut self) {
        self.place = Place::End;
        self.is_tail = true;
        self.events.clear();
    }

    /// It no longer goes on to the log's end; what is shown there only is not shown by it any more.
    fn leave_end(&mut self) {
        self.is_tail = false;
        self.detached.clear();
    }

    /// Forgets what has joined the window, and what the reader is far away from.
    fn trim(&mut self, grew_up: bool, grew_down: bool) {
        if let Some(last) = self.last() {
            self.detached.retain(|seq, _| *seq > last);
        }
        if self.events.len() <= WINDOW_EVENTS_MAX {
            return;
        }
        let scrolls_down = grew_down && !self.newer.is_empty();
        if !grew_up && (self.follows || scrolls_down) {
            let keep = if scrolls_down { WINDOW_EVENTS_MAX } else { FOLLOWING_EVENTS };
            while self.events.len() > keep {
                self.events.pop_first();
            }
        } else {
            while self.events.len() > WINDOW_EVENTS_MAX {
                self.events.pop_last();
            }
            self.leave_end();
        }
    }
}

#[cfg(test)]
mod tests {
    use anser_protocol::ConversationId;

    use super::*;
    use crate::roster::Roster;
    use crate::testing::{event, head};

    fn conversation(from: u64, last: u64, spans: &[(u64, u64)]) -> Conversation {
        let mut roster = Roster::default();
        roster.merge(&head(7, 1, |row| {
            row.last.seq = Seq(last);
            row.from_seq = Seq(from);
        }));
        let mut conversation = roster.get(ConversationId(7)).expect("merged").clone();
        for (first, last) in spans {
            conversation.spans.insert(Seq(*first), Seq(*last));
        }
        conversation
    }

    fn events(first: u64, last: u64) -> Vec<EventRow> {
        (first..=last).map(|seq| event(7, seq)).collect()
    }

    fn load(first: u64, last: u64) -> Step {
        Step::Load(SpanRow { first: Seq(first), last: Seq(last) })
    }

    fn shown(window: &Window) -> Vec<u64> {
        window.events().map(|event| event.seq.0).collect()
    }

    /// A window at the end.
    fn at_end() -> Window {
        Window::new(ConversationId(7), None)
    }

    /// A window that shows `first..=last`, and goes on to the end.
    fn window(first: u64, last: u64) -> Window {
        let mut window = at_end();
        window.fill(&events(first, last));
        window
    }

    fn step(window: &mut Window, conversation: &Conversation) -> Step {
        window.next_step(conversation, true)
    }

    #[test]
    fn it_opens_at_the_newest_page() {
        let here = conversation(1, 100, &[(1, 100)]);
        let mut window = at_end();
        assert_eq!(step(&mut window, &here), load(41, 100));
        window.loading = Some(1);
        assert_eq!(step(&mut window, &here), Step::Rest, "the disk is reading");
    }

    #[test]
    fn a_single_message_above_a_hole_is_not_where_it_opens() {
        assert_eq!(step(&mut at_end(), &conversation(1, 100, &[(1, 80), (100, 100)])), load(21, 80));
    }

    #[test]
    fn it_never_shows_anything_across_a_hole() {
        let mut window = window(1, 3);
        window.extend(&events(5, 6));
        assert_eq!(shown(&window), [1, 2, 3]);
        window.extend(&events(4, 4));
        assert_eq!(shown(&window), [1, 2, 3, 4]);
        // The rest is on disk by now.
        assert_eq!(step(&mut window, &conversation(1, 6, &[(1, 6)])), load(5, 6));
    }

    #[test]
    fn older_ones_come_from_disk_first_then_from_the_server() {
        let here = conversation(10, 300, &[(50, 90), (150, 300)]);
        let mut window = window(200, 300);
        window.want_older(1);
        assert_eq!(step(&mut window, &here), load(150, 199));
        window.extend(&events(150, 199));
        assert_eq!(window.take_satisfied(), [1]);
        window.want_older(2);
        assert_eq!(step(&mut window, &here), Step::Fetch(SpanRow { first: Seq(91), last: Seq(149) }));
    }

    #[test]
    fn whether_there_are_older_ones_is_exact() {
        let here = conversation(10, 300, &[(10, 300)]);
        assert!(window(11, 300).has_older(&here));
        assert!(!window(10, 300).has_older(&here));
        let mut begin = window(10, 300);
        begin.want_older(1);
        assert_eq!(step(&mut begin, &here), Step::NothingMore);
    }

    #[test]
    fn it_jumps_to_an_end_that_cannot_be_joined() {
        let here = conversation(1, 900, &[(1, 100), (701, 900)]);
        let mut window = window(41, 100);
        assert_eq!(step(&mut window, &here), Step::Rest);
        window.note_range(SpanRow { first: Seq(701), last: Seq(900) }, &here);
        assert_eq!(step(&mut window, &here), load(841, 900));
    }

    #[test]
    fn it_does_not_grow_while_it_follows_the_end() {
        let mut window = window(1, 60);
        for seq in 61..=5_000 {
            window.extend(&[event(7, seq)]);
        }
        assert!(window.events.len() <= WINDOW_EVENTS_MAX);
        assert_eq!(shown(&window).last(), Some(&5_000));
        assert!(!window.has_newer());
    }

    #[test]
    fn it_is_cut_now_and_then_and_not_at_every_event() {
        let mut window = window(1, 60);
        let mut cuts = 0;
        for seq in 61..=5_000 {
            let first = window.first();
            window.extend(&[event(7, seq)]);
            cuts += u32::from(window.first() != first);
        }
        assert!(cuts <= 20, "cut {cuts} times");
    }

    #[test]
    fn older_ones_that_were_asked_for_are_kept_even_while_it_follows_the_end() {
        let here = conversation(1, 5_000, &[(1, 5_000)]);
        let mut window = window(4_401, 5_000);
        window.want_older(1);
        let Step::Load(span) = step(&mut window, &here) else { panic!("it is on disk") };
        window.extend(&events(span.first.0, span.last.0));
        assert_eq!((shown(&window)[0], shown(&window).len()), (span.first.0, WINDOW_EVENTS_MAX));
        assert!(window.has_newer(), "its end is what was cut");
    }

    #[test]
    fn a_reader_who_is_not_at_the_end_keeps_what_they_read() {
        let mut window = window(1, 60);
        window.follow_end(false);
        for seq in 61..=5_000 {
            window.extend(&[event(7, seq)]);
        }
        assert_eq!((shown(&window)[0], shown(&window).len()), (1, WINDOW_EVENTS_MAX));
        assert!(window.has_newer(), "the rest is below");
    }

    #[test]
    fn scrolling_through_a_long_log_never_holds_more_than_a_window() {
        let here = conversation(1, 5_000, &[(1, 5_000)]);
        let mut window = window(4_941, 5_000);
        window.follow_end(false);
        while shown(&window)[0] > 1 {
            window.want_older(1);
            let Step::Load(span) = step(&mut window, &here) else { panic!("it is on disk") };
            window.extend(&events(span.first.0, span.last.0));
            assert!(shown(&window).len() <= WINDOW_EVENTS_MAX);
        }
        assert!(window.has_newer());
        while window.has_newer() {
            window.want_newer(2);
            let Step::Load(span) = step(&mut window, &here) else { panic!("it is on disk") };
            window.extend(&events(span.first.0, span.last.0));
            assert!(shown(&window).len() <= WINDOW_EVENTS_MAX);
            step(&mut window, &here);
        }
        assert_eq!(shown(&window).last(), Some(&5_000));
    }

    #[test]
    fn it_opens_around_a_place() {
        let at = |seq| Window::new(ConversationId(7), Some(Seq(seq)));
        let here = conversation(1, 900, &[(1, 300), (701, 900)]);
        assert_eq!(step(&mut at(200), &here), load(170, 289));
        assert_eq!(step(&mut at(10), &here), load(1, 120));
        let around = SpanRow { first: Seq(470), last: Seq(529) };
        let mut between = at(500);
        assert_eq!(step(&mut between, &here), Step::Fetch(around));
        between.fetching = Some(around);
        between.note_range(around, &here);
        assert_eq!(step(&mut between, &here), load(841, 900), "nobody has it: the end");
        assert_eq!(at(500).next_step(&here, false), load(841, 900), "no link: what is here");
        let mut newest = at(2_000);
        let Step::Load(span) = step(&mut newest, &here) else { panic!("it is on disk") };
        newest.fill(&events(span.first.0, span.last.0));
        step(&mut newest, &here);
        assert!(!newest.has_newer());
    }

    #[test]
    fn who_left_and_came_back_sees_the_new_beginning() {
        let here = conversation(14, 15, &[(1, 2), (14, 15)]);
        assert_eq!(step(&mut window(1, 2), &here), load(14, 15));
    }

    #[test]
    fn a_log_of_which_the_server_has_nothing_is_not_asked_for_again() {
        let mut here = conversation(1, 100, &[]);
        here.floor = Seq(101);
        assert_eq!(step(&mut Window::new(ConversationId(7), Some(Seq(50))), &here), Step::Rest);
        assert_eq!(step(&mut at_end(), &here), Step::Rest);
    }

    #[test]
    fn newer_ones_that_are_not_on_disk_are_fetched() {
        let here = conversation(1, 900, &[(1, 300), (331, 400)]);
        let mut window = Window::new(ConversationId(7), Some(Seq(280)));
        window.fill(&events(250, 300));
        window.want_newer(1);
        assert_eq!(step(&mut window, &here), Step::Fetch(SpanRow { first: Seq(301), last: Seq(330) }));
    }

    #[test]
    fn an_end_that_moved_away_does_not_move_a_reader() {
        let here = conversation(1, 900, &[(1, 100), (701, 900)]);
        let mut window = window(41, 100);
        window.follow_end(false);
        window.note_range(SpanRow { first: Seq(701), last: Seq(900) }, &here);
        assert_eq!(step(&mut window, &here), Step::Rest);
        assert!(window.has_newer());
    }

    #[test]
    fn an_own_message_above_a_hole_is_shown_at_the_end_only() {
        let here = conversation(1, 900, &[(1, 100), (701, 900)]);
        let mut window = window(41, 100);
        window.detach(&event(7, 900));
        assert_eq!(window.detached().count(), 1);
        window.follow_end(false);
        window.note_range(SpanRow { first: Seq(701), last: Seq(900) }, &here);
        step(&mut window, &here);
        assert_eq!(window.detached().count(), 0, "the end is not shown any more");
    }
}
