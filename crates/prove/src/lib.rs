//! Proofs on real processes: the real server, real clients, disks and sockets, killed and cut on purpose.
//!
//! | module | what it is |
//! |---|---|
//! | [`campaigns`] | one file for each campaign, and the list of them |
//! | [`setting`] | what a campaign is told: seed, size, where things are |
//! | [`proof`] | what a campaign hands back, as a line of JSON and a row of the table |
//! | [`report`] | the proofs of a run as a page for people |
//! | [`runner`] | runs campaigns one after the other and judges the whole |
//! | [`server`] | `anser serve` as a child process: started, killed, started again on the same port and data |
//! | [`recorder`] | what a process did to its files, and what a power cut would have left of it |
//! | [`store_child`], [`client_child`] | stores in processes of their own, there to be killed, and what is found in them |
//! | [`files`] | folders and database files from outside |
//! | [`proxy`] | a TCP proxy that delays, splits, throttles, resets, goes half-open and forgets, by a seed |
//! | [`light`] | the client's end of a link over a real socket, with no engine and no disk behind it |
//! | [`metrics`] | what a server says of itself |
//! | [`people`] | accounts with devices, written into a server's store before it runs |
//! | [`device`] | a real client in a process of its own, driven and watched |
//! | [`scene`] | a server with people on it, brought to rest and read out |
//! | [`disk`] | what lies on disks when nobody uses them |
//! | [`history`] | the checker: everything written, told and stored, held against itself |
//! | [`child`] | this program as a child of itself: how it is started |
//! | [`roles`] | what this program does when it is started as somebody's child |
//!
//! The same seed makes the same choices; what the machine makes of their timing is its own.

pub mod campaigns;
pub mod child;
pub mod client_child;
pub mod device;
pub mod disk;
pub mod files;
pub mod history;
pub mod light;
pub mod metrics;
pub mod people;
pub mod proof;
pub mod proxy;
pub mod recorder;
pub mod report;
pub mod roles;
pub mod runner;
pub mod scene;
pub mod server;
pub mod setting;
pub mod store_child;
