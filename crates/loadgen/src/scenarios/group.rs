//! One group whose members are all online: what it costs to bring a message to one of them.
//!
//! Beside it stands the bare cost of writing the same bytes to as many sockets, as often. Measured twice: with members who
//! only read, which is the delivery itself, and with members who also say once a second how far they got, as clients do.
//! The server may let what is said in such a group travel together: how long a message takes is said too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anser_protocol::ids::Position;
use anser_protocol::link::Link;
use anser_protocol::wire::{Reach, ReachAll, Send, Welcome, push, request};
use anser_protocol::{Moment, SendKey, kind};
use anyhow::Result;

use crate::clock::Clock;
use crate::figure::Figure;
use crate::fleet::Fleet;
use crate::light::{Light, Role};
use crate::raw::fan_out;
use crate::server::Server;
use crate::setting::{Setting, Size, push_frame};
use crate::talk::stamp::Stamp;
use crate::timings::{Sorted, Timings};
use crate::world::{Plan, Somebody};

const SENDERS: usize = 20;
/// Each sender sends this often.
const EVERY_MS: u64 = 500;
/// Members who say how far they got say it so often.
const REPORT_EVERY_MS: u64 = 1_000;
const LOOK_AGAIN_MS: u64 = 50;
/// Characters of a message.
const CHARS: usize = 100;

pub(crate) fn plan(size: Size) -> Plan {
    Plan::group(size.of(1_000, 8))
}

pub(crate) async fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let plan = plan(setting.size);
    let senders = SENDERS.min(plan.people / 2);
    let rounds_per_second = senders as u64 * 1_000 / EVERY_MS;
    let bare = || fan_out::write(setting, plan.people, rounds_per_second, push_frame().len());
    let before = bare().await?;
    let mut server = setting.serve("group", &plan).await?;
    let clock = Clock::start();
    let shared = Arc::new(Shared::new(clock));
    let mut fleet = Fleet::new(server.route(), clock);
    for number in 0..plan.people {
        let who = Somebody::number(setting.seed, number);
        let phase_ms = number as u64 * EVERY_MS / senders as u64;
        let is_sender = number < senders;
        let is_timed = number + 1 == plan.people;
        let member = Member::new(number, is_sender.then_some(phase_ms), is_timed, shared.clone());
        fleet.add(Light::new(&who, Position(0), member, fleet.presence(), fleet.clock().now())).await?;
    }
    fleet.all_up().await?;
    shared.is_sending.store(true, Ordering::Relaxed);
    let read = measure(setting, &server, &shared).await;
    shared.is_reporting.store(true, Ordering::Relaxed);
    let reported = measure(setting, &server, &shared).await;
    fleet.nobody_lost()?;
    drop(fleet);
    server.stop()?;
    let write = (before + bare().await?) / 2.0;
    let cost = Figure::new("group.cpu-per-delivery", read.cpu_us, "us").beside(write);
    let times = read.cpu_us / write;
    Ok(vec![
        cost,
        Figure::new("group.times-the-write", times, "x").at_most(1.3),
        Figure::new("group.deliveries", read.per_second, "/s"),
        Figure::new("group.arrives-p50", read.arrives.quantile(0.5), "ms"),
        Figure::new("group.arrives-p99", read.arrives.quantile(0.99), "ms"),
        Figure::new("group.reporting.cpu-per-delivery", reported.cpu_us, "us").beside(write),
        Figure::new("group.reporting.deliveries", reported.per_second, "/s"),
    ])
}

struct Measured {
    /// CPU time of the server for each delivery.
    cpu_us: f64,
    per_second: f64,
    /// Milliseconds from the writer's hand to the member who is timed.
    arrives: Sorted,
}

async fn measure(setting: &Setting, server: &Server, shared: &Shared) -> Measured {
    let (warm_up, span) = setting.size.of((2, 10), (1, 1));
    tokio::time::sleep(Duration::from_secs(warm_up)).await;
    let (meter, began) = (server.meter(), tokio::time::Instant::now());
    let (usage, delivered) = (meter.read(), shared.delivered.load(Ordering::Relaxed));
    shared.arrived.take();
    setting.progress.begin(format_args!("group: sending for {span} s"));
    tokio::time::sleep(Duration::from_secs(span)).await;
    let cpu_us = meter.read().cpu_us_since(usage);
    let delivered = (shared.delivered.load(Ordering::Relaxed) - delivered) as f64;
    let per_second = delivered / began.elapsed().as_secs_f64();
    Measured { cpu_us: cpu_us / delivered, per_second, arrives: shared.arrived.take() }
}

