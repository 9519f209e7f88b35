//! What one input has changed: gathered while the engine thinks, then saved at once, shown, and sent.

use std::collections::BTreeSet;

use anser_protocol::ConversationId;

use crate::command::Outcome;
use crate::local::{Load, Save};

/// Everything that one input leads to, except what the link has to send.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Rows to save, in order.
    pub(crate) saves: Vec<Save>,
    /// Conversations whose row is to be saved as it is at the end of the input...
    pub(crate) rows: BTreeSet<ConversationId>,
    /// ...and whose spans are.
    pub(crate) spans: BTreeSet<ConversationId>,
    /// To be read from disk, once the above is there.
    pub(crate) loads: Vec<Load>,
    /// Who is signed in has changed.
    pub(crate) session: bool,
    /// List rows to show again.
    pub(crate) listed: BTreeSet<ConversationId>,
    /// Timelines to show again, if they are open.
    pub(crate) timelines: BTreeSet<ConversationId>,
    pub(crate) finished: Vec<(u64, Outcome)>,
}

impl Batch {
    /// A conversation's row has changed: save and show it.
    pub(crate) fn touch(&mut self, conversation: ConversationId) {
        self.rows.insert(conversation);
        self.show(conversation);
    }

    /// Something that is shown with a conversation has changed.
    pub(crate) fn show(&mut self, conversation: ConversationId) {
        self.listed.insert(conversation);
        self.timelines.insert(conversation);
    }

    pub(crate) fn finish(&mut self, command: u64, outcome: Outcome) {
        self.finished.push((command, outcome));
    }

    /// Everything on disk goes, and whatever was about to be written there.
    pub(crate) fn wipe(&mut self) {
        let finished = std::mem::take(&mut self.finished);
        *self = Batch { saves: vec![Save::Wipe], session: true, finished, ..Batch::default() };
    }
}
