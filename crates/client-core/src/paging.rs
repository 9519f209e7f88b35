//! Which page of a log a window needs next: arithmetic on what is on disk, and nothing else.

use anser_protocol::Seq;

use crate::gaps::PAGE_EVENTS;
use crate::local::SpanRow;
use crate::roster::Conversation;

/// Read from disk at once, when somebody scrolls.
const LOADED_EVENTS: u64 = 2 * PAGE_EVENTS;

/// What a window needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is as it should be, or waits for something.
    Rest,
    /// Read this from disk.
    Load(SpanRow),
    /// What is asked for is not on disk: fetch it.
    Fetch(SpanRow),
    /// There is nothing more where somebody scrolls to.
    NothingMore,
}

/// Somebody scrolls up from `first`, which is in the span `around`.
pub(crate) fn up(first: Seq, around: SpanRow, conversation: &Conversation) -> Step {
    if first <= conversation.begin() {
        return Step::NothingMore;
    }
    let before = Seq(first.0 - 1);
    if around.first < first {
        let page = Seq(first.0.saturating_sub(LOADED_EVENTS));
        return Step::Load(SpanRow { first: around.first.max(page).max(conversation.begin()), last: before });
    }
    let page = Seq(first.0.saturating_sub(PAGE_EVENTS));
    let below = conversation.spans.below(first).map_or(Seq(0), |span| span.last.next());
    Step::Fetch(SpanRow { first: below.max(page).max(conversation.begin()), last: before })
}

/// Somebody scrolls down from `last`, above which the log goes on.
pub(crate) fn down(last: Seq, around: SpanRow, conversation: &Conversation) -> Step {
    if around.last > last {
        return Step::Load(page_from(last.next(), around.last, LOADED_EVENTS));
    }
    let end = conversation.row.last.seq;
    let above = conversation.spans.above(last).map_or(end, |span| Seq(span.first.0 - 1));
    Step::Fetch(page_from(last.next(), above, PAGE_EVENTS))
}

/// What follows `last` on disk belongs to a window that goes on to the end.
pub(crate) fn join_end(last: Seq, around: SpanRow) -> Step {
    Step::Load(page_from(last.next(), around.last, 4 * PAGE_EVENTS))
}

/// The first rows of a window that begins around `target`; `None` when there is nothing that could be there.
pub(crate) fn around(target: Seq, conversation: &Conversation) -> Option<Step> {
    let end = conversation.row.last.seq;
    if target > end {
        return None;
    }
    let first = Seq(target.0.saturating_sub(PAGE_EVENTS / 2)).max(conversation.begin());
    Some(match conversation.spans.around(target).and_then(|span| visible(span, conversation)) {
        Some(span) => Step::Load(page_from(first.max(span.first), span.last, LOADED_EVENTS)),
        None => Step::Fetch(page_from(first, end, PAGE_EVENTS)),
    })
}

/// The first rows of a window at the end, as far as they are on disk.
pub(crate) fn end(conversation: &Conversation) -> Step {
    start(conversation).map_or(Step::Rest, |span| Step::Load(newest_page(span)))
}

/// Where a window at the end starts: at the newest piece that fills a screen, or else at the longest there is. (The
/// very newest piece may be a single message above a hole.)
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

fn page_from(first: Seq, last: Seq, events: u64) -> SpanRow {
    SpanRow { first, last: last.min(Seq(first.0 + events - 1)) }
}
