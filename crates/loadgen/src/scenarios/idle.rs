//! Sessions that are signed in and only are there: what each costs in memory, and what coming back costs in CPU time.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anser_protocol::Moment;
use anser_protocol::ids::Position;
use anser_protocol::link::Link;
use anser_protocol::wire::Welcome;
use anyhow::{Context, Result};

use crate::clock::Clock;
use crate::figure::Figure;
use crate::fleet::Fleet;
use crate::light::{Idle, Light, Role};
use crate::meter::Usage;
use crate::raw::echo;
use crate::server::Server;
use crate::setting::{Setting, Size};
use crate::world::{Plan, Somebody};

pub(crate) fn plan(size: Size) -> Plan {
    Plan::pairs(size.of(7_500, 10))
}

pub(crate) async fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let plan = plan(setting.size);
    let bare = echo::held(setting, plan.people).await?;
    let server = setting.serve("plain", &plan).await?;
    let plain = measure(setting, server, &plan).await?;
    let mut figures = vec![
        Figure::new("idle.plain.memory-per-session", plain.bytes, "B")
            .beside(bare.bytes)
            .at_most(3.0 * 1024.0),
        Figure::new("idle.plain.cpu-per-resume", plain.cpu_us, "us").beside(bare.cpu_us).at_most(150.0),
    ];
    if setting.target.is_none() {
        let certificate = setting.certificate()?;
        let flags = certificate.flags.each_ref().map(String::as_str);
        let server = setting.serve_with("tls", &plan, &flags).await?.with_tls(&certificate.certificate)?;
        let tls = measure(setting, server, &plan).await?;
        figures.push(Figure::new("idle.tls.memory-per-session", tls.bytes, "B").at_most(8.0 * 1024.0));
        figures.push(Figure::new("idle.tls.cpu-per-resume", tls.cpu_us, "us"));
    }
    Ok(figures)
}

/// What one session costs the server.
struct Costs {
    bytes: f64,
    cpu_us: f64,
}

/// Everybody comes back at once to where they were, and stays.
async fn measure(setting: &Setting, server: Server, plan: &Plan) -> Result<Costs> {
    let position = position(setting, &server).await?;
    let settle = || tokio::time::sleep(setting.size.of(Duration::from_secs(3), Duration::from_millis(100)));
    settle().await;
    let meter = server.meter();
    let before = meter.read();
    let mut fleet = Fleet::new(server.route(), Clock::start());
    for number in 0..plan.people {
        let who = Somebody::number(setting.seed, number);
        let client = Light::new(&who, position, Idle, fleet.presence(), fleet.clock().now());
        fleet.add(client).await?;
        if number % 1_000 == 0 {
            setting.progress.tick(format_args!("idle: {number} sessions"));
        }
    }
    fleet.all_up().await?;
    let back: Usage = meter.read();
    settle().await;
    let after = meter.read();
    fleet.nobody_lost()?;
    let sessions = plan.people as f64;
    Ok(Costs { bytes: after.bytes_since(before) / sessions, cpu_us: back.cpu_us_since(before) / sessions })
}

/// Where somebody stands who has everything: as one of them is told.
async fn position(setting: &Setting, server: &Server) -> Result<Position> {
    let told = Arc::new(OnceLock::new());
    let mut fleet = Fleet::new(server.route(), Clock::start());
    let asker = Asker { told: told.clone() };
    let who = Somebody::number(setting.seed, 0);
    fleet.add(Light::new(&who, Position(0), asker, fleet.presence(), fleet.clock().now())).await?;
    fleet.all_up().await?;
    told.get().copied().context("Welcome says where one stands")
}

/// Keeps the position it is told.
struct Asker {
    told: Arc<OnceLock<Position>>,
}

impl Role for Asker {
    fn up(&mut self, welcome: &Welcome, _link: &mut Link, _now: Moment) {
        if let Some(changes) = &welcome.changes {
            // The first one is as good as any.
            let _known_already = self.told.set(Position(changes.position));
        }
    }
}
