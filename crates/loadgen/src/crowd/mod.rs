//! A crowd too large for one process: servers and generators, each a child with as many links as a process may have.
//!
//! | module | what it answers |
//! |---|---|
//! | [`child`] | what does a generator do that is a child? |
//! | [`part`] | one server with its store, and the generator of its clients |

pub(crate) mod child;
pub(crate) mod part;
