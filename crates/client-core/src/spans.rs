//! Which parts of a log are on disk: sorted ranges of seqs that neither touch nor overlap.

use anser_protocol::Seq;

use crate::local::SpanRow;

/// The spans of one conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spans(Vec<SpanRow>);

impl Spans {
    pub(crate) fn to_rows(&self) -> Vec<SpanRow> {
        self.0.clone()
    }

    /// `first..=last` is on disk now. Ranges that touch become one.
    pub(crate) fn insert(&mut self, first: Seq, last: Seq) {
        if first.0 == 0 || first > last {
            return;
        }
        let begin = self.0.partition_point(|span| span.last.0.saturating_add(1) < first.0);
        let end = self.0.partition_point(|span| span.first.0 <= last.0.saturating_add(1));
        let mut merged = SpanRow { first, last };
        if begin < end {
            merged.first = merged.first.min(self.0[begin].first);
            merged.last = merged.last.max(self.0[end - 1].last);
        }
        self.0.splice(begin..end, [merged]);
    }

    /// `first..=last` is not on disk after all.
    pub(crate) fn remove(&mut self, first: Seq, last: Seq) {
        let before = std::mem::take(&mut self.0);
        for span in before {
            if span.first < first {
                self.0.push(SpanRow { first: span.first, last: span.last.min(Seq(first.0 - 1)) });
            }
            if span.last > last {
                self.0.push(SpanRow { first: span.first.max(last.next()), last: span.last });
            }
        }
    }

    /// The span that holds this seq.
    pub(crate) fn around(&self, seq: Seq) -> Option<SpanRow> {
        let index = self.0.partition_point(|span| span.last < seq);
        self.0.get(index).copied().filter(|span| span.first <= seq)
    }

    pub(crate) fn contains(&self, seq: Seq) -> bool {
        self.around(seq).is_some()
    }

    /// The newest span that ends before this seq.
    pub(crate) fn below(&self, seq: Seq) -> Option<SpanRow> {
        let index = self.0.partition_point(|span| span.last < seq);
        index.checked_sub(1).map(|index| self.0[index])
    }

    /// The oldest span that begins after this seq.
    pub(crate) fn above(&self, seq: Seq) -> Option<SpanRow> {
        let index = self.0.partition_point(|span| span.first <= seq);
        self.0.get(index).copied()
    }

    pub(crate) fn newest(&self) -> Option<SpanRow> {
        self.0.last().copied()
    }

    /// Newest first.
    pub(crate) fn iter_down(&self) -> impl Iterator<Item = SpanRow> + '_ {
        self.0.iter().rev().copied()
    }

    /// The newest part of `first..=last` that is not on disk.
    pub(crate) fn newest_gap(&self, first: Seq, last: Seq) -> Option<SpanRow> {
        let end = match self.around(last) {
            Some(span) if span.first <= first => return None,
            Some(span) => Seq(span.first.0 - 1),
            None => last,
        };
        if end < first {
            return None;
        }
        let begin = self.below(end).map_or(first, |span| span.last.next().max(first));
        Some(SpanRow { first: begin, last: end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(ranges: &[(u64, u64)]) -> Spans {
        let mut spans = Spans::default();
        for (first, last) in ranges {
            spans.insert(Seq(*first), Seq(*last));
        }
        spans
    }

    fn span(first: u64, last: u64) -> SpanRow {
        SpanRow { first: Seq(first), last: Seq(last) }
    }

    #[test]
    fn neighbours_and_overlaps_become_one() {
        assert_eq!(spans(&[(1, 3), (4, 6)]), spans(&[(1, 6)]));
        assert_eq!(spans(&[(7, 9), (1, 3), (2, 8)]), spans(&[(1, 9)]));
        assert_eq!(spans(&[(1, 2), (4, 5)]).to_rows(), [span(1, 2), span(4, 5)]);
        assert_eq!(spans(&[(5, 5), (1, 1), (3, 3), (2, 4)]), spans(&[(1, 5)]));
    }

    #[test]
    fn insert_and_remove_agree_with_a_set_of_seqs() {
        // Every sequence of four operations over a log of five events.
        let ranges: Vec<(u64, u64)> = (1..=5).flat_map(|a| (a..=5).map(move |b| (a, b))).collect();
        for one in &ranges {
            for two in &ranges {
                for three in &ranges {
                    let mut spans = spans(&[*one, *two]);
                    spans.remove(Seq(three.0), Seq(three.1));
                    for seq in 1..=5 {
                        let inside = |range: &(u64, u64)| (range.0..=range.1).contains(&seq);
                        let expected = (inside(one) || inside(two)) && !inside(three);
                        assert_eq!(spans.contains(Seq(seq)), expected, "{one:?} {two:?} -{three:?} {seq}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_newest_gap_is_found_first() {
        let held = spans(&[(1, 3), (6, 7), (10, 12)]);
        assert_eq!(held.newest_gap(Seq(1), Seq(15)), Some(span(13, 15)));
        assert_eq!(held.newest_gap(Seq(1), Seq(12)), Some(span(8, 9)));
        assert_eq!(held.newest_gap(Seq(1), Seq(7)), Some(span(4, 5)));
        assert_eq!(held.newest_gap(Seq(9), Seq(12)), Some(span(9, 9)));
        assert_eq!(held.newest_gap(Seq(10), Seq(12)), None);
        assert_eq!(held.newest_gap(Seq(2), Seq(3)), None);
    }

    #[test]
    fn nonsense_is_not_inserted() {
        assert_eq!(spans(&[(0, 5), (5, 4)]), Spans::default());
        let end = spans(&[(1, 1), (u64::MAX, u64::MAX)]);
        assert_eq!(end.to_rows().len(), 2);
    }
}
