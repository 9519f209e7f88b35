//! Coming back after a long time away: how many exchanges and bytes until the list of chats is right, what all that was
//! missed weighs on the wire beside what it weighs in the store, and what reading costs the server.
//!
//! *The list is right* when the client's engine has stored the position of the first page: everything before it is here
//! then. An *exchange* is counted whenever something comes after something was sent; opening the connection (TCP, and the
//! WebSocket on it) is two more.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anser_client_core::local::Save;
use anser_protocol::ids::Position;
use anser_protocol::link::Link;
use anser_protocol::wire::{self, Welcome, answer, request};
use anser_protocol::{AccountId, ConversationId, Moment, SendKey, kind};
use anser_store::sqlite::SqliteStore;
use anser_store::{Append, Conversations, Log};
use anyhow::{Result, ensure};

use crate::clock::Clock;
use crate::driver::{Doing, Happened, Machine};
use crate::figure::Figure;
use crate::fleet::Fleet;
use crate::light::{Idle, Light, Role};
use crate::person::{self, Act, Person};
use crate::raw::echo;
use crate::server::Server;
use crate::setting::Setting;
use crate::talk::stamp::Stamp;
use crate::world::{self, Chat, Plan, Somebody};

/// TCP, and the WebSocket on it.
const OPENING: u64 = 2;
/// Messages that wait for one commit while the world is made.
const AT_ONCE: usize = 512;
/// Messages in one read.
const READ: u64 = 50;
/// A link may ask 200 times a second.
const PAUSE_MS: u64 = 8;
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let mut figures = many_messages(setting).await?;
    figures.extend(many_chats(setting).await?);
    Ok(figures)
}

