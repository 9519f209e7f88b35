//! One group of very many, a fifth of whom are here: how soon the last of them has a message, what a delivery costs with all
//! that belongs to it, whether the server's memory stays flat, and how long the messages of others take meanwhile.
//!
//! Its members are a process of their own. Others, in pairs, write at a fixed rate all the time: first alone, then while
//! every other second somebody writes to the group.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::clock::Clock;
use crate::crowd::child::Order;
use crate::crowd::generator::Generator;
use crate::crowd::members::{Links, ROLE};
use crate::figure::Figure;
use crate::fleet::Fleet;
use crate::machine;
use crate::meter::Meter;
use crate::raw::fan_out;
use crate::setting::{Setting, push_frame};
use crate::talk::add_pairs;
use crate::talk::book::{Book, Page};
use crate::talk::schedule::{Rates, Schedule};
use crate::world::{Chat, Plan};

/// Descriptors of a process that are no links.
const OTHER_FILES: u64 = 500;
/// Messages per second of all pairs.
const PAIRS_RATE: f64 = 300.0;
/// Messages per second in the group.
const GROUP_RATE: f64 = 0.5;
/// If nothing comes for so long, the rest will not come either.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const MEBIBYTE: f64 = 1024.0 * 1024.0;

pub(crate) async fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let talkers = setting.size.of(100, 4);
    let members = setting.people.unwrap_or_else(|| setting.size.of(100_000, 1_100));
    let room = usize::try_from(machine::open_files_max().saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX);
    let online = setting.size.of(20_000, 40).min(members).min(room.saturating_sub(talkers));
    let rounds = fan_out::ROUNDS_PER_SECOND;
    let bare = fan_out::write(setting, online.min(1_000), rounds, push_frame().len()).await?;
    let mut plan = Plan::pairs(talkers / 2);
    let everybody = (talkers..talkers + members).collect();
    plan.chats.push(Chat { title: Some("Everybody".to_owned()), members: everybody });
    plan.people += members;
    let most = members.max(2).to_string();
    let mut server = setting.serve_with("big-group", &plan, &["--group-members-max", &most]).await?;
    let port = server.route().server().port();
    let links = Links { port, seed: setting.seed, first: talkers, people: online };
    let mut watch = Watch {
        setting,
        clock: Clock::start(),
        book: Arc::default(),
        group: Generator::start(setting, ROLE, &links)?,
        server: server.meter(),
        said: Page::default(),
        listeners: online - 1,
    };
    watch.all_up().await?;
    let mut fleet = Fleet::new(server.route(), watch.clock);
    let pairs = Schedule::Rates(Rates::steady(PAIRS_RATE, talkers / 2));
    add_pairs(&mut fleet, setting.seed, 0..talkers, &pairs, 100, &watch.book).await?;
    fleet.all_up().await?;
    tokio::time::sleep(setting.size.of(Duration::from_secs(3), Duration::from_millis(200))).await;

    let quiet = watch.look_on(setting.size.of(10, 1), "nobody writes to the group").await?;
    watch.group.order(Order::Talk { rate: setting.size.of(GROUP_RATE, 4.0) })?;
    let first = watch.look_on(setting.size.of(5, 1), "the first messages to the group").await?;
    let busy_for = setting.size.of(60 * setting.minutes.unwrap_or(0), 0).max(setting.size.of(20, 2));
    let busy = watch.look_on(busy_for, "somebody writes to the group").await?;
    watch.group.order(Order::Rest)?;
    watch.all_arrived().await?;
    fleet.nobody_lost()?;
    let after = watch.server.read().bytes;
    let figures = report(&watch, members, bare, [&quiet, &first, &busy], after);
    drop((fleet, watch));
    server.stop()?;
    Ok(figures)
}

/// What was seen during some seconds.
struct Seen {
    /// The pairs' messages.
    pairs: Page,
    /// CPU time of the server, each second.
    cpu_us: f64,
    seconds: f64,
    before_bytes: f64,
    peak_bytes: f64,
    /// What the members of the group had got by then, since the beginning.
    delivered: u64,
}

