//! Turns a compiled engine (`.wasm`) into a module that browsers can import: `anser-bindgen IN.wasm OUT_DIR NAME`.
//!
//! It does what the `wasm-bindgen` command does, as a dependency with a pinned version: nobody has to
//! install a tool whose version must equal the library's.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(wasm), Some(folder), Some(name), None) =
        (arguments.next(), arguments.next(), arguments.next(), arguments.next())
    else {
        bail!("usage: anser-bindgen IN.wasm OUT_DIR NAME");
    };
    let name = name.into_string().ok().context("NAME must be a plain word")?;
    Bindgen::new()
        .input_path(PathBuf::from(&wasm))
        .web(true)?
        .typescript(true)
        // Names of functions are two fifths of the file, and no browser needs them.
        .remove_name_section(true)
        .remove_producers_section(true)
        .out_name(&name)
        .generate(PathBuf::from(folder))
        .with_context(|| format!("making a module of {}", wasm.to_string_lossy()))
}
