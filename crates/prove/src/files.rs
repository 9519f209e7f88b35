//! Folders and database files from outside: copied, looked at page by page, damaged.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::ExitStatus;

use anyhow::{Context, Result};
use rusqlite::Connection;

/// What both our stores use.
const PAGE_BYTES: u64 = 4096;
/// As damaged as can be, and no page of any kind.
const GARBAGE: u8 = 0xA5;

/// A path as text, for command lines.
pub fn text_of(path: &Path) -> Result<&str> {
    path.to_str().context("a path of ours is text")
}

/// A folder with its files and folders.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_folder(&from, &to)?;
        } else {
            fs::copy(&from, &to).with_context(|| format!("copying {}", from.display()))?;
        }
    }
    Ok(())
}

/// One page of a database.
#[derive(Clone, Debug)]
pub struct Page {
    /// From 1 on.
    pub number: u64,
    /// The table or index that it belongs to.
    pub table: String,
}

/// Every page in use, of a database that nobody has open.
pub fn pages(file: &Path) -> Result<Vec<Page>> {
    let connection = Connection::open(file)?;
    let mut question = connection.prepare(include_str!("fixtures/pages.sql"))?;
    let rows = question.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
    rows.map(|row| row.map(|(number, table)| Page { number: number.unsigned_abs(), table }))
        .collect::<rusqlite::Result<_>>()
        .context("the pages of a database")
}

/// Garbage over a whole page.
pub fn damage_page(file: &Path, number: u64) -> Result<()> {
    let file = fs::File::options().write(true).open(file)?;
    file.write_all_at(&[GARBAGE; PAGE_BYTES as usize], (number - 1) * PAGE_BYTES)?;
    Ok(())
}

/// By SIGKILL.
pub fn was_killed(status: ExitStatus) -> bool {
    const SIGKILL: i32 = 9;
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(SIGKILL)
}
