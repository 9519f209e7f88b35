//! What the server's services need from outside, made predictable.

use std::sync::{Mutex, PoisonError};

use anser_server::services::ports::{Entropy, EntropyError, HashError, PasswordHasher};
use async_trait::async_trait;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// Randomness from a seed.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<ChaCha8Rng>);

impl SeededEntropy {
    /// The same seed gives the same bytes.
    pub fn new(seed: u64) -> SeededEntropy {
        SeededEntropy(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))
    }

    /// True about once in `one_in` calls.
    pub fn chance(&self, one_in: u32) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..one_in) == 0
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, into: &mut [u8]) -> Result<(), EntropyError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(into);
        Ok(())
    }
}

/// Passwords as they are: the simulator has no secrets and no time.
#[derive(Debug)]
pub struct PlainHasher;

#[async_trait]
impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: String) -> Result<String, HashError> {
        Ok(password)
    }

    async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, HashError> {
        Ok(hash == Some(password))
    }
}