/// 10,000 missed messages in 20 chats.
async fn many_messages(setting: &Setting) -> Result<Vec<Figure>> {
    let (chats, missed) = setting.size.of((20, 10_000), (3, 30));
    let world = World::make(setting, "missed", chats).await?;
    let stored = world.write(chats, missed / chats as u64).await?;
    let server = world.serve(setting)?;

    let (traffic, seen) = (Arc::new(Traffic::default()), Arc::new(Seen::default()));
    let mut fleet = Fleet::new(server.route(), Clock::start());
    let owner = Somebody::number(setting.seed, 0);
    let role = Looker { seen: seen.clone(), traffic: traffic.clone() };
    let person = Person::new(&owner, role, fleet.presence(), fleet.clock().now());
    let began = Instant::now();
    fleet.spawn(Counted { machine: person, traffic: traffic.clone(), is_waiting: false });
    let has_all = || seen.messages.load(Ordering::Relaxed) >= missed;
    while !(has_all() && seen.is_right.load(Ordering::Relaxed)) {
        let here = seen.messages.load(Ordering::Relaxed);
        ensure!(began.elapsed() < PATIENCE, "only {here} of {missed} messages came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    drop(fleet);
    let bytes = traffic.bytes_down.load(Ordering::Relaxed) as f64;
    let mut figures = vec![
        Figure::new("catch-up.missed.exchanges-until-right", seen.exchanges() + OPENING as f64, "")
            .at_most(4.0),
        Figure::new("catch-up.missed.bytes-until-right", seen.bytes(), "B"),
        Figure::new("catch-up.missed.bytes", bytes, "B").beside(stored),
        Figure::new("catch-up.missed.times-stored", bytes / stored, "x").at_most(1.5),
        Figure::new("catch-up.missed.all-here", seconds, "s"),
    ];
    figures.extend(reads(setting, &server, chats as u64, missed / chats as u64).await?);
    Ok(figures)
}

/// What it costs the server to read a page from a random place of a random chat.
async fn reads(setting: &Setting, server: &Server, chats: u64, length: u64) -> Result<Vec<Figure>> {
    let (links, span) = setting.size.of((64, Duration::from_secs(5)), (2, Duration::from_millis(200)));
    let mut fleet = Fleet::new(server.route(), Clock::start());
    let done = Arc::new(Reads::default());
    // The owner is in all chats; one device may have only so many links, so each reader is the other one of a chat.
    for number in 0..links {
        let who = Somebody::number(setting.seed, 1 + number % chats as usize);
        let role = Reader::new(number as u64, length, done.clone());
        fleet.add(Light::new(&who, Position(0), role, fleet.presence(), fleet.clock().now())).await?;
    }
    fleet.all_up().await?;
    tokio::time::sleep(span / 5).await;
    let meter = server.meter();
    let (before, reads, bytes) = (meter.read(), done.reads(), done.bytes());
    tokio::time::sleep(span).await;
    let cpu_us = meter.read().cpu_us_since(before);
    let (reads, bytes) = (done.reads() - reads, done.bytes() - bytes);
    drop(fleet);
    let page = (bytes / reads).max(1.0) as usize;
    let echo = echo::websocket(setting, links, 1, page).await?;
    Ok(vec![
        Figure::new("catch-up.cpu-per-50-messages", cpu_us / reads, "us").beside(echo).at_most(60.0),
        Figure::new("catch-up.reads", reads / span.as_secs_f64(), "/s"),
    ])
}

/// 2,000 chats of which 5 have changed.
async fn many_chats(setting: &Setting) -> Result<Vec<Figure>> {
    let (chats, changed, resumes) = setting.size.of((2_000, 5, 200), (6, 2, 3));
    let world = World::make(setting, "chats", chats).await?;
    let position = world.position().await?;
    let stored = world.write(changed, 1).await?;
    let server = world.serve(setting)?;

    let traffic = Arc::new(Traffic::default());
    let (mut fleet, heads) = (Fleet::new(server.route(), Clock::start()), Arc::new(AtomicU64::new(0)));
    let owner = Somebody::number(setting.seed, 0);
    let meter = server.meter();
    let comer = Comer { heads: heads.clone() };
    let comer = Light::new(&owner, position, comer, fleet.presence(), fleet.clock().now());
    fleet.spawn(Counted { machine: comer, traffic: traffic.clone(), is_waiting: false });
    fleet.all_up().await?;
    ensure!(heads.load(Ordering::Relaxed) == changed as u64, "other chats than the changed ones were told");
    drop(fleet);
    let before = meter.read();
    for _ in 0..resumes {
        let mut fleet = Fleet::new(server.route(), Clock::start());
        fleet.add(Light::new(&owner, position, Idle, fleet.presence(), fleet.clock().now())).await?;
        fleet.all_up().await?;
    }
    let cpu_us = meter.read().cpu_us_since(before) / f64::from(resumes);
    let (exchanges, bytes) =
        (traffic.exchanges.load(Ordering::Relaxed), traffic.bytes_down.load(Ordering::Relaxed));
    Ok(vec![
        Figure::new("catch-up.few-of-many.exchanges-until-right", (exchanges + OPENING) as f64, "")
            .at_most(4.0),
        Figure::new("catch-up.few-of-many.bytes-until-right", bytes as f64, "B").beside(stored),
        Figure::new("catch-up.few-of-many.times-stored", bytes as f64 / stored, "x").at_most(1.5),
        Figure::new("catch-up.few-of-many.cpu-per-resume", cpu_us, "us"),
    ])
}

/// One person with many chats, each with another person, in a store that no server has open yet.
struct World {
    data: std::path::PathBuf,
    seed: u64,
}

impl World {
    async fn make(setting: &Setting, name: &str, chats: usize) -> Result<World> {
        let chat = |other| Chat { title: None, members: vec![0, other] };
        let plan = Plan { people: chats + 1, chats: (1..=chats).map(chat).collect() };
        let data = setting.dir.join(name);
        setting.progress.begin(format_args!("catch-up: making {chats} chats"));
        world::fill(&data, setting.seed, &plan).await?;
        Ok(World { data, seed: setting.seed })
    }

    /// So many messages in each of the first `chats` chats, written by the others, one in each chat after the other.
    /// Returns what they weigh in the store.
    async fn write(&self, chats: usize, each: u64) -> Result<f64> {
        let store = SqliteStore::open(&self.data)?;
        let mut writing = Vec::new();
        for other in 1..=chats {
            let who = Somebody::number(self.seed, other).account;
            let heads = store.heads_changed(who, Position(0), None, 1).await?.heads;
            ensure!(heads.len() == 1, "everybody else has one chat");
            writing.push((who, heads[0].conversation));
        }
        let mut under_way = VecDeque::new();
        let mut stored = 0.0;
        for number in 1..=each {
            for (who, chat) in &writing {
                let message = message(*who, *chat, number);
                stored += stored_bytes(&message);
                under_way.push_back(store.append(message));
                if under_way.len() >= AT_ONCE
                    && let Some(oldest) = under_way.pop_front()
                {
                    oldest.await?;
                }
            }
        }
        for appended in under_way {
            appended.await?;
        }
        tokio::task::spawn_blocking(move || drop(store)).await?;
        Ok(stored)
    }

    /// Where somebody stands who has everything so far.
    async fn position(&self) -> Result<Position> {
        let store = SqliteStore::open(&self.data)?;
        let owner = Somebody::number(self.seed, 0).account;
        let position = store.heads_changed(owner, Position(0), None, 1).await?.position;
        tokio::task::spawn_blocking(move || drop(store)).await?;
        Ok(position)
    }

    fn serve(&self, setting: &Setting) -> Result<Server> {
        Server::start(&setting.anser, &self.data, &[])
    }
}

fn message(sender: AccountId, conversation: ConversationId, number: u64) -> Append {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&conversation.0.to_be_bytes());
    let now = Moment(1_700_000_000_000 + number * 1_000);
    let body = Stamp { book: 0, written_us: 0, number }.to_body(100);
    Append {
        conversation,
        sender,
        send_key: SendKey::new(now.0, random),
        kind: kind::TEXT,
        body,
        silent: false,
        now,
    }
}

/// A message's row as SQLite writes it, without any index or key of the table: what there is to say, said shortly.
fn stored_bytes(message: &Append) -> f64 {
    let number = |value: u64| match value {
        0 | 1 => 0,
        2..=0x7f => 1,
        0x80..=0x7fff => 2,
        0x8000..=0x7f_ffff => 3,
        0x80_0000..=0x7fff_ffff => 4,
        0x8000_0000..=0x7fff_ffff_ffff => 6,
        _ => 8,
    };
    // The header: a byte for itself and one for each column, two for the body.
    let header = 10;
    let numbers = number(message.conversation.0) + number(message.sender.0) + number(message.now.0);
    // The seq, and the kind.
    let (seq, kind) = (2, 0);
    (header + numbers + seq + kind + message.send_key.0.len() + message.body.len()) as f64
}

/// What went over one client's wire.
#[derive(Default)]
struct Traffic {
    exchanges: AtomicU64,
    bytes_down: AtomicU64,
}

/// A client whose frames are counted.
struct Counted<M> {
    machine: M,
    traffic: Arc<Traffic>,
    /// Something was sent, and nothing has come since.
    is_waiting: bool,
}

impl<M: Machine> Machine for Counted<M> {
    fn handle(&mut self, happened: Happened, now: Moment) {
        if let Happened::Received(_, frame) = &happened {
            self.traffic.bytes_down.fetch_add(frame.len() as u64, Ordering::Relaxed);
            if std::mem::take(&mut self.is_waiting) {
                self.traffic.exchanges.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.machine.handle(happened, now);
    }

    fn poll(&mut self, now: Moment) -> Doing {
        let doing = self.machine.poll(now);
        self.is_waiting |= matches!(doing, Doing::Transmit(_));
        doing
    }
}

/// What a client has stored.
#[derive(Default)]
struct Seen {
    messages: AtomicU64,
    is_right: AtomicBool,
    exchanges_until_right: AtomicU64,
    bytes_until_right: AtomicU64,
}

impl Seen {
    fn exchanges(&self) -> f64 {
        self.exchanges_until_right.load(Ordering::Relaxed) as f64
    }

    fn bytes(&self) -> f64 {
        self.bytes_until_right.load(Ordering::Relaxed) as f64
    }
}

/// Looks at the list, and lets the engine fetch what it wants.
struct Looker {
    seen: Arc<Seen>,
    traffic: Arc<Traffic>,
}

impl person::Role for Looker {
    fn saved(&mut self, rows: &[Save]) {
        let events = rows.iter().filter(|row| matches!(row, Save::Event(event) if !event.silent)).count();
        self.seen.messages.fetch_add(events as u64, Ordering::Relaxed);
        let is_right = rows.iter().any(|row| matches!(row, Save::Synced(_)));
        if is_right && !self.seen.is_right.swap(true, Ordering::Relaxed) {
            let (exchanges, bytes) = (&self.traffic.exchanges, &self.traffic.bytes_down);
            self.seen.exchanges_until_right.store(exchanges.load(Ordering::Relaxed), Ordering::Relaxed);
            self.seen.bytes_until_right.store(bytes.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    fn act(&mut self, _now: Moment) -> Act {
        Act::Wait(Moment::NEVER)
    }
}

/// Counts the heads that Welcome brings.
struct Comer {
    heads: Arc<AtomicU64>,
}

impl Role for Comer {
    fn up(&mut self, welcome: &Welcome, _link: &mut Link, _now: Moment) {
        let heads = welcome.changes.as_ref().map_or(0, |changes| changes.heads.len());
        self.heads.store(heads as u64, Ordering::Relaxed);
    }
}

/// What all readers have read.
#[derive(Default)]
struct Reads {
    reads: AtomicU64,
    bytes: AtomicU64,
}

impl Reads {
    fn reads(&self) -> f64 {
        self.reads.load(Ordering::Relaxed) as f64
    }

    fn bytes(&self) -> f64 {
        self.bytes.load(Ordering::Relaxed) as f64
    }
}

/// Reads one page after the other.
struct Reader {
    dice: u64,
    length: u64,
    conversation: u64,
    is_waiting: bool,
    not_before: Moment,
    done: Arc<Reads>,
}

impl Reader {
    fn new(number: u64, length: u64, done: Arc<Reads>) -> Reader {
        let (conversation, is_waiting, not_before) = (0, false, Moment(0));
        Reader { dice: number + 1, length, conversation, is_waiting, not_before, done }
    }

    fn page(&mut self) -> RangeInclusive<u64> {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let places = self.length.saturating_sub(READ).max(1);
        let first = 1 + (self.dice >> 33) % places;
        first..=first + READ - 1
    }
}

impl Role for Reader {
    fn up(&mut self, welcome: &Welcome, _link: &mut Link, _now: Moment) {
        let heads = welcome.changes.as_ref().map(|changes| changes.heads.as_slice()).unwrap_or_default();
        self.conversation = heads.first().map_or(0, |head| head.conversation);
    }

    fn down(&mut self) {
        self.is_waiting = false;
    }

    fn answered(
        &mut self,
        _id: u32,
        result: &Result<answer::Result, wire::Error>,
        _link: &mut Link,
        now: Moment,
    ) {
        self.is_waiting = false;
        match result {
            Ok(answer::Result::Range(range)) => {
                let bytes = prost::Message::encoded_len(range);
                self.done.reads.fetch_add(1, Ordering::Relaxed);
                self.done.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
                self.not_before = now + PAUSE_MS;
            }
            Err(error) => self.not_before = now + u64::from(error.retry_after_ms).max(1),
            Ok(_) => {}
        }
    }

    fn act(&mut self, link: &mut Link, now: Moment) -> Moment {
        if self.is_waiting || self.conversation == 0 {
            return Moment::NEVER;
        }
        if now < self.not_before {
            return self.not_before;
        }
        let page = self.page();
        let (first, last, limit) = (*page.start(), *page.end(), READ as u32);
        let call = wire::GetRange { conversation: self.conversation, first, last, limit, newest: false };
        self.is_waiting = link.request(request::Call::GetRange(call), now).is_some();
        Moment::NEVER
    }
}
