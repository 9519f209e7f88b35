//! What a user interface can ask the engine to do, and what it hears back. Plain data: it crosses worker
//! boundaries as JSON, and its TypeScript is generated from here.

#![allow(missing_docs)] // plain data: the names say it

use serde::{Deserialize, Serialize};

use crate::reason::Failure;
use crate::view::{DeviceView, MemberView, PersonView};

/// One wish of the user. Every command is answered by exactly one [`Outcome`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Command {
    /// Make an account and sign this device in.
    Register { handle: String, display_name: String, password: String, device_name: String },
    /// Sign this device in.
    SignIn { handle: String, password: String, device_name: String },
    /// Revoke this device and wipe what it stored. Works offline too: then the token is revoked when possible.
    SignOut,
    /// Exactly that person, or nobody. → `Outcome::People`
    FindAccount { handle: String },
    /// Open, or make, the conversation with a person. → `Outcome::Conversation`
    OpenDirect { handle: String },
    /// Everybody this device knows of, except oneself. → `Outcome::People`
    KnownPeople,
    /// Make a group. Repeating the command under the same key (32 hexadecimal digits) makes no second one.
    /// → `Outcome::Conversation`
    CreateGroup { title: String, handles: Vec<String>, key: Option<String> },
    /// Bring people in. → `Outcome::Conversation`
    AddMembers {
        #[cfg_attr(feature = "types", ts(type = "number"))]
        conversation: u64,
        handles: Vec<String>,
    },
    /// Leave a group. → `Outcome::Conversation`
    LeaveGroup {
        #[cfg_attr(feature = "types", ts(type = "number"))]
        conversation: u64,
    },
    /// Give a group another title. → `Outcome::Conversation`
    RenameGroup {
        #[cfg_attr(feature = "types", ts(type = "number"))]
        conversation: u64,
        title: String,
    },
    /// Who is in it, and how far they got. → `Outcome::Members`
    ListMembers {
        #[cfg_attr(feature = "types", ts(type = "number"))]
        conversation: u64,
    },
    /// Look at a conversation: from now on `Event::Timeline` tells what this view shows, until it is closed. The
    /// number is the user interface's own; one that is in use moves that view. It begins around seq `at`, or at
    /// the log's end.
    OpenView {
        view: u32,
        #[cfg_attr(feature = "types", ts(type = "number"))]
        conversation: u64,
        #[cfg_attr(feature = "types", ts(type = "number | null"))]
        at: Option<u64>,
    },
    /// Stop looking.
    CloseView { view: u32 },
    /// Put older messages above those shown. Done when they are, or when there are none. The view may lose its
    /// newest ones for it: a window never grows without bound.
    LoadOlder { view: u32 },
    /// Put newer messages below those shown; the view may lose its oldest ones.
    LoadNewer { view: u32 },
    /// The reader is at the end (every view begins so), or is not. When a view grows too long by what comes in, one
    /// that follows the end loses its oldest messages, and one that does not goes on without the newest.
    FollowEnd { view: u32, follow: bool },
    /// Write a text: into the outbox on disk first, then shown, then sent. Done as soon as it is in the outbox.
    /// Whoever may have to repeat the command chooses the send key (32 hexadecimal digits, the first twelve of them
    /// the time in milliseconds); the same key never makes a second message.
    SendText {
        #[cfg_attr(feature = "types", ts(type = "number"))]
        conversation: u64,
        text: String,
        send_key: Option<String>,
    },
    /// Try a failed message again, under the same key.
    RetrySend { send_key: String },
    /// Forget a failed message.
    DiscardSend { send_key: String },
    /// The user has seen everything up to this seq.
    MarkRead {
        #[cfg_attr(feature = "types", ts(type = "number"))]
        conversation: u64,
        #[cfg_attr(feature = "types", ts(type = "number"))]
        seq: u64,
    },
    /// Keep what stands in the composer (empty: forget it).
    SaveDraft {
        #[cfg_attr(feature = "types", ts(type = "number"))]
        conversation: u64,
        text: String,
    },
    /// The account's devices. → `Outcome::Devices`
    ListDevices,
    /// End another device.
    RevokeDevice {
        #[cfg_attr(feature = "types", ts(type = "number"))]
        device: u64,
    },
    /// Do not wait for the back-off: the user, or the system, says the network is back.
    ReconnectNow,
}

/// The one answer to a [`Command`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// It is done, nothing to say.
    Done,
    /// The people found (none or one).
    People { people: Vec<PersonView> },
    /// The conversation that was opened, made or changed; its `ConversationView` has been emitted before.
    Conversation {
        #[cfg_attr(feature = "types", ts(type = "number"))]
        conversation: u64,
    },
    /// Members by account.
    Members { members: Vec<MemberView> },
    /// Devices, oldest first.
    Devices { devices: Vec<DeviceView> },
    /// It was not done.
    Failed { failure: Failure },
}
