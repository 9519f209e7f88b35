//! The server is restarted under everybody: how soon all are back, what each costs, whether a message was lost, and how
//! long others' messages take meanwhile.
//!
//! The crowd only is there; its clients come back when their back-off says, each with its own dice. Among them some pairs
//! go on writing all the time. Then the same without jitter: so many clients come at the same moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anser_protocol::ids::Position;
use anyhow::{Result, ensure};

use crate::clock::Clock;
use crate::figure::Figure;
use crate::fleet::Fleet;
use crate::light::Light;
use crate::machine;
use crate::server::Server;
use crate::setting::Setting;
use crate::talk::book::{Book, Page};
use crate::talk::schedule::{Rates, Schedule};
use crate::talk::sleeper::{Roll, Sleeper};
use crate::talk::{add_pairs, rest};
use crate::world::{Plan, Somebody};

/// Descriptors of a process that are no links: the store's, the listener's, the terminal's, and some to spare.
const OTHER_FILES: u64 = 500;
/// Messages per second of all pairs that talk.
const RATE: f64 = 100.0;
/// As long as back-off and a minute take together; who is not back then never will be.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(crate) async fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let room = machine::open_files_max().saturating_sub(OTHER_FILES);
    let talkers = setting.size.of(100, 4);
    // Even, since people come in pairs; a smaller machine has a smaller crowd.
    let sessions = usize::try_from(room).unwrap_or(usize::MAX).min(setting.size.of(20_000, 20)) / 2 * 2;
    let mut figures = restart(setting, sessions, talkers).await?;
    figures.extend(rush(setting, setting.size.of(5_000, 20).min(sessions)).await?);
    Ok(figures)
}

/// Everybody is cut off at once and comes back as they like.
async fn restart(setting: &Setting, sessions: usize, talkers: usize) -> Result<Vec<Figure>> {
    let mut server = setting.serve("storm", &Plan::pairs(sessions / 2)).await?;
    let clock = Clock::start();
    let (roll, book) = (Roll::of(sessions), Arc::new(Book::default()));
    let mut fleet = Fleet::new(server.route(), clock);
    for number in talkers..sessions {
        fleet.add(sleeper(setting, number, Position(0), &roll, &fleet)).await?;
        if number % 1_000 == 0 {
            setting.progress.tick(format_args!("storm: {number} sessions"));
        }
    }
    let rates = Rates::steady(RATE, talkers / 2);
    let mut others = Fleet::new(server.route(), clock);
    add_pairs(&mut others, setting.seed, 0..talkers, &Schedule::Rates(rates.clone()), 100, &book).await?;
    others.all_up().await?;
    fleet.all_up().await?;
    book.count_from(clock.micros());
    tokio::time::sleep(setting.size.of(Duration::from_secs(5), Duration::from_millis(300))).await;
    let mut page = book.take();
    let calm = page.shown.quantile_ms(0.99);

    setting.progress.begin(format_args!("storm: the server is restarted under {sessions} sessions"));
    let down = Instant::now();
    // The doors of the runtime stay open meanwhile: clients see at once that they are cut.
    tokio::task::block_in_place(|| server.restart())?;
    let away = down.elapsed();
    let ready_us = clock.micros();
    let (meter, before) = (server.meter(), server.meter().read());
    // What is written by those who are back: how long they were away themselves is another figure.
    others.all_up().await?;
    book.count_from(clock.micros());
    all_back(setting, &fleet, sessions - talkers).await?;
    let back = meter.read();
    let during = book.take();
    let storm = during.shown.quantile_ms(0.99);
    page.add(&during);
    rates.stop();
    rest(&book, &mut page).await;
    Ok(report(sessions, &roll, ready_us, back.cpu_us_since(before), &page, [calm, storm, away.as_secs_f64()]))
}

fn report(
    sessions: usize,
    roll: &Roll,
    ready_us: u64,
    cpu_us: f64,
    page: &Page,
    [calm, storm, away]: [f64; 3],
) -> Vec<Figure> {
    let back: Vec<f64> =
        roll.read().iter().map(|up_us| up_us.saturating_sub(ready_us) as f64 / 1e6).collect();
    let half = back.get(back.len() / 2).copied().unwrap_or(f64::NAN);
    let lost = page.written.saturating_sub(page.received) as f64;
    vec![
        Figure::new("storm.sessions", sessions as f64, ""),
        Figure::new("storm.server-away", away, "s"),
        Figure::new("storm.half-back", half, "s"),
        Figure::new("storm.all-back", back.last().copied().unwrap_or(f64::NAN), "s").at_most(60.0),
        Figure::new("storm.cpu-per-session", cpu_us / sessions as f64, "us").at_most(150.0),
        Figure::new("storm.messages", page.written as f64, ""),
        Figure::new("storm.messages-lost", lost, "").at_most(0.0),
        Figure::new("storm.messages-doubled-or-out-of-order", page.wrongs.len() as f64, "").at_most(0.0),
        Figure::new("storm.others-p99", storm, "ms").beside(calm),
    ]
}

/// So many come at the same moment, as if nobody had any jitter.
async fn rush(setting: &Setting, sessions: usize) -> Result<Vec<Figure>> {
    let server = setting.serve("rush", &Plan::pairs(sessions / 2)).await?;
    let position = where_all_stand(setting, &server).await?;
    let clock = Clock::start();
    let roll = Roll::of(sessions);
    let mut fleet = Fleet::new(server.route(), clock);
    let before = server.meter().read();
    let began_us = clock.micros();
    for number in 0..sessions {
        fleet.spawn(sleeper(setting, number, position, &roll, &fleet));
    }
    all_back(setting, &fleet, sessions).await?;
    let last_us = roll.read().last().copied().unwrap_or_default();
    let cpu_us = server.meter().read().cpu_us_since(before);
    let seconds = last_us.saturating_sub(began_us) as f64 / 1e6;
    Ok(vec![
        Figure::new("storm.rush.sessions", sessions as f64, ""),
        Figure::new("storm.rush.all-back", seconds, "s").at_most(2.0),
        Figure::new("storm.rush.cpu-per-session", cpu_us / sessions as f64, "us").at_most(150.0),
    ])
}

/// Nothing happens in this world any more, so everybody stands where the first one does.
async fn where_all_stand(setting: &Setting, server: &Server) -> Result<Position> {
    super::idle::position(setting, server).await
}

fn sleeper(
    setting: &Setting,
    number: usize,
    position: Position,
    roll: &Arc<Roll>,
    fleet: &Fleet,
) -> Light<Sleeper> {
    let who = Somebody::number(setting.seed, number);
    let role = Sleeper::new(number, roll.clone(), fleet.clock());
    Light::new(&who, position, role, fleet.presence(), fleet.clock().now())
}

async fn all_back(setting: &Setting, fleet: &Fleet, sessions: usize) -> Result<()> {
    let began = Instant::now();
    loop {
        let up = fleet.presence().up();
        if up >= sessions {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "only {up} of {sessions} sessions came back");
        setting.progress.tick(format_args!("storm: {up} of {sessions} are back"));
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
