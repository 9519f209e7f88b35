//! The door for clients: links come in here, and what they ask goes to the services.
//!
//! | module | what it answers |
//! |---|---|
//! | [`dispatch`] | what can this server do? |
//! | [`hub`] | who is here, on this node? |
//! | [`courier`] | who must hear of what was committed? |

pub mod courier;
pub mod dispatch;
pub mod hub;

mod memberships;
