//! The kinds of event that version 1 knows. A kind names what an event's `body` is.

/// `wire::Text`: what a person wrote.
pub const TEXT: u32 = 1;
/// The highest kind a client may send; above are the server's own.
pub const SENT_BY_CLIENTS_MAX: u32 = 999;
/// `wire::Created`: the first event of every conversation.
pub const CREATED: u32 = 1000;
/// `wire::MembersAdded`.
pub const MEMBERS_ADDED: u32 = 1001;
/// `wire::MemberLeft`: the sender left.
pub const MEMBER_LEFT: u32 = 1002;
/// `wire::Renamed`.
pub const RENAMED: u32 = 1003;
