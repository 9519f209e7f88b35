//! Compiles `proto/anser/v1/*.proto` with protox, so that nobody has to install protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = std::path::Path::new("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let descriptors = protox::compile([root.join("anser/v1/frame.proto")], [root])?;
    // These hold tokens and passwords; `src/secret.rs` says how they are printed.
    let secret = [".anser.v1.Hello", ".anser.v1.SignedIn", ".anser.v1.Register", ".anser.v1.SignIn"];
    prost_build::Config::new().skip_debug(secret).compile_fds(descriptors)?;
    Ok(())
}
