//! The window of an open conversation: a piece of its log without a hole, read from disk as needed.

use std::collections::BTreeMap;

use anser_protocol::Seq;

use crate::gaps::PAGE_EVENTS;
use crate::local::{EventRow, SpanRow};
use crate::roster::Conversation;

/// A window that only follows the end is cut to so many events when it has grown to twice that.
const FOLLOWING_EVENTS: usize = 300;

/// What a window needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is as it should be, or waits for something.
    Rest,
    /// Read this from disk.
    Load(SpanRow),
    /// The older ones asked for are not on disk: fetch them.
    Fetch(SpanRow),
    /// There are no older ones.
    NothingOlder,
}

/// The window of one open conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    /// Without a hole.
    events: BTreeMap<Seq, EventRow>,
    /// Messages of ours that the server has stored, but above a hole: shown as unsent until the hole is filled.
    detached: BTreeMap<Seq, EventRow>,
    /// The disk is reading something for it.
    pub(crate) loading: bool,
    /// Commands that wait for older ones.
    pub(crate) older: Vec<u64>,
    /// Older ones were loaded: the user reads there, nothing may be cut off.
    grown: bool,
    /// The end moved too far away to be joined: go there.
    jump: bool,
}

impl Window {
    pub(crate) fn events(&self) -> impl DoubleEndedIterator<Item = &EventRow> {
        self.events.values()
    }

