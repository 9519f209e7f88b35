//! What was compiled of others' crates, kept outside the clone: the next clone's tests need not compile it again.
//!
//! Cargo itself decides whether a compiled crate fits; here files only travel. Without the cache all is the same, later.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::{Shell, answer};
use crate::tools::cache_folder;

/// Where Cargo keeps what it knows of the crates it compiled, next to `deps` and `build`.
const FINGERPRINTS: &str = ".fingerprint";
/// Of `deps`: libraries, and not the tests, which are ours and large.
const LIBRARIES: [&str; 4] = ["d", "rlib", "rmeta", "so"];
/// A target folder has its profiles at most so deep: `wasm32-unknown-unknown/wasm`.
const PROFILE_DEPTH: usize = 2;
/// Says for which versions of everything the cache was filled.
const FILLED_FOR: &str = "filled-for";

/// Brings what is kept into the target folders of a clone where no step has run yet.
pub(crate) fn fetch(shell: &Shell) -> Result<()> {
    let cache = folder()?;
    if shell.target.join("xtask").exists() || !cache.join(FILLED_FOR).is_file() {
        return Ok(());
    }
    for (name, target) in targets(shell) {
        copy_profiles(&cache.join(name), &target)?;
    }
    shell.say(&format!("what was compiled before of others' crates is taken from {}", cache.display()));
    Ok(())
}

/// Keeps what is compiled now, unless that has been done for these very versions. What was kept before goes.
pub(crate) fn keep(shell: &Shell) -> Result<()> {
    let cache = folder()?;
    let versions = versions(shell)?;
    if fs::read_to_string(cache.join(FILLED_FOR)).is_ok_and(|filled_for| filled_for == versions) {
        return Ok(());
    }
    // Made beside it and moved there whole: a cache that is half filled is never looked at.
    let new = cache.with_extension(format!("new-{}", std::process::id()));
    for (name, target) in targets(shell) {
        copy_profiles(&target, &new.join(name))?;
    }
    fs::write(new.join(FILLED_FOR), versions)?;
    remove(&cache)?;
    fs::rename(&new, &cache).with_context(|| format!("moving the cache to {}", cache.display()))
}

fn folder() -> Result<PathBuf> {
    Ok(cache_folder()?.join("compiled"))
}

fn targets(shell: &Shell) -> [(&'static str, PathBuf); 2] {
    [("workspace", shell.target.clone()), ("fuzz", shell.root.join("fuzz/target"))]
}

/// Everything that decides which crates are compiled, and how.
fn versions(shell: &Shell) -> Result<String> {
    let mut text = answer(shell.command("rustc").arg("-vV")).unwrap_or_default();
    for path in ["Cargo.lock", "Cargo.toml", ".cargo/config.toml", "fuzz/Cargo.lock", "fuzz/Cargo.toml"] {
        text.push_str(&fs::read_to_string(shell.root.join(path)).with_context(|| format!("reading {path}"))?);
    }
    Ok(text)
}

/// Copies the profiles that `from` has, each to the same place under `to`.
fn copy_profiles(from: &Path, to: &Path) -> Result<()> {
    for place in profiles(from, PROFILE_DEPTH) {
        let (profile, copy) = (from.join(&place), to.join(&place));
        for folder in [FINGERPRINTS, "build"] {
            copy_where(&profile.join(folder), &copy.join(folder), &|name| !is_ours(name))?;
        }
        let is_library = |name: &OsStr| {
            let kind = Path::new(name).extension().and_then(OsStr::to_str);
            !is_ours(name) && kind.is_some_and(|kind| LIBRARIES.contains(&kind))
        };
        copy_where(&profile.join("deps"), &copy.join("deps"), &is_library)?;
    }
    Ok(())
}

fn profiles(target: &Path, depth: usize) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in names(target) {
        let folder = target.join(&name);
        if folder.join(FINGERPRINTS).is_dir() {
            found.push(PathBuf::from(name));
        } else if depth > 1 {
            found.extend(profiles(&folder, depth - 1).into_iter().map(|below| Path::new(&name).join(below)));
        }
    }
    found
}

/// Ours differ in each clone, as their paths do.
fn is_ours(name: &OsStr) -> bool {
    name.to_string_lossy().contains("anser")
}

/// Copies what a folder has and `wanted` wants, over what is there.
fn copy_where(from: &Path, to: &Path, wanted: &dyn Fn(&OsStr) -> bool) -> Result<()> {
    for name in names(from).into_iter().filter(|name| wanted(name)) {
        let (path, copy) = (from.join(&name), to.join(&name));
        if path.is_dir() {
            copy_where(&path, &copy, &|_| true)?;
        } else {
            fs::create_dir_all(to)?;
            copy_file(&path, &copy).with_context(|| format!("copying {}", path.display()))?;
        }
    }
    Ok(())
}

/// With its time: Cargo compiles anew what is older than what it was made of.
fn copy_file(from: &Path, to: &Path) -> Result<()> {
    remove(to)?;
    fs::copy(from, to)?;
    File::options().write(true).open(to)?.set_modified(fs::metadata(from)?.modified()?)?;
    Ok(())
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.file_name()).collect()
}

fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn others_libraries_travel_with_their_times_and_ours_stay() {
        let room = std::env::temp_dir().join(format!("anser-compiled-{}", std::process::id()));
        let (from, to) = (room.join("from"), room.join("to"));
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let kept =
            ["deps/libserde-1.rlib", "deps/libsyn-1.so", "build/ring-1/out/a.o", ".fingerprint/ring-1/lib"];
        let left =
            ["deps/libanser_store-1.rlib", "deps/gateway-1", ".fingerprint/anser-1/lib", "incremental/x"];
        for path in kept.iter().chain(&left) {
            let path = from.join("wasm32-unknown-unknown/wasm").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "new").unwrap();
            File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        }
        let there = to.join("wasm32-unknown-unknown/wasm").join(kept[0]);
        fs::create_dir_all(there.parent().unwrap()).unwrap();
        fs::write(&there, "xtask's").unwrap();

        copy_profiles(&from, &to).unwrap();
        let to = to.join("wasm32-unknown-unknown/wasm");
        for path in kept {
            assert_eq!(fs::read_to_string(to.join(path)).unwrap(), "new", "{path}");
            assert_eq!(fs::metadata(to.join(path)).unwrap().modified().unwrap(), old, "{path}");
        }
        for path in left {
            assert!(!to.join(path).exists(), "{path}");
        }
        remove(&room).unwrap();
    }
}
