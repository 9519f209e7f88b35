//! The load generator behind `anser bench`: thousands of real clients against a real server, and beside each figure
//! the raw cost of the same bytes, measured in the same run.
//!
//! | module | what it answers |
//! |---|---|
//! | [`runner`] | what was asked for, which scenarios run, what is printed |
//! | [`scenarios`] | what is measured: one file each |
//! | [`setting`] | what every scenario is given |
//! | [`figure`], [`table`] | what came out, as JSON and for people |
//! | [`raw`] | what the machine itself charges: bare echoes, bare writes, a bare disk |
//! | [`world`] | who exists: accounts written straight to a store, with tokens that need no file |
//! | [`appends`] | messages written straight to a store, without a server around it |
//! | [`server`] | `anser serve` as a child process with its default settings |
//! | [`meter`], [`machine`], [`timings`] | what a process has used, what else the machine does, how long things take |
//! | [`target`], [`route`], [`wire`] | whom load may be put on; one connection to it |
//! | [`driver`], [`fleet`] | carries out what a client wants; many of them at once |
//! | [`light`], [`person`] | a client that is only a link; a client with the whole engine |
//! | [`talk`] | what light clients say to each other, and whether all of it arrived |
//! | [`crowd`] | servers and generators for more clients than a process may have |
//! | [`spread`] | how long things take, when there are millions of them |
//! | [`metrics`], [`kernel`] | what the server counts itself, what the system holds for it |
//! | [`child`] | this program as a child of itself: how it is started, and that it ends |
//! | [`roles`] | what this program does when it is a child of itself |
//!
//! Architecture Invariant: the server is only ever another process, started as a user would start it. So its CPU time
//! and memory are its own, and nothing here can reach around the wire.

mod appends;
mod child;
mod clock;
mod crowd;
mod driver;
mod figure;
mod fleet;
mod kernel;
mod light;
mod machine;
mod meter;
mod metrics;
mod person;
mod progress;
mod raw;
mod roles;
mod route;
mod runner;
mod scenarios;
mod server;
mod setting;
mod spread;
mod table;
mod talk;
mod target;
mod timings;
mod wire;
mod world;

pub use child::CHILD;
pub use roles::play;
pub use runner::{Asked, run};
pub use scenarios::names;
