//! What the engine tells a user interface. Plain data, TypeScript generated.

#![allow(missing_docs)] // plain data: the names say it

use serde::{Deserialize, Serialize};

use crate::command::Outcome;
use crate::view::{ConversationView, LinkView, SessionView, TimelineChange};

/// What the engine emits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// Who is signed in. The first event ever emitted, and after every change.
    Session { session: SessionView },
    /// How the link is.
    Link { link: LinkView },
    /// These rows of the conversation list are new or changed; the list is sorted by `order_at_ms`, newest first.
    Conversations { changed: Vec<ConversationView> },
    /// Sum of unread over all conversations. Emitted together with the `Conversations` that changed it, after it.
    Unread {
        #[cfg_attr(feature = "types", ts(type = "number"))]
        total: u64,
    },
    /// What an open view shows has changed.
    Timeline { change: TimelineChange },
    /// What this device kept was damaged. What could be read of the session, drafts and unsent messages is in a new
    /// store; the rest is fetched again. Said by the driver, since an engine knows only rows that are whole.
    Rebuilt,
    /// A command is finished.
    Finished {
        #[cfg_attr(feature = "types", ts(type = "number"))]
        command: u64,
        outcome: Outcome,
    },
}
