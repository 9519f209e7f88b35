//! What is seen in a real browser: the stories (real server, real client), the screens with made-up people, the marks.

use anyhow::Result;

use crate::process::Shell;
use crate::{tools, web};

const STORIES: &str = "web/e2e";

/// The types of the stories themselves.
pub(crate) fn check(shell: &Shell) -> Result<()> {
    web::install_packages(shell, STORIES)?;
    shell.run(tools::npm(shell)?.current_dir(shell.root.join(STORIES)).args(["run", "check"]))
}

/// Plays every story. The web client must have been built.
pub(crate) fn play(shell: &Shell) -> Result<()> {
    shell.run(shell.cargo().args(["build", "--package", "anser"]))?;
    playwright(shell, "debug", &["--project=stories"])
}

/// Every screen, with made-up people: as it was when somebody found it good, and shutting nobody out. Needs no server.
pub(crate) fn screens(shell: &Shell) -> Result<()> {
    playwright(shell, "debug", &["--project=everyone", "--project=pictures"])
}

/// Takes the pictures of all screens anew. Look at them before they are committed.
pub(crate) fn pictures(shell: &Shell) -> Result<()> {
    web::install(shell)?;
    playwright(shell, "debug", &["--project=pictures", "--update-snapshots"])?;
    shell.run(shell.command("node").current_dir(&shell.root).arg("web/e2e/pictures/smaller.mjs"))?;
    shell.say("the pictures are in web/e2e/pictures");
    Ok(())
}

/// Builds everything and measures the client with 2,000 chats and 100,000 messages in one of them. Each figure is a
/// line of JSON on standard output; how it goes is said on standard error.
pub(crate) fn marks(shell: &Shell) -> Result<()> {
    web::build(shell)?;
    shell.run(shell.cargo().args(["build", "--release", "--package", "anser"]))?;
    playwright(shell, "release", &["--project=marks", "--workers=1", "--reporter=./marks/reporter.ts"])
}

/// `profile`: of the server, where there is one.
fn playwright(shell: &Shell, profile: &str, arguments: &[&str]) -> Result<()> {
    let chromium = tools::chromium(shell)?;
    web::install_packages(shell, STORIES)?;
    shell.run(
        tools::npm(shell)?
            .current_dir(shell.root.join(STORIES))
            .args(["run", "--silent", "play", "--"])
            .args(arguments)
            .env("CHROMIUM", chromium)
            .env("ANSER", shell.target.join(profile).join("anser")),
    )
}
