//! From one state of a view to the next: found here, and carried out by whoever shows it.
//!
//! Windows hold hundreds of rows and change by one or two at a time; telling the difference keeps what crosses a
//! worker's boundary as small as what happened.

use crate::view::{RowView, RowsChange, TimelineChange, TimelineView};

impl TimelineView {
    /// What leads from `before` to this. Without a `before`, everything anew.
    pub(crate) fn difference(&self, view: u32, before: Option<&TimelineView>) -> TimelineChange {
        let rows = match before {
            Some(before) if before.conversation == self.conversation => between(&before.rows, &self.rows),
            _ => RowsChange::All { rows: self.rows.clone() },
        };
        TimelineChange {
            view,
            conversation: self.conversation,
            rows,
            has_older: self.has_older,
            has_newer: self.has_newer,
            loading: self.loading,
        }
    }

    /// Brings this up to date. Changes must be applied in the order in which they were told.
    pub fn apply(&mut self, change: TimelineChange) {
        self.conversation = change.conversation;
        self.has_older = change.has_older;
        self.has_newer = change.has_newer;
        self.loading = change.loading;
        match change.rows {
            RowsChange::All { rows } => self.rows = rows,
            RowsChange::Patch { dropped, above, at, removed, inserted } => {
                // Held to what there is: a change that was not meant for this state must not panic.
                let dropped = (dropped as usize).min(self.rows.len());
                self.rows.splice(..dropped, above);
                let at = (at as usize).min(self.rows.len());
                let end = at.saturating_add(removed as usize).min(self.rows.len());
                self.rows.splice(at..end, inserted);
            }
        }
    }
}

fn between(before: &[RowView], after: &[RowView]) -> RowsChange {
    let place = |rows: &[RowView], row: Option<&RowView>| {
        row.and_then(|wanted| rows.iter().position(|row| row.key == wanted.key))
    };
    let (dropped, above) = match (place(before, after.first()), place(after, before.first())) {
        (Some(dropped), _) => (dropped, 0),
        (None, Some(above)) => (0, above),
        (None, None) => return RowsChange::All { rows: after.to_vec() },
    };
    let (old, new) = (&before[dropped..], &after[above..]);
    let same = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[same..], &new[same..]);
    let same_end = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    RowsChange::Patch {
        dropped: dropped as u32,
        above: after[..above].to_vec(),
        at: (above + same) as u32,
        removed: (old.len() - same_end) as u32,
        inserted: new[..new.len() - same_end].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Content, PersonView, RowState};

    fn row(seq: u64, text: &str) -> RowView {
        RowView {
            key: format!("s:7:{seq}"),
            seq,
            sender: PersonView { account: 1, handle: "bob".to_owned(), display_name: "Bob".to_owned() },
            own: false,
            at_ms: seq,
            content: Content::Text { text: text.to_owned() },
            state: RowState::Stored,
        }
    }

    fn rows(first: u64, last: u64) -> Vec<RowView> {
        (first..=last).map(|seq| row(seq, "hi")).collect()
    }

    fn view(rows: Vec<RowView>) -> TimelineView {
        TimelineView { conversation: 7, rows, has_older: true, ..TimelineView::default() }
    }

    /// How many rows had to be told; the result is checked.
    fn told(before: &[RowView], after: &[RowView]) -> usize {
        let (mut shown, next) = (view(before.to_vec()), view(after.to_vec()));
        let change = next.difference(1, Some(&shown));
        let told = match &change.rows {
            RowsChange::All { rows } => rows.len(),
            RowsChange::Patch { above, inserted, .. } => above.len() + inserted.len(),
        };
        shown.apply(change);
        assert_eq!(shown, next);
        told
    }

    #[test]
    fn only_what_is_new_is_told() {
        let held = rows(101, 160);
        assert_eq!(told(&held, &held), 0);
        assert_eq!(told(&held, &rows(101, 161)), 1, "one comes");
        assert_eq!(told(&held, &rows(41, 160)), 60, "older ones are loaded");
        assert_eq!(told(&held, &rows(111, 161)), 1, "one comes and the oldest are cut");
        assert_eq!(told(&held, &rows(41, 140)), 60, "older ones are loaded and the newest are cut");
        let mut changed = held.clone();
        changed[30] = row(131, "edited");
        assert_eq!(told(&held, &changed), 1, "one in the middle changes");
        assert_eq!(told(&held, &rows(501, 560)), 60, "another place altogether");
        assert_eq!(told(&[], &held), 60);
        assert_eq!(told(&held, &[]), 0);
    }

    #[test]
    fn a_change_for_another_state_harms_nobody() {
        let patch =
            RowsChange::Patch { dropped: 9, above: Vec::new(), at: 9, removed: 9, inserted: rows(1, 1) };
        let mut shown = view(rows(1, 2));
        let change = TimelineChange { rows: patch, ..view(Vec::new()).difference(1, None) };
        shown.apply(change);
        assert_eq!(shown.rows, rows(1, 1));
    }
}
