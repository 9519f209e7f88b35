//! Many stop reading while everybody else goes on: the server ends their links by name, holds a bounded amount for them
//! until then, and nobody else is slower.
//!
//! They are in groups in which somebody writes long messages; beside them, pairs talk. First all read, then the many do
//! not: what the groups cost is the same in both, so what differs is the not reading.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anser_protocol::ids::Position;
use anyhow::Result;

use crate::clock::Clock;
use crate::figure::Figure;
use crate::fleet::Fleet;
use crate::kernel::Kernel;
use crate::light::{Light, Role};
use crate::metrics::Metrics;
use crate::server::Server;
use crate::setting::Setting;
use crate::talk::add_pairs;
use crate::talk::book::{Book, Page};
use crate::talk::schedule::{Rates, Schedule};
use crate::talk::writer::Writer;
use crate::world::{Chat, Plan, Somebody};

const GROUPS: usize = 2;
/// Long messages per second, of all groups together.
const GROUP_RATE: f64 = 20.0;
/// Characters of a long message: the most that a text may have.
const LONG: usize = anser_protocol::limits::TEXT_CHARS_MAX;
const PAIRS_RATE: f64 = 100.0;
/// A write waits 20 s for its reader, and the system's buffers must be full before that begins.
const PATIENCE: Duration = Duration::from_secs(120);
/// What the server and the system may hold for somebody who does not read: a page, twice, and the mailbox.
const BYTES_EACH_MAX: f64 = 512.0 * 1024.0;

pub(crate) async fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let (slow, talkers) = setting.size.of((1_000, 100), (8, 4));
    let each = slow / GROUPS;
    let mut plan = Plan::pairs(talkers / 2);
    for _ in 0..GROUPS {
        let members = (plan.people..=plan.people + each).collect();
        plan.people += each + 1;
        plan.chats.push(Chat { title: Some("Many".to_owned()), members });
    }
    let server = setting.serve("slow-readers", &plan).await?;
    let clock = Clock::start();
    let mut fleet = Fleet::new(server.route(), clock);
    let (book, groups_book) = (Arc::new(Book::default()), Arc::new(Book::default()));
    let reading = Arc::new(AtomicBool::new(true));
    let loud = Schedule::Rates(Rates::steady(GROUP_RATE, GROUPS));
    for number in talkers..plan.people {
        let who = Somebody::number(setting.seed, number);
        let (presence, now) = (fleet.presence(), clock.now());
        if (number - talkers) % (each + 1) == 0 {
            let writer = Writer::new(number as u64, loud.clone(), LONG, groups_book.clone(), clock);
            fleet.add(Light::new(&who, Position(0), writer, presence, now)).await?;
        } else {
            let member = Member { reading: reading.clone() };
            fleet.add(Light::new(&who, Position(0), member, presence, now)).await?;
        }
    }
    let pairs = Schedule::Rates(Rates::steady(PAIRS_RATE, talkers / 2));
    add_pairs(&mut fleet, setting.seed, 0..talkers, &pairs, 100, &book).await?;
    fleet.all_up().await?;
    watch(setting, &server, &book, &reading, slow, clock).await
}

async fn watch(
    setting: &Setting,
    server: &Server,
    book: &Book,
    reading: &AtomicBool,
    slow: usize,
    clock: Clock,
) -> Result<Vec<Figure>> {
    let calm_for = setting.size.of(Duration::from_secs(10), Duration::from_millis(500));
    tokio::time::sleep(calm_for / 2).await;
    book.count_from(clock.micros());
    tokio::time::sleep(calm_for).await;
    let calm = book.take();
    let (meter, address) = (server.meter(), server.route().server());
    let (usage, kernel) = (meter.read(), Kernel::read());

    reading.store(false, Ordering::Relaxed);
    setting.progress.begin(format_args!("slow-readers: {slow} stop reading"));
    let began = Instant::now();
    let patience = setting.size.of(PATIENCE, Duration::from_secs(2));
    let (mut closed, mut most, mut most_of_system, mut others) = (0.0, 0.0_f64, 0.0_f64, Page::default());
    let mut took = f64::NAN;
    while began.elapsed() < patience {
        tokio::time::sleep(Duration::from_millis(500)).await;
        others.add(&book.take());
        most = most.max(meter.read().bytes_since(usage));
        most_of_system = most_of_system.max(Kernel::read().socket_buffers - kernel.socket_buffers);
        closed = Metrics::read(address).await?.get("anser_closes_total{code=\"SLOW_READER\"}");
        setting.progress.tick(format_args!("slow-readers: {closed} of {slow} are closed"));
        if closed >= slow as f64 {
            took = began.elapsed().as_secs_f64();
            break;
        }
    }
    let slower = others.shown.quantile_ms(0.99) / calm.shown.quantile_ms(0.99);
    Ok(vec![
        Figure::new("slow-readers.closed-by-name", closed, "").at_least(slow as f64),
        Figure::new("slow-readers.last-closed-after", took, "s").at_most(60.0),
        Figure::new("slow-readers.memory-each", most / slow as f64, "B").at_most(BYTES_EACH_MAX),
        Figure::new("slow-readers.socket-buffers-each", most_of_system / slow as f64, "B")
            .at_most(BYTES_EACH_MAX),
        Figure::new("slow-readers.others-p99", others.shown.quantile_ms(0.99), "ms")
            .beside(calm.shown.quantile_ms(0.99)),
        Figure::new("slow-readers.others-p99-times-calm", slower, "x").at_most(1.5),
        Figure::new("slow-readers.others-wronged", others.wrongs.len() as f64, "").at_most(0.0),
    ])
}

/// One of the many: takes what comes, for as long as they read.
struct Member {
    reading: Arc<AtomicBool>,
}

impl Role for Member {
    fn reads(&self) -> bool {
        self.reading.load(Ordering::Relaxed)
    }
}
