//! What the server does. Each service is sequential: ask the store, commit, tell the bus.
//!
//! | module | what it answers |
//! |---|---|
//! | [`accounts`] | who are you, and on which devices? |
//! | [`contacts`] | who is that? |
//! | [`conversations`] | where do people talk, and what changed there? |
//! | [`messages`] | what was said, and how far did people get? |
//! | [`ports`] | what services need from the machine |
//!
//! A later one may use an earlier one, never the reverse.

pub mod accounts;
pub mod contacts;
pub mod conversations;
pub mod messages;
pub mod ports;
mod rules;
pub(crate) mod store_fault;
mod throttle;
pub(crate) mod to_wire;

use anser_protocol::{AccountId, DeviceId};

use crate::bus::SessionId;

/// Who asks: a signed-in device, over one of its links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// Whose device.
    pub account: AccountId,
    /// Which device.
    pub device: DeviceId,
    /// Over which link.
    pub session: SessionId,
}
