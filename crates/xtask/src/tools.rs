//! What must be on the machine besides cargo and npm, and how it gets there.
//!
//! Whatever is missing is either installed, after saying so, or named in the error together with what to do.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{Shell, answer, find};

const WASM: &str = "wasm32-unknown-unknown";
const CARGO_DENY_VERSION: &str = "0.20.2";
/// Debian's own Rust, for machines where rustup cannot fetch a target: its source builds the standard library.
const DEBIAN_RUST: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld"];

/// A `cargo` that can build for WebAssembly, with the arguments this takes already added by [`WasmCargo::build`].
pub(crate) enum WasmCargo {
    /// The usual one; its target is installed.
    Usual,
    /// Debian's, which builds the standard library itself.
    Debian,
}

impl WasmCargo {
    /// Finds one, adding what is missing.
    pub(crate) fn find(shell: &Shell) -> Result<WasmCargo> {
        if has_wasm_target() {
            return Ok(WasmCargo::Usual);
        }
        if find("rustup").is_some() {
            shell.say(&format!("the target {WASM} is missing: adding it with rustup"));
            if shell.run(shell.command("rustup").args(["target", "add", WASM])).is_ok() && has_wasm_target() {
                return Ok(WasmCargo::Usual);
            }
        }
        if !has_debian_rust() {
            shell.say(&format!("no rustup here can add {WASM}: using Debian's Rust for it"));
            apt_install(shell, &DEBIAN_RUST)?;
        }
        Ok(WasmCargo::Debian)
    }

    /// `cargo build --target wasm32-unknown-unknown`.
    pub(crate) fn build(&self, shell: &Shell) -> Command {
        let mut command = match self {
            WasmCargo::Usual => shell.cargo(),
            WasmCargo::Debian => {
                let mut command = shell.command("/usr/bin/cargo");
                command
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld")
                    .env_remove("RUSTUP_TOOLCHAIN");
                command
            }
        };
        command.args(["build", "--target", WASM]);
        if let WasmCargo::Debian = self {
            command.arg("-Zbuild-std=std,panic_abort");
        }
        command
    }
}

fn has_wasm_target() -> bool {
    let Some(sysroot) = answer(Command::new("rustc").args(["--print", "sysroot"])) else { return false };
    Path::new(&sysroot).join("lib/rustlib").join(WASM).join("lib").is_dir()
}

fn has_debian_rust() -> bool {
    let Some(sysroot) = answer(Command::new("/usr/bin/rustc").args(["--print", "sysroot"])) else {
        return false;
    };
    let source = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
    source.is_dir() && Path::new("/usr/bin/cargo").is_file() && find("wasm-ld").is_some()
}

/// npm, which nobody but the user can sensibly install.
pub(crate) fn npm(shell: &Shell) -> Result<Command> {
    if find("npm").is_none() {
        bail!("npm is missing: install Node.js 20.19 or newer (Debian: `apt-get install nodejs npm`)");
    }
    Ok(shell.command("npm"))
}

/// The browser of the stories: $CHROMIUM, or one of the usual places; installed where that is possible.
pub(crate) fn chromium(shell: &Shell) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        let path = PathBuf::from(path);
        if path.is_file() {
            return Ok(path);
        }
        bail!("CHROMIUM names {}, where there is nothing", path.display());
    }
    if let Some(path) = installed_chromium() {
        return Ok(path);
    }
    shell.say("there is no Chromium here");
    apt_install(shell, &["chromium"])?;
    installed_chromium().context("the package chromium is installed, but brought no `chromium`")
}

fn installed_chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
        .iter()
        .find_map(|name| find(name))
}

/// The reverse proxy that a story puts before the server: $NGINX, or one of the usual places; installed where that is
/// possible.
pub(crate) fn nginx(shell: &Shell) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("NGINX") {
        let path = PathBuf::from(path);
        if path.is_file() {
            return Ok(path);
        }
        bail!("NGINX names {}, where there is nothing", path.display());
    }
    if let Some(path) = installed_nginx() {
        return Ok(path);
    }
    shell.say("there is no nginx here");
    apt_install(shell, &["nginx"])?;
    installed_nginx().context("the package nginx is installed, but brought no `nginx`")
}

/// Debian puts it where only administrators look.
fn installed_nginx() -> Option<PathBuf> {
    let usual = PathBuf::from("/usr/sbin/nginx");
    if usual.is_file() { Some(usual) } else { find("nginx") }
}

/// What counts instructions; installed where that is possible.
pub(crate) fn valgrind(shell: &Shell) -> Result<()> {
    if find("valgrind").is_none() {
        shell.say("there is no valgrind here");
        apt_install(shell, &["valgrind"])?;
    }
    Ok(())
}

/// `cargo deny`: the user's, or one of our own in the cache folder, built once.
pub(crate) fn cargo_deny(shell: &Shell) -> Result<Command> {
    if let Some(path) = find("cargo-deny") {
        return Ok(shell.command(&path.to_string_lossy()));
    }
    let folder = cache_folder()?.join("tools");
    let path = folder.join("bin/cargo-deny");
    if !path.is_file() {
        shell.say(&format!(
            "cargo-deny is missing: building {CARGO_DENY_VERSION} into {} (once, some minutes)",
            folder.display()
        ));
        // It runs for a second, and takes minutes to optimise.
        let install =
            ["install", "cargo-deny", "--debug", "--locked", "--version", CARGO_DENY_VERSION, "--root"];
        shell.run(shell.cargo().args(install).arg(&folder).env_remove("CARGO_TARGET_DIR"))?;
    }
    Ok(shell.command(&path.to_string_lossy()))
}

/// Asks the RustSec database, which has to be fetched, whether a dependency has a known vulnerability.
///
/// Not a part of `test`: its answer changes with the world, not with the repository.
pub(crate) fn advisories(shell: &Shell) -> Result<()> {
    shell.run(cargo_deny(shell)?.args(["check", "advisories"])).context(
        "a dependency has a known vulnerability, or the advisory database is not reachable from here",
    )
}

/// Where things are kept that outlive a clone.
pub(crate) fn cache_folder() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()) {
        return Ok(PathBuf::from(path).join("anser"));
    }
    let home =
        std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME says where a cache may lie")?;
    Ok(PathBuf::from(home).join(".cache/anser"))
}

fn apt_install(shell: &Shell, packages: &[&str]) -> Result<()> {
    let wanted = packages.join(" ");
    let is_root = answer(Command::new("id").arg("-u")).as_deref() == Some("0");
    if find("apt-get").is_none() || !is_root {
        bail!("missing: install {wanted} (Debian: `sudo apt-get install {wanted}`)");
    }
    shell.say(&format!("installing with apt-get: {wanted}"));
    let install = ["install", "--yes", "--no-install-recommends"];
    let quiet = ("DEBIAN_FRONTEND", "noninteractive");
    if shell.run(shell.command("apt-get").args(install).args(packages).env(quiet.0, quiet.1)).is_ok() {
        return Ok(());
    }
    // The lists of packages may be missing or old.
    shell.run(shell.command("apt-get").arg("update"))?;
    shell.run(shell.command("apt-get").args(install).args(packages).env(quiet.0, quiet.1))
}
