//! The campaigns, in the order in which they run. Each is one file with one public function.

use anyhow::Result;

use crate::proof::Proof;
use crate::setting::Setting;

/// A name to choose it by, and what it does.
#[derive(Debug)]
pub struct Campaign {
    /// As `--only` takes it.
    pub name: &'static str,
    /// An error means that it could not go on, which counts as failed.
    pub run: fn(&Setting) -> Result<Vec<Proof>>,
}

/// All of them.
pub const CAMPAIGNS: [Campaign; 0] = [];
