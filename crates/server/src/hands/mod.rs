//! The hands of the services: what they need from the machine they run on.

mod argon2_hasher;
mod os_entropy;

pub use argon2_hasher::Argon2Hasher;
pub use os_entropy::OsEntropy;
