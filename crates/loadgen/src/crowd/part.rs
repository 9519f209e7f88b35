//! One part of a crowd: a server with a store of its own, and the generator of its clients.

use anyhow::Result;

use super::child::{Links, Order, ROLE, Report};
use super::generator::Generator;
use crate::meter::{Meter, Usage};
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
        Ok(Part { generator: Generator::start(setting, ROLE, &links)?, server, before })
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
        self.generator.meter().read().bytes
    }
}
