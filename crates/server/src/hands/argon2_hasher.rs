//! Argon2id on threads of its own, a bounded number at once.

use std::fmt;
use std::sync::Arc;
use std::thread::available_parallelism;

use anser_protocol::limits;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::services::ports::{HashError, PasswordHasher};

/// OWASP's first choice for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes passwords with Argon2id. Needs a tokio runtime.
pub struct Argon2Hasher {
    argon2: Argon2<'static>,
    /// The hash of a password that nobody has: checked when there is no hash to check.
    hash_of_nobody: String,
    /// How many work at once.
    turns: Arc<Semaphore>,
    /// How many may be here at all, working or waiting.
    places: Arc<Semaphore>,
}

impl Argon2Hasher {
    /// A hasher that uses at most `limits::PASSWORDS_AT_ONCE_MAX` cores, and memory to match.
    pub fn new() -> Result<Argon2Hasher, HashError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(failed)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash_of_nobody = argon2.hash_password(b"nobody").map_err(failed)?.to_string();
        let cores = available_parallelism().map_or(1, |cores| cores.get());
        Ok(Argon2Hasher {
            argon2,
            hash_of_nobody,
            turns: Arc::new(Semaphore::new(cores.min(limits::PASSWORDS_AT_ONCE_MAX))),
            places: Arc::new(Semaphore::new(limits::PASSWORDS_QUEUED_MAX)),
        })
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let Ok(place) = self.places.clone().try_acquire_owned() else { return Err(HashError::Busy) };
        let turn = self.turns.clone().acquire_owned().await.map_err(failed)?;
        let argon2 = self.argon2.clone();
        let working = spawn_blocking(move || {
            let done = work(&argon2);
            // Held until the work is done, also if nobody waits for it any more.
            drop((turn, place));
            done
        });
        working.await.map_err(failed)?
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: String) -> Result<String, HashError> {
        self.in_turn(move |argon2| {
            let hash = argon2.hash_password(password.as_bytes()).map_err(failed)?;
            Ok(hash.to_string())
        })
        .await
    }

    async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, HashError> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.hash_of_nobody.clone());
        self.in_turn(move |argon2| {
            let hash = PasswordHash::new(&hash).map_err(failed)?;
            match argon2.verify_password(password.as_bytes(), &hash) {
                Ok(()) => Ok(exists),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(failed(error)),
            }
        })
        .await
    }
}

fn failed(error: impl fmt::Display) -> HashError {
    HashError::Failed(error.to_string())
}

impl fmt::Debug for Argon2Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Hasher").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn a_hash_says_how_it_was_made_and_knows_its_password() {
        let hasher = Argon2Hasher::new().unwrap();
        let hash = hasher.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hasher.hash("correct horse".to_owned()).await.unwrap(), "each has its own salt");
        assert_eq!(hasher.verify("correct horse".to_owned(), Some(hash.clone())).await, Ok(true));
        assert_eq!(hasher.verify("wrong horse".to_owned(), Some(hash)).await, Ok(false));
    }

    #[tokio::test]
    async fn nobody_has_no_password_not_even_the_one_we_hashed_for_nobody() {
        let hasher = Argon2Hasher::new().unwrap();
        assert_eq!(hasher.verify("nobody".to_owned(), None).await, Ok(false));
        assert!(hasher.verify("x".to_owned(), Some("not a hash".to_owned())).await.is_err());
    }

    #[tokio::test]
    async fn more_than_may_wait_are_refused() {
        let hasher = Argon2Hasher { places: Arc::new(Semaphore::new(3)), ..Argon2Hasher::new().unwrap() };
        let outcomes = join_all((0..5).map(|_| hasher.hash("correct horse".to_owned()))).await;
        let busy = outcomes.iter().filter(|outcome| **outcome == Err(HashError::Busy)).count();
        assert_eq!(busy, 2);
        assert!(hasher.hash("correct horse".to_owned()).await.is_ok(), "there is room again");
    }
}
