//! From a fresh clone to a running server.

use anyhow::{Result, bail};

use crate::process::Shell;
use crate::web;

/// Builds everything and becomes `anser serve`, with `arguments` (after `--`) passed on.
pub(crate) fn run(shell: &Shell, arguments: &[String]) -> Result<()> {
    let arguments = arguments_of_serve(arguments)?;
    println!("building the engine and the web client …");
    web::build(shell)?;
    println!("building the server …");
    shell.run(shell.cargo().args(["build", "--release", "--package", "anser"]))?;
    let mut serve = shell.command(&shell.target.join("release/anser").to_string_lossy());
    become_program(serve.arg("serve").args(arguments))
}

/// The user's own arguments, and a data directory unless they name one.
fn arguments_of_serve(arguments: &[String]) -> Result<Vec<String>> {
    let given = match arguments.split_first() {
        None => &[],
        Some((dashes, rest)) if dashes == "--" => rest,
        Some((unknown, _)) => {
            bail!("arguments of the server come after `--`: cargo xtask run -- {unknown} …")
        }
    };
    let mut all = given.to_vec();
    if !given.iter().any(|word| word == "--data" || word.starts_with("--data=")) {
        all.extend(["--data".to_owned(), "./anser-data".to_owned()]);
    }
    Ok(all)
}

/// Ctrl-C then goes to the server and to nobody else, so that it can stop cleanly.
#[cfg(unix)]
fn become_program(command: &mut std::process::Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(anyhow::Error::new(command.exec()).context("starting anser"))
}

#[cfg(not(unix))]
fn become_program(command: &mut std::process::Command) -> Result<()> {
    if !command.status()?.success() {
        bail!("anser ended with an error");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[&str], expect: &[&str]) {
        let given: Vec<String> = given.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(arguments_of_serve(&given).unwrap(), expect);
    }

    #[test]
    fn the_data_directory_is_given_unless_the_user_names_one() {
        check(&[], &["--data", "./anser-data"]);
        check(&["--", "--listen", "127.0.0.1:9"], &["--listen", "127.0.0.1:9", "--data", "./anser-data"]);
        check(&["--", "--data", "/elsewhere"], &["--data", "/elsewhere"]);
        check(&["--", "--data=/elsewhere"], &["--data=/elsewhere"]);
    }

    #[test]
    fn arguments_without_the_dashes_are_refused_with_the_right_form() {
        let error = arguments_of_serve(&["--listen".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("cargo xtask run -- --listen"), "{error}");
    }
}
