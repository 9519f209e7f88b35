//! What the engine does when its own disk fails: nothing counts as stored that is not.
//!
//! The rows that could not be saved are kept, the link is closed (so nothing is acknowledged and nothing more
//! comes in), commands that must store something fail, and the same rows are tried again, less and less often.
//! When they are on disk, linking starts again from the position on disk, which finds whatever was missed.

use anser_protocol::Moment;

use crate::local::Save;

const RETRY_FIRST_MS: u64 = 1_000;
const RETRY_MAX_MS: u64 = 30_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Fine,
    Broken {
        retry_at: Moment,
    },
    /// The rows are on their way to disk again; the next input that is no `SaveFailed` means they are there.
    Trying,
}

/// The state of the local store, as far as the engine can tell.
#[derive(Clone, Debug)]
pub(crate) struct Storage {
    stage: Stage,
    wait_ms: u64,
    unsaved: Vec<Save>,
}

impl Storage {
    pub(crate) fn new() -> Storage {
        Storage { stage: Stage::Fine, wait_ms: RETRY_FIRST_MS, unsaved: Vec::new() }
    }

    pub(crate) fn is_fine(&self) -> bool {
        self.stage == Stage::Fine
    }

    /// These rows are not on disk. When they are tried again.
    pub(crate) fn failed(&mut self, rows: Vec<Save>, now: Moment) -> Moment {
        self.unsaved.extend(rows);
        let retry_at = now + self.wait_ms;
        self.wait_ms = (self.wait_ms * 2).min(RETRY_MAX_MS);
        self.stage = Stage::Broken { retry_at };
        retry_at
    }

    /// An input came that is no failure. True if this means that all is on disk again.
    pub(crate) fn worked(&mut self) -> bool {
        if self.stage != Stage::Trying {
            return false;
        }
        *self = Storage::new();
        true
    }

    /// What to save now, given what this input adds.
    pub(crate) fn take_rows(&mut self, new: Vec<Save>, now: Moment) -> Vec<Save> {
        match self.stage {
            Stage::Fine | Stage::Trying => new,
            Stage::Broken { retry_at } if now < retry_at => {
                self.unsaved.extend(new);
                Vec::new()
            }
            Stage::Broken { .. } => {
                self.unsaved.extend(new);
                self.stage = Stage::Trying;
                std::mem::take(&mut self.unsaved)
            }
        }
    }

    pub(crate) fn wake_at(&self) -> Moment {
        match self.stage {
            Stage::Fine => Moment::NEVER,
            Stage::Broken { retry_at } => retry_at,
            Stage::Trying => Moment(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use anser_protocol::ids::Position;

    use super::*;

    const NOW: Moment = Moment(1_000);

    #[test]
    fn failed_rows_are_tried_again_with_those_that_came_meanwhile() {
        let (one, two) = (Save::Synced(Position(1)), Save::Synced(Position(2)));
        let mut storage = Storage::new();
        let retry_at = storage.failed(vec![one.clone()], NOW);
        assert_eq!(storage.take_rows(vec![two.clone()], NOW), []);
        assert_eq!(storage.take_rows(vec![], retry_at), [one.clone(), two.clone()]);
        let later = storage.failed(vec![one, two], retry_at);
        assert!(later - RETRY_FIRST_MS > retry_at, "waits longer each time");
        assert_eq!(storage.take_rows(vec![], later).len(), 2);
        assert!(storage.worked());
        assert!(storage.is_fine());
    }
}