struct Shared {
    is_sending: AtomicBool,
    is_reporting: AtomicBool,
    delivered: AtomicU64,
    /// At the member who is timed, in milliseconds.
    arrived: Timings,
    clock: Clock,
}

impl Shared {
    fn new(clock: Clock) -> Shared {
        Shared {
            is_sending: AtomicBool::new(false),
            is_reporting: AtomicBool::new(false),
            delivered: AtomicU64::new(0),
            arrived: Timings::default(),
            clock,
        }
    }
}

/// Reads; sends by the clock if it is a sender; says how far it got if that is wanted.
struct Member {
    number: usize,
    /// When in each interval it sends, if it does.
    phase_ms: Option<u64>,
    /// Notes how long messages take; one is enough, the others only count.
    is_timed: bool,
    next_at: Moment,
    sent: u64,
    /// The group; 0 before Welcome.
    conversation: u64,
    newest: u64,
    reported: u64,
    report_at: Moment,
    shared: Arc<Shared>,
}

impl Member {
    fn new(number: usize, phase_ms: Option<u64>, is_timed: bool, shared: Arc<Shared>) -> Member {
        let (next_at, report_at) = (Moment::NEVER, Moment(0));
        Member {
            number,
            phase_ms,
            is_timed,
            next_at,
            sent: 0,
            conversation: 0,
            newest: 0,
            reported: 0,
            report_at,
            shared,
        }
    }

    fn send(&mut self, link: &mut Link, now: Moment) {
        self.sent += 1;
        let mut random = [0; 10];
        random[..2].copy_from_slice(&(self.number as u16).to_be_bytes());
        random[2..].copy_from_slice(&self.sent.to_be_bytes());
        let stamp =
            Stamp { book: self.number as u64, written_us: self.shared.clock.micros(), number: self.sent };
        let send = Send {
            conversation: self.conversation,
            send_key: SendKey::new(now.0, random).0.to_vec(),
            kind: kind::TEXT,
            body: stamp.to_body(CHARS),
            silent: false,
        };
        // One that finds no room is not sent: deliveries are counted where they arrive.
        link.request(request::Call::Send(send), now);
    }

    /// When there is something to send next.
    fn send_if_due(&mut self, link: &mut Link, now: Moment) -> Moment {
        let Some(phase_ms) = self.phase_ms else { return Moment::NEVER };
        if self.conversation == 0 || !self.shared.is_sending.load(Ordering::Relaxed) {
            return now + LOOK_AGAIN_MS;
        }
        if self.next_at == Moment::NEVER {
            self.next_at = now + phase_ms;
        }
        if now >= self.next_at {
            self.next_at = self.next_at + EVERY_MS;
            self.send(link, now);
        }
        self.next_at
    }

    /// When there is something to report next.
    fn report_if_due(&mut self, link: &mut Link, now: Moment) -> Moment {
        if self.newest <= self.reported || !self.shared.is_reporting.load(Ordering::Relaxed) {
            return Moment::NEVER;
        }
        if now >= self.report_at {
            let reach = Reach { conversation: self.conversation, delivered: self.newest, read: 0 };
            (self.reported, self.report_at) = (self.newest, now + REPORT_EVERY_MS);
            link.request(request::Call::Reach(ReachAll { positions: vec![reach] }), now);
        }
        self.report_at
    }
}

impl Role for Member {
    fn up(&mut self, welcome: &Welcome, _link: &mut Link, _now: Moment) {
        let heads = welcome.changes.iter().flat_map(|changes| &changes.heads);
        self.conversation = heads.map(|head| head.conversation).next().unwrap_or_default();
    }

    fn pushed(&mut self, what: &push::What, _link: &mut Link, _now: Moment) {
        if let push::What::Event(event) = what {
            self.newest = self.newest.max(event.seq);
            self.shared.delivered.fetch_add(1, Ordering::Relaxed);
            if self.is_timed
                && let Some(stamp) = Stamp::of_body(&event.body)
            {
                let us = self.shared.clock.micros().saturating_sub(stamp.written_us);
                self.shared.arrived.note(us as f64 / 1_000.0);
            }
        }
    }

    fn act(&mut self, link: &mut Link, now: Moment) -> Moment {
        let send_at = self.send_if_due(link, now);
        send_at.min(self.report_if_due(link, now))
    }
}
