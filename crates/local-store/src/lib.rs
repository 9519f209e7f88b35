//! How what a client keeps becomes SQL and back. Pure: statements are data, somebody else executes them.
//!
//! Natively that is rusqlite (crate `anser-client`), in the browser SQLite as WebAssembly in a worker. Both run
//! the very same scripts and statements, so a database behaves the same wherever it lies.
//!
//! | when | call |
//! |---|---|
//! | opening a database | [`migration_scripts`] with its `PRAGMA user_version` |
//! | starting an engine | [`restore_statements`], then [`restored_from_rows`] |
//! | `Output::Save` | [`statements_for`] each, all in one transaction |
//! | `Output::Load` | [`load_statement`], then [`events_from_rows`] |
//! | the database is damaged | [`salvage_statements`]; in a new one [`salvaged_statements`] |

mod decode;
mod event;
mod failure;
mod restore;
mod salvage;
mod save;
mod schema;
mod value;

pub use decode::DecodeError;
pub use event::{events_from_rows, load_statement};
pub use restore::{restore_statements, restored_from_rows};
pub use salvage::{salvage_statements, salvaged_statements};
pub use save::statements_for;
pub use schema::{NewerDatabase, SCHEMA_VERSION, migration_scripts};
pub use value::{Row, Statement, Value};
