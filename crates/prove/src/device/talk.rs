//! What is said between a device's process and whoever drives it: lines of JSON.

use anser_client::{Command, Event, Outcome};
use serde::{Deserialize, Serialize};

/// One wish; the number comes back with its outcome.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) id: u64,
    pub(super) command: Command,
}

/// What a device's process says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) enum Said {
    /// Its database is open.
    Opened,
    /// It was told, or shows, this.
    Event { event: Event },
    /// All that belonged together has been said: what is shown now fits together.
    Settled,
    /// How a wish went.
    Outcome { id: u64, outcome: Outcome },
    /// It ends, for this reason.
    Stopped { words: String },
}
