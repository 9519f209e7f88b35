//! The library that bots and native clients are built on: the sync engine with its database and its link.
//!
//! ```no_run
//! use anser_client::{Client, ClientConfig, Command, Event};
//!
//! # async fn hello() -> Result<(), anser_client::ClientError> {
//! let client = Client::open(ClientConfig::new("wss://chat.example.org", "alice-data")).await?;
//! let mut events = client.events();
//! client.command(Command::OpenDirect { handle: "bob".into() }).await;
//! while let Some(event) = events.next().await {
//!     if let Event::Conversations { changed } = event {
//!         println!("{} conversations have news", changed.len());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What is written with [`Command::SendText`] is on disk before it is shown or sent, arrives once and in order, and
//! survives a crash, a dead link and a restart. `examples/echo_bot.rs` is a whole bot.
//!
//! | module | what it does |
//! |---|---|
//! | `client` | the public handle: commands in, outcomes and events out |
//! | `config` | what one must say to open a client |
//! | `driver` | the one loop that carries out what the engine says |
//! | `disk` | the thread that owns SQLite, and makes a damaged database anew |
//! | `carrier` | one connection over WebSocket or HTTP exchanges, from connecting to its end |
//! | `feed` | events on their way to who listens, bounded without losing anything |
//! | `wrongs` | the engine broken on purpose, for campaigns that must notice |

mod address;
mod carrier;
mod client;
mod clock;
mod config;
mod disk;
mod driver;
mod error;
mod feed;
mod tls;
mod wrongs;

pub use anser_client_core::{Command, Event, Failure, FailureReason, Outcome, view};
pub use anser_protocol::link::Carrier;
pub use client::Client;
pub use config::ClientConfig;
pub use error::ClientError;
pub use feed::Events;
