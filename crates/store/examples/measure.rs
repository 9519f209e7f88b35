//! Measures the store beside the raw disk: `measure <dir> <chats> <seconds> [fill]`.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, Moment, SendKey, Seq, kind};
use anser_store::sqlite::SqliteStore;
use anser_store::{Accounts, Append, Appended, Conversations, Log, NewAccount, NewDevice, Range, StoreError};
use futures_executor::block_on;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;

/// A 100-byte body and what identifies it.
const ROW_BYTES: usize = 150;

struct Random(u64);
impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}

fn cpu_us() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    let _ = stat;
    // All threads, living.
    let mut total = 0;
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let path = task.unwrap().path().join("schedstat");
        if let Ok(text) = std::fs::read_to_string(path) {
            total += text.split(' ').next().unwrap().parse::<u64>().unwrap();
        }
    }
    total / 1000
}

fn writer_cpu_us() -> u64 {
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let path = task.unwrap().path();
        if std::fs::read_to_string(path.join("comm")).is_ok_and(|it| it.trim() == "store-writer") {
            let text = std::fs::read_to_string(path.join("schedstat")).unwrap();
            return text.split(' ').next().unwrap().parse::<u64>().unwrap() / 1000;
        }
    }
    0
}

fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    let line = io.lines().find_map(|it| it.strip_prefix("wchar: ")).unwrap();
    line.parse().unwrap()
}

fn raw(dir: &Path, in_flight: usize, time: Duration) -> f64 {
    let path = dir.join("raw");
    let mut file = File::create(&path).unwrap();
    let rows = vec![7; ROW_BYTES * in_flight];
    let began = Instant::now();
    let mut n = 0;
    while began.elapsed() < time {
        file.write_all(&rows).unwrap();
        file.sync_data().unwrap();
        n += in_flight;
    }
    let rate = n as f64 / began.elapsed().as_secs_f64();
    drop(file);
    std::fs::remove_file(path).unwrap();
    rate
}

struct World {
    chats: u64,
    random: Random,
    clock: u64,
}

fn account(n: u64) -> AccountId {
    // As random as real ones.
    AccountId(n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16)
}

impl World {
    fn message(&mut self) -> Append {
        let chat = self.random.next() % self.chats;
        let side = self.random.next() % 2;
        self.clock += 1;
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.random.next().to_be_bytes());
        let now = 1_700_000_000_000 + self.clock / 50;
        Append {
            conversation: ConversationId(chat + 1),
            sender: account(chat * 2 + side),
            send_key: SendKey::new(now, random),
            kind: kind::TEXT,
            body: vec![b'x'; 100],
            silent: false,
            now: Moment(now),
        }
    }
}

fn prepare(store: &SqliteStore, chats: u64) {
    let now = Moment(1_700_000_000_000);
    for first in (0..chats * 2).step_by(1000) {
        let waiting = (first..(first + 1000).min(chats * 2)).map(|n| {
            let mut token_hash = [0; 32];
            token_hash[..8].copy_from_slice(&account(n).0.to_be_bytes());
            let new = NewAccount {
                id: account(n),
                handle: format!("person{n}"),
                display_name: format!("Person {n}"),
                password_hash: "$argon2id$".to_owned(),
            };
            store.create_account(new, NewDevice { name: "phone".to_owned(), token_hash }, now)
        });
        for result in block_on(join_all(waiting)) {
            result.unwrap();
        }
    }
    for first in (0..chats).step_by(1000) {
        let waiting = (first..(first + 1000).min(chats))
            .map(|n| store.open_direct(account(n * 2), account(n * 2 + 1), (kind::CREATED, vec![]), now));
        for result in block_on(join_all(waiting)) {
            result.unwrap();
        }
    }
}

