//! The engine as WebAssembly, and the web client around it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::process::Shell;
use crate::tools::{WasmCargo, npm};

const APP: &str = "web/app";
const ENGINE_MODULE: &str = "web/app/src/engine/wasm";

/// Everything the server needs to serve the web client: `web/app/dist`.
pub(crate) fn build(shell: &Shell) -> Result<()> {
    build_engine(shell)?;
    install_packages(shell, APP)?;
    shell.run(npm(shell)?.current_dir(shell.root.join(APP)).args(["run", "build"]))
}

/// What the client's build needs.
pub(crate) fn install(shell: &Shell) -> Result<()> {
    install_packages(shell, APP)
}

/// The client's own checks: the engine's module, the client's types, and its tests without a browser.
pub(crate) fn check(shell: &Shell) -> Result<()> {
    shell.run(shell.command("node").current_dir(&shell.root).arg("web/engine/smoke.mjs"))?;
    install_packages(shell, APP)?;
    shell.run(npm(shell)?.current_dir(shell.root.join(APP)).args(["run", "check"]))?;
    shell.run(npm(shell)?.current_dir(shell.root.join(APP)).args(["test"]))
}

/// Compiles `web/engine` and makes the module that the client's worker imports.
pub(crate) fn build_engine(shell: &Shell) -> Result<()> {
    let cargo = WasmCargo::find(shell)?;
    shell.run(cargo.build(shell).args(["--package", "anser-web-engine", "--profile", "wasm"]))?;
    let wasm = shell.target.join("wasm32-unknown-unknown/wasm/anser_web_engine.wasm");
    shell.run(
        shell
            .cargo()
            .args(["run", "--quiet", "--package", "anser-bindgen", "--"])
            .arg(&wasm)
            .arg(shell.root.join(ENGINE_MODULE))
            .arg("anser_engine"),
    )
}

/// `npm ci`, unless what is installed came from this very lock file.
pub(crate) fn install_packages(shell: &Shell, folder: &str) -> Result<()> {
    let folder = shell.root.join(folder);
    let lock = fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("{} needs a package-lock.json", folder.display()))?;
    let installed_lock = folder.join("node_modules/.installed-lock");
    if is_same(&installed_lock, &lock) {
        return Ok(());
    }
    shell.run(npm(shell)?.current_dir(&folder).args(["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&installed_lock, lock)?;
    Ok(())
}

fn is_same(path: &Path, content: &[u8]) -> bool {
    fs::read(path).is_ok_and(|there| there == content)
}
