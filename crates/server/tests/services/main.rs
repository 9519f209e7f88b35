//! What services, bus, hub and courier promise, on every store, without a runtime: the world steps itself.

mod accounts;
mod foreign;
mod groups;
mod losses;
mod pushes;
mod sending;
mod world;
