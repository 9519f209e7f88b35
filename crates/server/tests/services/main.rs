//! What services, bus, hub and courier promise, on every store, without a runtime: the world steps itself.

#![allow(clippy::unwrap_used)] // a story that cannot go on says so by panicking

mod accounts;
mod failures;
mod flaky;
mod foreign;
mod groups;
mod large_groups;
mod lively_groups;
mod losses;
mod pushes;
mod sending;
mod world;
