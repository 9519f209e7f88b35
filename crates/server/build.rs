//! Makes sure that there is a folder to embed: the server compiles without the web client, too.

use std::path::Path;

fn main() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/app/dist");
    if let Err(error) = std::fs::create_dir_all(&dist) {
        println!("cargo::error=cannot make {}: {error}", dist.display());
    }
    // A new hash in a file name is a new file: compile again, or the binary has an old page.
    println!("cargo::rerun-if-changed={}", dist.display());
}
