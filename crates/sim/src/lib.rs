//! Seeded worlds: real engines and a real node under a hostile network, held against a naive model.
//!
//! | module | what it is |
//! |---|---|
//! | [`story`] | what people do and suffer in one seed |
//! | [`world`] | one schedule on which devices, wires and the server meet |
//! | [`device`] | a real engine, its disk, its screen |
//! | [`server`] | a real node over a store that outlives it |
//! | [`wires`] | pipes that delay, lose and are cut |
//! | [`truth`] | the naive model and its checks |
//! | [`mutant`] | known-bad variants that must be caught |
//!
//! The same seed always plays the same story.

pub mod device;
pub mod disk;
pub mod mutant;
pub mod ports;
pub mod schedule;
pub mod server;
pub mod story;
pub mod truth;
pub mod wires;
pub mod world;
