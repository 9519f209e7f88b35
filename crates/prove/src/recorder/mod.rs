//! Disks as a crash leaves them: what a process did to its files, and what a power cut could have made of it.
//!
//! | module | what it does |
//! |---|---|
//! | `recorder.c` | stands between a process and its files: writes down every deed, or ends the process at one |
//! | [`deed`] | reads what was written down |
//! | [`image`] | what is on the disk if the power goes after so many deeds |

pub mod deed;
pub mod image;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

const SOURCE: &str = include_str!("recorder.c");

/// The library that is preloaded into a process whose deeds are watched.
#[derive(Debug)]
pub struct Recorder {
    library: PathBuf,
}

impl Recorder {
    /// Compiled into this folder with the C compiler that SQLite was built with too.
    pub fn build(dir: &Path) -> Result<Recorder> {
        let source = dir.join("recorder.c");
        let library = dir.join("recorder.so");
        std::fs::write(&source, SOURCE)?;
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let status = Command::new(&compiler)
            .args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg(&source)
            .args(["-ldl", "-lpthread"])
            .status()
            .with_context(|| format!("the C compiler `{compiler}` did not start (CC names another)"))?;
        ensure!(status.success(), "`{compiler}` could not build the recorder");
        Ok(Recorder { library })
    }

    /// Writes down what the process does to files below `root`, instead of syncing any.
    pub fn record(&self, command: &mut Command, root: &Path, log: &Path) {
        self.preload(command, root);
        command.env("ANSER_DISK_LOG", log);
    }

    /// Ends the process instead of its `deed`th deed below `root`; one that does fewer lives.
    pub fn kill_at(&self, command: &mut Command, root: &Path, deed: u64) {
        self.preload(command, root);
        command.env("ANSER_DISK_KILL_AT", deed.to_string());
    }

    fn preload(&self, command: &mut Command, root: &Path) {
        command.env("LD_PRELOAD", &self.library).env("ANSER_DISK_ROOT", root);
    }
}
