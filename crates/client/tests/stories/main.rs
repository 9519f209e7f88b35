//! Whole clients and a whole server: what somebody who builds on this library may rely on.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "../helpers/mod.rs"]
mod helpers;

mod bot;
mod carriers;
mod chat;
mod damage;
mod disk;
mod gate;
mod nginx;
mod offline;
mod tls;
