//! Randomness from the operating system.

use crate::services::ports::{Entropy, EntropyError};

/// The kernel's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, into: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(into).map_err(|error| EntropyError(error.to_string()))
    }
}