    pub(crate) fn detached(&self) -> impl Iterator<Item = &EventRow> {
        self.detached.values()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(crate) fn first(&self) -> Option<Seq> {
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

    /// Events that are on disk now, ascending: those that continue the window become part of it.
    pub(crate) fn extend(&mut self, rows: &[EventRow]) {
        for row in rows {
            if self.last().is_some_and(|last| row.seq == last.next()) {
                self.events.insert(row.seq, row.clone());
            }
        }
        for row in rows.iter().rev() {
            if self.first().is_some_and(|first| row.seq.next() == first) {
                self.events.insert(row.seq, row.clone());
            }
        }
        self.trim();
    }

    /// What the disk had read for an empty window.
    pub(crate) fn place(&mut self, rows: &[EventRow]) {
        if let Some(last) = rows.last() {
            self.events.insert(last.seq, last.clone());
            self.extend(rows);
        }
    }

    /// A message of ours is stored; if it does not continue the window, it stays below until it does.
    pub(crate) fn detach(&mut self, row: &EventRow) {
        if self.last().is_some_and(|last| row.seq > last) {
            self.detached.insert(row.seq, row.clone());
        }
    }

    /// The newest page came from the server and did not join the window: show the newest.
    pub(crate) fn jump(&mut self) {
        self.jump = true;
    }

    /// Somebody scrolls up.
    pub(crate) fn want_older(&mut self, command: u64) {
        self.older.push(command);
        self.grown = true;
    }

    /// What to do next. `Load` makes the window wait for `loaded`.
    pub(crate) fn next_step(&mut self, conversation: &Conversation) -> Step {
        if self.loading {
            return Step::Rest;
        }
        let step = self.decide(conversation);
        self.loading = matches!(step, Step::Load(_));
        step
    }

    fn decide(&mut self, conversation: &Conversation) -> Step {
        let around = self.last().and_then(|last| conversation.spans.around(last));
        let newest = conversation.spans.newest();
        if self.jump && around != newest {
            self.events.clear();
        }
        self.jump = false;
        let (Some(first), Some(last), Some(around)) = (self.first(), self.last(), around) else {
            self.events.clear();
            return start(conversation).map_or(Step::Rest, |span| Step::Load(newest_page(span)));
        };
        if around.last > last {
            let page_end = Seq(last.0 + 4 * PAGE_EVENTS);
            return Step::Load(SpanRow { first: last.next(), last: around.last.min(page_end) });
        }
        if self.older.is_empty() {
            return Step::Rest;
        }
        if first <= conversation.begin() {
            return Step::NothingOlder;
        }
        let before = Seq(first.0 - 1);
        let page = Seq(first.0.saturating_sub(PAGE_EVENTS));
        if around.first < first {
            return Step::Load(SpanRow { first: around.first.max(page), last: before });
        }
        let below = conversation.spans.below(first).map_or(Seq(0), |span| span.last.next());
        Step::Fetch(SpanRow { first: below.max(page).max(conversation.begin()), last: before })
    }

    /// Forgets what has joined the window, and what nobody looks at any more.
    fn trim(&mut self) {
        if let Some(last) = self.last() {
            self.detached.retain(|seq, _| *seq > last);
        }
        if !self.grown && self.events.len() > 2 * FOLLOWING_EVENTS {
            while self.events.len() > FOLLOWING_EVENTS {
                self.events.pop_first();
            }
        }
    }
}

/// Where a window starts: at the newest piece that fills a screen, or else at the longest there is. (The very
/// newest piece may be a single message above a hole.)
fn start(conversation: &Conversation) -> Option<SpanRow> {
    let fills = |span: &SpanRow| {
        span.last.0 - span.first.0 + 1 >= PAGE_EVENTS / 2 || span.first <= conversation.begin()
    };
    let visible = || conversation.spans.iter_down().filter_map(|span| visible(span, conversation));
    visible().find(fills).or_else(|| visible().max_by_key(|span| (span.last.0 - span.first.0, span.last)))
}

/// The part of a span that this member may still see.
fn visible(span: SpanRow, conversation: &Conversation) -> Option<SpanRow> {
    let first = span.first.max(conversation.begin());
    (first <= span.last).then_some(SpanRow { first, last: span.last })
}

fn newest_page(span: SpanRow) -> SpanRow {
    let first = Seq((span.last.0 + 1).saturating_sub(PAGE_EVENTS)).max(span.first);
    SpanRow { first, last: span.last }
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

    /// A window that shows `first..=last`.
    fn window(first: u64, last: u64) -> Window {
        let mut window = Window::default();
        window.place(&events(first, last));
        window
    }

    #[test]
    fn it_opens_at_the_newest_page() {
        let mut window = Window::default();
        assert_eq!(window.next_step(&conversation(1, 100, &[(1, 100)])), load(41, 100));
        assert_eq!(window.next_step(&conversation(1, 100, &[(1, 100)])), Step::Rest, "the disk is reading");
    }

    #[test]
    fn a_single_message_above_a_hole_is_not_where_it_opens() {
        let mut window = Window::default();
        assert_eq!(window.next_step(&conversation(1, 100, &[(1, 80), (100, 100)])), load(21, 80));
    }

    #[test]
    fn it_never_shows_anything_across_a_hole() {
        let mut window = window(1, 3);
        window.extend(&events(5, 6));
        assert_eq!(shown(&window), [1, 2, 3]);
        window.extend(&events(4, 4));
        assert_eq!(shown(&window), [1, 2, 3, 4]);
        // The rest is on disk by now.
        assert_eq!(window.next_step(&conversation(1, 6, &[(1, 6)])), load(5, 6));
    }

    #[test]
    fn older_ones_come_from_disk_first_then_from_the_server() {
        let here = conversation(10, 300, &[(50, 90), (150, 300)]);
        let mut window = window(200, 300);
        window.want_older(1);
        assert_eq!(window.next_step(&here), load(150, 199));
        window.loading = false;
        window.extend(&events(150, 199));
        assert_eq!(window.next_step(&here), Step::Fetch(SpanRow { first: Seq(91), last: Seq(149) }));
    }

    #[test]
    fn whether_there_are_older_ones_is_exact() {
        let here = conversation(10, 300, &[(10, 300)]);
        assert!(window(11, 300).has_older(&here));
        assert!(!window(10, 300).has_older(&here));
        let mut begin = window(10, 300);
        begin.want_older(1);
        assert_eq!(begin.next_step(&here), Step::NothingOlder);
    }

    #[test]
    fn it_jumps_to_an_end_that_cannot_be_joined() {
        let here = conversation(1, 900, &[(1, 100), (701, 900)]);
        let mut window = window(41, 100);
        assert_eq!(window.next_step(&here), Step::Rest);
        window.jump();
        assert_eq!(window.next_step(&here), load(841, 900));
    }

    #[test]
    fn it_does_not_grow_while_it_follows_the_end() {
        let mut window = window(1, 60);
        for seq in 61..=5_000 {
            window.extend(&[event(7, seq)]);
        }
        assert!(window.events.len() <= 2 * FOLLOWING_EVENTS);
        assert_eq!(shown(&window).last(), Some(&5_000));
    }
}
