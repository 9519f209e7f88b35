//! Compiles `proto/anser/v1/*.proto` with protox, so that nobody has to install protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = std::path::Path::new("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let descriptors = protox::compile([root.join("anser/v1/frame.proto")], [root])?;
    prost_build::Config::new().compile_fds(descriptors)?;
    Ok(())
}