struct Timed {
    began: Instant,
    future: futures_util::future::BoxFuture<'static, Result<Appended, StoreError>>,
}
impl std::future::Future for Timed {
    type Output = Duration;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Duration> {
        match self.future.as_mut().poll(cx) {
            Poll::Ready(result) => {
                result.unwrap();
                Poll::Ready(self.began.elapsed())
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

fn drive(
    store: &SqliteStore,
    world: &mut World,
    in_flight: usize,
    until: impl Fn(u64, Duration) -> bool,
) -> (u64, Duration, Vec<Duration>) {
    let mut waiting = FuturesUnordered::new();
    let mut times = Vec::new();
    let began = Instant::now();
    let mut done = 0;
    let mut put = |waiting: &FuturesUnordered<Timed>| {
        let message = world.message();
        waiting.push(Timed { began: Instant::now(), future: store.append(message) });
    };
    for _ in 0..in_flight {
        put(&waiting);
    }
    block_on(async {
        while let Some(took) = waiting.next().await {
            done += 1;
            times.push(took);
            if !until(done, began.elapsed()) {
                put(&waiting);
            }
        }
    });
    (done, began.elapsed(), times)
}

fn measure(store: &SqliteStore, world: &mut World, in_flight: usize, time: Duration) -> f64 {
    let (cpu, writer, bytes) = (cpu_us(), writer_cpu_us(), written());
    let (done, took, mut times) = drive(store, world, in_flight, |_, took| took > time);
    let (cpu, writer, bytes) = (cpu_us() - cpu, writer_cpu_us() - writer, written() - bytes);
    times.sort();
    let rate = done as f64 / took.as_secs_f64();
    let per = |n: u64| n as f64 / done as f64;
    println!(
        "  store {in_flight:>4} in flight: {rate:>9.0}/s  cpu {:>6.1} us  writer {:>6.1} us  {:>7.0} B each  p50 {:?} p99 {:?} max {:?}",
        per(cpu),
        per(writer),
        per(bytes),
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1]
    );
    rate
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let dir = Path::new(&words[1]);
    let chats: u64 = words[2].parse().unwrap();
    let time = Duration::from_secs_f64(words[3].parse().unwrap());
    let fill: u64 = words.get(4).map_or(0, |it| it.parse().unwrap());
    std::fs::create_dir_all(dir).unwrap();
    println!("load {}", std::fs::read_to_string("/proc/loadavg").unwrap().trim());
    let data = dir.join("data");
    let old = data.join("anser.db").exists();
    let began = Instant::now();
    let store = SqliteStore::open(&data).unwrap();
    println!("open {:?}", began.elapsed());
    if !old {
        prepare(&store, chats);
    }
    println!("prepared {chats} chats");
    let mut world =
        World { chats, random: Random(88172645463325252 ^ began.elapsed().as_nanos() as u64), clock: 0 };
    if old {
        world.clock = 1 << 40;
    }
    let sets: &[usize] = if words.get(5).is_some() { &[256] } else { &[1, 16, 256] };
    for &in_flight in sets {
        let raw = raw(dir, in_flight, time / 2);
        let rate = measure(&store, &mut world, in_flight, time);
        println!("  raw {raw:>9.0}/s   ratio {:.3}", rate / raw);
    }
    if fill > 0 {
        let mut filled = 0;
        while filled < fill {
            let part = (fill - filled).min(1_000_000);
            let (done, took, _) = drive(&store, &mut world, 2048, |done, _| done + 2048 > part);
            filled += done;
            println!("filled {filled} at {:.0}/s", done as f64 / took.as_secs_f64());
        }
        for &in_flight in sets {
            let raw = raw(dir, in_flight, time / 2);
            let rate = measure(&store, &mut world, in_flight, time);
            println!("  raw {raw:>9.0}/s   ratio {:.3}", rate / raw);
        }
    }
    let mut times = Vec::new();
    for _ in 0..2000 {
        let chat = world.random.next() % chats;
        let range = Range { first: Seq(1), last: Seq(u64::MAX), limit: 50, bytes_max: 1 << 20, newest: true };
        let began = Instant::now();
        block_on(store.range(account(chat * 2), ConversationId(chat + 1), range)).unwrap();
        times.push(began.elapsed());
    }
    times.sort();
    println!("last 50: p50 {:?} p99 {:?}", times[1000], times[1980]);
    let cpu = cpu_us();
    for _ in 0..2000 {
        let chat = world.random.next() % chats;
        block_on(store.heads_changed(account(chat * 2), Position(0), None, 50)).unwrap();
    }
    println!("heads of one chat: {:.1} us cpu", (cpu_us() - cpu) as f64 / 2000.0);
    let began = Instant::now();
    drop(store);
    println!("close {:?}", began.elapsed());
    let size = data.join("anser.db").metadata().unwrap().len();
    println!("file {size} bytes");
    let began = Instant::now();
    let store = SqliteStore::open(&data).unwrap();
    println!("open {:?}", began.elapsed());
    drop(store);
}
