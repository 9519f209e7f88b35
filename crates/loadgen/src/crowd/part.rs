//! One part of a crowd: a server with a store of its own, and the generator of its clients.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};

use super::child::{Links, Order, ROLE, Report};
use crate::meter::{Meter, Usage};
use crate::roles::{CHILD, without_settings};
use crate::server::Server;
use crate::setting::Setting;
use crate::world::Plan;

/// One part. Its processes end when it is dropped.
pub(crate) struct Part {
    server: Server,
    generator: Generator,
    /// What the server used before anybody came.
    before: Usage,
}

impl Part {
    /// A server with these people in it, and nobody there yet.
    pub(crate) async fn start(setting: &Setting, number: u8, people: usize, talkers: usize) -> Result<Part> {
        let server = setting.serve(&format!("part-{number}"), &Plan::pairs(people / 2)).await?;
        let port = server.route().server().port();
        let links = Links { port, number, seed: setting.seed, talkers, people };
        let before = server.meter().read();
        Ok(Part { generator: Generator::start(setting, &links)?, server, before })
    }

    pub(crate) fn order(&mut self, order: Order) -> Result<()> {
        self.generator.order(order)
    }

    /// The newest report, with everything that was said since this was asked last.
    pub(crate) fn report(&mut self) -> Result<Report> {
        self.generator.report()
    }

    pub(crate) fn server(&self) -> Meter {
        self.server.meter()
    }

    /// Memory of the server, beyond what it had before anybody came.
    pub(crate) fn server_bytes(&self) -> f64 {
        self.server.meter().read().bytes_since(self.before)
    }

    pub(crate) fn generator_bytes(&self) -> f64 {
        Meter::of(Some(self.generator.child.id())).read().bytes
    }
}

/// A child of this program that makes clients.
struct Generator {
    child: Child,
    orders: Option<ChildStdin>,
    heard: Arc<Mutex<Report>>,
}

impl Generator {
    fn start(setting: &Setting, links: &Links) -> Result<Generator> {
        let mut command = Command::new(&setting.anser);
        without_settings(&mut command);
        let mut child = command
            .args(["bench", CHILD, ROLE, &serde_json::to_string(links)?])
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

    fn order(&mut self, order: Order) -> Result<()> {
        let orders = self.orders.as_mut().context("a generator has ended")?;
        writeln!(orders, "{}", serde_json::to_string(&order)?).and_then(|()| orders.flush())?;
        Ok(())
    }

    fn report(&mut self) -> Result<Report> {
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
