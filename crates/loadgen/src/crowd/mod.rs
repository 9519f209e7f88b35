//! A crowd too large for one process: servers and generators, each a child with as many links as a process may have.
//!
//! | module | what it answers |
//! |---|---|
//! | [`child`] | what does a generator do that is a child? |
//! | [`members`] | the same for one whose clients are all in one group |
//! | [`generator`] | how is such a child told what to do, and what does it say? |
//! | [`part`] | one server with its store, and the generator of its clients |

pub(crate) mod child;
pub(crate) mod generator;
pub(crate) mod members;
pub(crate) mod part;
