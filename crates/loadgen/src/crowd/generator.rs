//! A generator as its parent sees it: it is given orders, and reports.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::child::{Order, Report};
use crate::child::{CHILD, without_settings};
use crate::meter::Meter;
use crate::setting::Setting;

/// A child of this program that makes clients.
pub(crate) struct Generator {
    child: Child,
    orders: Option<ChildStdin>,
    heard: Arc<Mutex<Report>>,
}

impl Generator {
    /// One in some role, which is told as JSON which links it has.
    pub(crate) fn start(setting: &Setting, role: &str, links: &impl Serialize) -> Result<Generator> {
        let mut command = Command::new(&setting.anser);
        without_settings(&mut command);
        let mut child = command
            .args(["bench", CHILD, role, &serde_json::to_string(links)?])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", setting.anser.display()))?;
        let (orders, stdout) = (child.stdin.take(), child.stdout.take());
        let heard = Arc::new(Mutex::new(Report::default()));
        let generator = Generator { child, orders, heard: heard.clone() };
        let stdout = stdout.context("a child has the pipe that was asked for")?;
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                // A child that says something else is one that has ended.
                let Ok(said) = serde_json::from_str::<Report>(&line.unwrap_or_default()) else { return };
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                (heard.up, heard.lost) = (said.up, said.lost);
                heard.page.add(&said.page);
            }
        });
        Ok(generator)
    }

    pub(crate) fn order(&mut self, order: Order) -> Result<()> {
        let orders = self.orders.as_mut().context("a generator has ended")?;
        writeln!(orders, "{}", serde_json::to_string(&order)?).and_then(|()| orders.flush())?;
        Ok(())
    }

    pub(crate) fn meter(&self) -> Meter {
        Meter::of(Some(self.child.id()))
    }

    /// The newest report, with everything that was said since this was asked last.
    pub(crate) fn report(&mut self) -> Result<Report> {
        let ended = self.child.try_wait()?;
        ensure!(ended.is_none(), "a generator has ended: {ended:?}");
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Report { up: heard.up, lost: heard.lost, page: std::mem::take(&mut heard.page) })
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        self.orders = None;
        // It may be dead already; that is as well.
        let _dead = self.child.kill().and_then(|()| self.child.wait());
    }
}
