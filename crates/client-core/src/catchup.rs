//! Catching up: from the position on disk to the present, page by page, and again whenever something is missed.
//!
//! The position moves only when the last page is in, and then to the *first* page's position: what changed while
//! the later pages were read has moved to the front, where this paging does not look again. Pushes never move it.
//! So whatever is lost on the way, the next Sync from this position finds it.

use anser_protocol::ids::Position;
use anser_protocol::wire::{Changes, Sync};
use anser_protocol::{Moment, limits};

/// Wait after the server could not answer a Sync.
const RETRY_MS: u64 = 5_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No Welcome on this link yet.
    Unlinked,
    /// Pages are being fetched: `before` is the next one (0: the first), `target` the first page's position.
    Paging { before: u64, target: Option<Position>, asked: bool },
    /// Everything up to `synced` is here.
    Complete,
}

/// Where this device stands, and what it does about it.
#[derive(Clone, Debug)]
pub(crate) struct CatchUp {
    synced: Position,
    stage: Stage,
    /// All pages were in once on this link. Later ones bring what got lost meanwhile, no backlog.
    complete: bool,
    /// Something was missed while paging: once more afterwards.
    again: bool,
    not_before: Moment,
    slow_pull_at: Moment,
}

impl CatchUp {
    pub(crate) fn new(synced: Position) -> CatchUp {
        CatchUp {
            synced,
            stage: Stage::Unlinked,
            complete: false,
            again: false,
            not_before: Moment(0),
            slow_pull_at: Moment::NEVER,
        }
    }

    pub(crate) fn synced(&self) -> Position {
        self.synced
    }

    /// This link has caught up.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Welcome: what it carries is the first page, to be handed to `take_page` now.
    pub(crate) fn welcome(&mut self) {
        self.complete = false;
        self.again = false;
        self.not_before = Moment(0);
        self.stage = Stage::Paging { before: 0, target: None, asked: true };
    }

    /// A page came, its heads are being saved. The new position if it was the last one.
    pub(crate) fn take_page(&mut self, page: &Changes, quarter: u64, now: Moment) -> Option<Position> {
        let Stage::Paging { before, target, .. } = self.stage else {
            return None;
        };
        let target = target.unwrap_or(Position(page.position));
        // Pages go down; one that does not would let us page for ever.
        let goes_down = before == 0 || page.next < before;
        if page.next != 0 && goes_down {
            self.stage = Stage::Paging { before: page.next, target: Some(target), asked: false };
            return None;
        }
        if page.next != 0 {
            self.retry_later(0, now);
            return None;
        }
        self.synced = self.synced.max(target);
        self.stage = Stage::Complete;
        self.complete = true;
        self.slow_pull_at = now + (limits::SLOW_PULL_MS - quarter.min(limits::SLOW_PULL_MS / 4));
        if std::mem::take(&mut self.again) {
            self.start();
        }
        Some(self.synced)
    }

    /// The server could not answer: from the first page, later.
    pub(crate) fn retry_later(&mut self, retry_after_ms: u32, now: Moment) {
        self.not_before = now + u64::from(retry_after_ms).max(RETRY_MS);
        self.stage = Stage::Paging { before: 0, target: None, asked: false };
    }

    /// Something is missing here.
    pub(crate) fn missed(&mut self) {
        match self.stage {
            Stage::Unlinked => {}
            Stage::Paging { .. } => self.again = true,
            Stage::Complete => self.start(),
        }
    }

    pub(crate) fn link_lost(&mut self) {
        self.stage = Stage::Unlinked;
        self.complete = false;
        self.slow_pull_at = Moment::NEVER;
    }

    /// What to ask now, if anything.
    pub(crate) fn next_request(&mut self, now: Moment) -> Option<Sync> {
        if self.stage == Stage::Complete && now >= self.slow_pull_at {
            self.start();
        }
        let Stage::Paging { before, target, asked: false } = self.stage else {
            return None;
        };
        if now < self.not_before {
            return None;
        }
        self.stage = Stage::Paging { before, target, asked: true };
        Some(Sync { since: self.synced.0, before })
    }

    pub(crate) fn wake_at(&self, now: Moment) -> Moment {
        match self.stage {
            Stage::Complete => self.slow_pull_at,
            Stage::Paging { asked: false, .. } if now < self.not_before => self.not_before,
            Stage::Paging { .. } | Stage::Unlinked => Moment::NEVER,
        }
    }

    /// For a mutant only: believe a position that came by the way.
    pub(crate) fn believe(&mut self, position: Position) {
        self.synced = self.synced.max(position);
    }

    fn start(&mut self) {
        self.slow_pull_at = Moment::NEVER;
        self.stage = Stage::Paging { before: 0, target: None, asked: false };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_000_000);

    fn page(position: u64, next: u64) -> Changes {
        Changes { heads: Vec::new(), position, next }
    }

    #[test]
    fn the_position_moves_with_the_last_page_and_to_where_the_first_one_stood() {
        let mut catchup = CatchUp::new(Position(5));
        catchup.welcome();
        assert_eq!(catchup.take_page(&page(100, 60), 0, NOW), None);
        assert_eq!(catchup.next_request(NOW), Some(Sync { since: 5, before: 60 }));
        assert_eq!(catchup.next_request(NOW), None, "one page at a time");
        assert_eq!(catchup.synced(), Position(5));
        assert_eq!(catchup.take_page(&page(120, 0), 0, NOW), Some(Position(100)));
        assert!(catchup.is_complete());
    }

    #[test]
    fn what_is_missed_while_paging_is_asked_for_afterwards() {
        let mut catchup = CatchUp::new(Position(5));
        catchup.welcome();
        catchup.missed();
        catchup.take_page(&page(100, 0), 0, NOW);
        assert_eq!(catchup.next_request(NOW), Some(Sync { since: 100, before: 0 }));
        catchup.take_page(&page(101, 0), 0, NOW);
        assert_eq!(catchup.next_request(NOW), None);
        catchup.missed();
        assert_eq!(catchup.next_request(NOW), Some(Sync { since: 101, before: 0 }));
    }

    #[test]
    fn the_slow_pull_comes_without_being_asked() {
        let mut catchup = CatchUp::new(Position(5));
        catchup.welcome();
        catchup.take_page(&page(6, 0), 1_000, NOW);
        let at = catchup.wake_at(NOW);
        assert_eq!(at, NOW + limits::SLOW_PULL_MS - 1_000);
        assert_eq!(catchup.next_request(at - 1), None);
        assert_eq!(catchup.next_request(at), Some(Sync { since: 6, before: 0 }));
    }

    #[test]
    fn a_server_that_pages_in_circles_is_asked_again_later_and_not_for_ever() {
        let mut catchup = CatchUp::new(Position(5));
        catchup.welcome();
        catchup.take_page(&page(100, 60), 0, NOW);
        catchup.next_request(NOW);
        assert_eq!(catchup.take_page(&page(100, 60), 0, NOW), None);
        assert_eq!(catchup.next_request(NOW), None);
        assert_eq!(catchup.synced(), Position(5));
        assert_eq!(catchup.next_request(catchup.wake_at(NOW)), Some(Sync { since: 5, before: 0 }));
    }

    #[test]
    fn a_position_never_goes_back() {
        let mut catchup = CatchUp::new(Position(50));
        catchup.welcome();
        assert_eq!(catchup.take_page(&page(40, 0), 0, NOW), Some(Position(50)));
    }
}
