//! What the engine tells a user interface: finished views, nothing to compute. Plain data, TypeScript generated.

#![allow(missing_docs)] // plain data: the names say it

use serde::{Deserialize, Serialize};

use crate::reason::Failure;

/// Whether somebody is signed in here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SessionView {
    /// Nobody. `ended` is set when the server ended the session (device revoked).
    SignedOut { ended: bool },
    /// This one.
    SignedIn {
        me: PersonView,
        #[cfg_attr(feature = "types", ts(type = "number"))]
        device: u64,
    },
}

/// How the link is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LinkView {
    /// Waiting before the next try.
    Offline {
        #[cfg_attr(feature = "types", ts(type = "number"))]
        retry_at_ms: u64,
    },
    /// Opening a link, or waiting for Welcome.
    Connecting,
    /// Linked, some changes are still on their way.
    CatchingUp,
    /// Linked and complete.
    Online,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct PersonView {
    #[cfg_attr(feature = "types", ts(type = "number"))]
    pub account: u64,
    pub handle: String,
    pub display_name: String,
}

/// A member of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    pub person: PersonView,
    /// The first seq this member may see: the positions say nothing about what came before it.
    #[cfg_attr(feature = "types", ts(type = "number"))]
    pub from_seq: u64,
    #[cfg_attr(feature = "types", ts(type = "number"))]
    pub delivered: u64,
    #[cfg_attr(feature = "types", ts(type = "number"))]
    pub read: u64,
    pub left: bool,
}

/// A signed-in client of this account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct DeviceView {
    #[cfg_attr(feature = "types", ts(type = "number"))]
    pub device: u64,
    pub name: String,
    #[cfg_attr(feature = "types", ts(type = "number"))]
    pub created_at_ms: u64,
    #[cfg_attr(feature = "types", ts(type = "number"))]
    pub last_seen_at_ms: u64,
    pub current: bool,
}

/// One row of the conversation list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct ConversationView {
    #[cfg_attr(feature = "types", ts(type = "number"))]
    pub conversation: u64,
    pub group: bool,
    /// The group's title, or the peer's display name.
    pub title: String,
    /// Direct only.
    pub peer: Option<PersonView>,
    pub member_count: u32,
    /// The newest line: an unsent one of ours comes before the log's.
    pub last: Option<RowView>,
    #[cfg_attr(feature = "types", ts(type = "number"))]
    pub order_at_ms: u64,
    pub unread: u32,
    /// Everything up to here is read on some device of ours: where the unread line goes when opening.
    #[cfg_attr(feature = "types", ts(type = "number"))]
    pub read: u64,
    pub left: bool,
    pub draft: String,
    /// Messages of ours in the outbox, failed ones too: what signing out would lose.
    pub unsent: u32,
}

/// What a view shows: a piece of a conversation's log without a hole. Kept by whoever looks, with
/// [`TimelineView::apply`] (web/app has the same function).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimelineView {
    pub conversation: u64,
    /// By seq without holes, then our unsent ones in the order they were written.
    pub rows: Vec<RowView>,
    pub has_older: bool,
    pub has_newer: bool,
    pub loading: bool,
}

/// What a view shows now, told as the difference from what it showed before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct TimelineChange {
    pub view: u32,
    #[cfg_attr(feature = "types", ts(type = "number"))]
    pub conversation: u64,
    pub rows: RowsChange,
    /// There are older ones to load.
    pub has_older: bool,
    /// The window ends before the log does: there are newer ones to load, and unsent ones are not shown.
    pub has_newer: bool,
    /// Older or newer ones, or the newest, are being fetched right now.
    pub loading: bool,
}

/// From the rows shown before to those shown now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RowsChange {
    /// All of them anew: the view has been opened, or moved to another place.
    All { rows: Vec<RowView> },
    /// In this order: the first `dropped` go, `above` come before the rest, and then at index `at` so many are
    /// `removed` and these `inserted`.
    Patch { dropped: u32, above: Vec<RowView>, at: u32, removed: u32, inserted: Vec<RowView> },
}

/// One row of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct RowView {
    /// Stays the same for the whole life of a row, from outbox to log, so that a list can be keyed by it.
    pub key: String,
    /// Its place in the log; 0 while unsent, and while others are missing before it.
    #[cfg_attr(feature = "types", ts(type = "number"))]
    pub seq: u64,
    pub sender: PersonView,
    /// Sent by this account (from any device).
    pub own: bool,
    #[cfg_attr(feature = "types", ts(type = "number"))]
    pub at_ms: u64,
    pub content: Content,
    pub state: RowState,
}

/// What a row shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Content {
    Text {
        text: String,
    },
    /// The conversation began; a group has a title.
    Created {
        title: String,
    },
    MembersAdded {
        members: Vec<PersonView>,
    },
    MemberLeft,
    Renamed {
        title: String,
    },
    /// Written by a newer client: kept, and shown properly after an update.
    Unknown {
        kind: u32,
    },
}

/// Where a message is. Only own messages go through these; others' are always `Stored`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RowState {
    /// Somebody else's, or the server's.
    Stored,
    /// In the outbox on this device's disk.
    Sending { send_key: String },
    /// Stored on the server (spec D1).
    Sent,
    /// On the disk of a device of a recipient.
    Delivered,
    /// Read by a recipient.
    Read,
    /// Refused for good; nothing of it is stored on the server.
    Failed { send_key: String, failure: Failure },
}