fn report(
    watch: &Watch<'_>,
    members: usize,
    bare: f64,
    [quiet, first, busy]: [&Seen; 3],
    after: f64,
) -> Vec<Figure> {
    let p99 = |seen: &Seen| seen.pairs.shown.quantile_ms(0.99);
    let (said, listeners) = (&watch.said, watch.listeners as f64);
    let of_group = busy.cpu_us - quiet.cpu_us / quiet.seconds * busy.seconds;
    let deliveries = (busy.delivered - first.delivered) as f64;
    let lost = said.written as f64 * listeners - said.received as f64;
    let wrongs: usize = [quiet, first, busy].iter().map(|seen| seen.pairs.wrongs.len()).sum();
    // What one message needs and every one after it finds: the list of members, the store's pages.
    let once = busy.before_bytes - first.before_bytes;
    vec![
        Figure::new("big-group.members", members as f64, ""),
        Figure::new("big-group.online", listeners + 1.0, ""),
        Figure::new("big-group.messages", said.written as f64, ""),
        Figure::new("big-group.half-have-it", said.shown.quantile_ms(0.5), "ms"),
        Figure::new("big-group.last-has-it", said.shown.quantile_ms(1.0), "ms"),
        Figure::new("big-group.cpu-per-delivery", of_group / deliveries, "us").beside(bare),
        Figure::new("big-group.memory-once", once / MEBIBYTE, "MiB").beside(first.before_bytes / MEBIBYTE),
        Figure::new("big-group.memory-peak", busy.peak_bytes / MEBIBYTE, "MiB")
            .beside(busy.before_bytes / MEBIBYTE),
        Figure::new("big-group.memory-times-before", busy.peak_bytes / busy.before_bytes, "x").at_most(1.1),
        Figure::new("big-group.memory-after", after / MEBIBYTE, "MiB").beside(busy.before_bytes / MEBIBYTE),
        Figure::new("big-group.others-p99", p99(busy), "ms").beside(p99(quiet)),
        Figure::new("big-group.others-p99-times-quiet", p99(busy) / p99(quiet), "x").at_most(2.0),
        Figure::new("big-group.messages-lost", lost, "").at_most(0.0),
        Figure::new("big-group.wronged", (said.wrongs.len() + wrongs) as f64, "").at_most(0.0),
    ]
}

/// Everything that is looked at.
struct Watch<'a> {
    setting: &'a Setting,
    clock: Clock,
    /// Of the pairs.
    book: Arc<Book>,
    group: Generator,
    server: Meter,
    /// What the members of the group said and got so far.
    said: Page,
    listeners: usize,
}

impl Watch<'_> {
    /// Until all members are here.
    async fn all_up(&mut self) -> Result<()> {
        let (mut most, mut since) = (0, Instant::now());
        loop {
            let up = self.group.report()?.up;
            self.setting.progress.tick(format_args!("big-group: {up} of {} members", self.listeners));
            if up >= self.listeners {
                return Ok(());
            }
            if up > most {
                (most, since) = (up, Instant::now());
            }
            ensure!(since.elapsed() < PATIENCE, "only {up} of {} members came up", self.listeners);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn look_on(&mut self, seconds: u64, about: &str) -> Result<Seen> {
        self.setting.progress.begin(format_args!("big-group: {about}, for {seconds} s"));
        self.book.take();
        self.book.count_from(self.clock.micros());
        let (began, usage) = (Instant::now(), self.server.read());
        let mut peak_bytes = usage.bytes;
        while began.elapsed() < Duration::from_secs(seconds) {
            tokio::time::sleep(LOOK_EVERY).await;
            peak_bytes = peak_bytes.max(self.server.read().bytes);
        }
        let (cpu_us, pairs) = (self.server.read().cpu_us_since(usage), self.book.take());
        self.hear()?;
        Ok(Seen {
            pairs,
            cpu_us,
            seconds: began.elapsed().as_secs_f64(),
            before_bytes: usage.bytes,
            peak_bytes,
            delivered: self.said.received,
        })
    }

    /// What members did since the last time; none of them may have lost their link.
    fn hear(&mut self) -> Result<()> {
        let report = self.group.report()?;
        ensure!(report.lost == 0, "{} members lost their link", report.lost);
        self.said.add(&report.page);
        Ok(())
    }

    /// Until everybody in the group has everything that was written, or clearly never will.
    async fn all_arrived(&mut self) -> Result<()> {
        let (mut most, mut since) = (0, Instant::now());
        // The child reports once a second: whoever asks sooner may miss the newest message.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        loop {
            self.hear()?;
            let received = self.said.received;
            if received > most {
                (most, since) = (received, Instant::now());
            }
            let all = self.said.written * self.listeners as u64;
            if received >= all || since.elapsed() > PATIENCE {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
