//! The server as a library: doors let people in, services do what they ask, the bus tells the others.
//!
//! | module | what it is |
//! |---|---|
//! | [`gateway`] | the door for clients: links, sessions, the table of what can be asked, who is here |
//! | [`services`] | what the server does: accounts, contacts, conversations, messages |
//! | [`bus`] | tells every node what was committed |
//! | [`hands`] | what services need from the machine: randomness, password hashing |
//! | [`metrics`] | what an operator wants counted |
//! | [`node`] | one node, put together from the above |
//! | [`config`] | flags, environment and file become settings |
//! | [`app`] | puts the rooms together and runs them |
//! | `trouble` | pushes lost, repeated and swapped on purpose, for campaigns |
//!
//! Doors → services → store and bus; the bus is the only arrow upward.
//!
//! Architecture Invariant: services never see a frame, a socket or a door, never spawn, never sleep, and get the
//! time as an argument. Nothing in [`services`], [`bus`], [`gateway::hub`], [`gateway::courier`] and
//! [`gateway::dispatch`] needs a runtime: the simulator steps them with a plain poll loop.

pub mod app;
pub mod bus;
pub mod config;
pub mod gateway;
pub mod hands;
pub mod metrics;
pub mod node;
pub mod services;
mod trouble;
