//! What services need from outside besides store and bus: randomness, and slow password hashes.

use async_trait::async_trait;

/// Randomness that nobody can guess (the simulator's own can be, on purpose).
pub trait Entropy: Send + Sync + 'static {
    /// Fills all of `into`.
    fn fill(&self, into: &mut [u8]) -> Result<(), EntropyError>;
}

/// The system had no randomness to give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no randomness: {0}")]
pub struct EntropyError(pub String);

/// Turns passwords into hashes that are slow to guess, and checks them.
///
/// Never blocks the caller's thread; only a bounded number is worked on at once, more are refused.
#[async_trait]
pub trait PasswordHasher: Send + Sync + 'static {
    /// The PHC string of a password, with a salt of its own.
    async fn hash(&self, password: String) -> Result<String, HashError>;

    /// Whether the password belongs to the hash. With no hash (nobody has that handle) the answer is `false`
    /// after the same work, so that time does not tell who exists.
    async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, HashError>;
}

/// Why there is no hash, and no verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// As many as we allow are waiting: try again.
    #[error("too many passwords are being hashed")]
    Busy,
    /// A stored hash cannot be read, or the hasher broke. For the operator's log.
    #[error("the hasher failed: {0}")]
    Failed(String),
}
