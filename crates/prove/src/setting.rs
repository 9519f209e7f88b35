//! What a campaign is told: seed, size, where things are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounds {
    /// A few of everything: all campaigns together in a minute and a half.
    Short,
    /// What the promises ask for: all campaigns together in twenty minutes.
    Full,
}

/// What one campaign runs with. Its folder is its own, and empty.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Decides every choice.
    pub seed: u64,
    /// How much is done.
    pub rounds: Rounds,
    /// The `anser` binary, built with its feature `failpoints`.
    pub anser: PathBuf,
    /// Where the campaign keeps its data directories.
    pub dir: PathBuf,
}

impl Setting {
    /// One of two sizes.
    pub fn scale<T>(&self, short: T, full: T) -> T {
        match self.rounds {
            Rounds::Short => short,
            Rounds::Full => full,
        }
    }

    /// A folder of this name, made.
    pub fn folder(&self, name: impl AsRef<Path>) -> Result<PathBuf> {
        let folder = self.dir.join(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(folder)
    }

    /// Choices of one part of a campaign: the same for the same seed and part, whatever other parts draw.
    pub fn choices(&self, part: u64) -> ChaCha8Rng {
        let mut choices = ChaCha8Rng::seed_from_u64(self.seed);
        choices.set_stream(part);
        choices
    }
}
