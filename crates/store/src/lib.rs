//! The one store of truth: small traits whose promises are prose, and the stores that keep them.
//!
//! | module | what it is |
//! |---|---|
//! | [`accounts`] | who exists: accounts, devices, tokens |
//! | [`conversations`] | who talks where: members, heads, positions |
//! | [`log`] | what was said: append, read back |
//! | [`memory`] | a store that forgets when dropped; the plain model the others are held against |
//! | [`sqlite`] | the embedded default |
//! | `contract` | one suite of checks, run on every store (feature `contract`) |
//!
//! Architecture Invariant: a store knows rows, never frames; it never learns what a body means.
//! No transaction handle leaves it: every method is one atomic deed, committed to stable storage
//! when it returns `Ok`, and without any effect when it returns `Err`.

pub mod accounts;
#[cfg(feature = "contract")]
pub mod contract;
pub mod conversations;
pub mod error;
pub mod log;
pub mod memory;
pub mod sqlite;

pub use accounts::{Account, Accounts, Device, NewAccount, NewDevice};
pub use conversations::{
    Change, ConversationKind, Conversations, HeadPage, HeadRow, Member, Membership, Moved, NewGroup, Reach,
};
pub use error::StoreError;
pub use log::{Append, Appended, Event, Log, Range};

/// Everything a server needs from its store.
pub trait Store: Accounts + Conversations + Log + Send + Sync + 'static {}
impl<T: Accounts + Conversations + Log + Send + Sync + 'static> Store for T {}
