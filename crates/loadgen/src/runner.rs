//! What was asked for: runs the scenarios one after the other, prints each figure as it is there, and a table at the end.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::machine;
use crate::progress::Progress;
use crate::scenarios::{self, Scenario};
use crate::setting::{Setting, Size};
use crate::table::{self, Ran};
use crate::target::Target;
use crate::world;

/// What was asked for on the command line.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// A scenario, or `all`.
    pub what: String,
    /// Everything once, as small as it goes.
    pub smoke: bool,
    /// Decides who exists.
    pub seed: u64,
    /// Where data directories are made; `None`: where the system keeps temporary files.
    pub dir: Option<PathBuf>,
    /// A file for the figures, a line of JSON each.
    pub json: Option<PathBuf>,
    /// A file for the table, as Markdown.
    pub report: Option<PathBuf>,
    /// HOST:PORT of a server that runs already.
    pub target: Option<String>,
    /// The host that may be put under load although it is not this machine.
    pub load_host: Option<String>,
    /// Only make the people of a scenario, in this data directory.
    pub fill: Option<PathBuf>,
}

/// Does what was asked for. A mark that is missed is said in the table and is no error: machines are noisy.
pub fn run(asked: &Asked) -> Result<()> {
    let chosen = scenarios::chosen(&asked.what)?;
    let target = asked
        .target
        .as_deref()
        .map(|target| Target::parse(target, asked.load_host.as_deref()))
        .transpose()?;
    let size = if asked.smoke { Size::Smoke } else { Size::Full };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the system gives no threads or timers")?;
    if let Some(data) = &asked.fill {
        return runtime.block_on(fill(data, asked.seed, size, &chosen));
    }
    if target.is_some()
        && let Some(scenario) = chosen.iter().find(|scenario| scenario.plan.is_none())
    {
        bail!("`{}` needs a server of its own, and is not for --target", scenario.name);
    }
    let anser = std::env::current_exe().context("where this program is")?;
    let folder = match &asked.dir {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    };
    let folder = folder.context("making a folder for data")?;
    let described = machine::described();
    eprintln!("{described}");
    let began = Instant::now();
    let mut json =
        asked.json.as_deref().map(File::create).transpose().context("making the file for figures")?;
    let mut all = Vec::new();
    for scenario in chosen {
        let dir = folder.path().join(scenario.name);
        let (anser, target) = (anser.clone(), target.clone());
        let setting = Setting { size, seed: asked.seed, anser, dir, target, progress: Progress::start() };
        let ran = runtime.block_on(async {
            tokio::select! {
                ran = play(scenario, &setting) => Ok(ran),
                () = interrupted() => bail!("interrupted; nothing is left running"),
            }
        })?;
        for figure in &ran.figures {
            println!("{}", figure.line());
            if let Some(json) = &mut json {
                writeln!(json, "{}", figure.line()).context("writing figures")?;
            }
        }
        all.push(ran);
    }
    println!("\n{}", table::text(&all));
    if let Some(report) = &asked.report {
        let took = began.elapsed().as_secs();
        let text = format!("{described}; {took} s in all.\n\n{}\n", table::markdown(&all));
        std::fs::write(report, text).with_context(|| format!("writing {}", report.display()))?;
    }
    let stopped = all.iter().filter(|ran| ran.stopped.is_some()).count();
    if stopped > 0 {
        bail!("{stopped} of {} scenarios could not go on", all.len());
    }
    Ok(())
}

/// Runs one scenario in a folder of its own, which is gone afterwards.
async fn play(scenario: &'static Scenario, setting: &Setting) -> Ran {
    setting.progress.begin(format_args!("{}: {}", scenario.name, scenario.about));
    machine::begin();
    let ran = match std::fs::create_dir_all(&setting.dir) {
        Ok(()) => (scenario.run)(setting).await,
        Err(error) => Err(error.into()),
    };
    // Whatever is left of it goes with the folder around it.
    let _best_effort = std::fs::remove_dir_all(&setting.dir);
    match ran {
        Ok(figures) => Ran { scenario: scenario.name, figures, stopped: None },
        Err(error) => {
            Ran { scenario: scenario.name, figures: Vec::new(), stopped: Some(format!("{error:#}")) }
        }
    }
}

/// Whoever ends this program wants its servers and its data gone too: dropping what runs sees to that.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                Ok(()) = tokio::signal::ctrl_c() => return,
            }
        }
    }
    // If one cannot wait for it, the system ends the program by itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn fill(data: &Path, seed: u64, size: Size, chosen: &[&'static Scenario]) -> Result<()> {
    let [Scenario { name, plan: Some(plan), .. }] = chosen else {
        bail!("`--fill` is for one scenario that knows its people beforehand");
    };
    let plan = plan(size);
    world::fill(data, seed, &plan).await?;
    println!(
        "Made {} people. Their tokens can be guessed: let nobody reach a server with this directory.",
        plan.people
    );
    println!("  serve   anser serve --data {}", data.display());
    println!("  load    anser bench {name} --target HOST:PORT --seed {seed}");
    Ok(())
}
