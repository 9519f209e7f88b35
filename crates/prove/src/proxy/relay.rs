//! One connection through the proxy: two directions, one fate.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep, sleep_until};

use super::{Shared, Weather};

/// What one read takes at most.
const PIECE_BYTES: usize = 16 * 1024;
/// Between the halves of a piece that is split: long enough to arrive as two.
const SPLIT_PAUSE: Duration = Duration::from_millis(3);

/// What becomes of a connection, drawn when it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Refused,
    ResetAt(Instant),
    HalfOpenAt(Instant),
    Lives,
}

pub(super) struct Relay {
    shared: Arc<Shared>,
    choices: ChaCha8Rng,
}

impl Relay {
    /// The choices of a connection follow from the seed and its number, whatever others do.
    pub(super) fn new(shared: Arc<Shared>, seed: u64, number: u64) -> Relay {
        let mut choices = ChaCha8Rng::seed_from_u64(seed);
        choices.set_stream(number);
        Relay { shared, choices }
    }

    pub(super) async fn run(mut self, mut client: TcpStream) {
        let mut resets = self.shared.resets.subscribe();
        let fate = self.draw_fate();
        let upstream = *self.shared.upstream.lock().unwrap_or_else(PoisonError::into_inner);
        let server = match fate {
            Fate::Refused => None,
            // A server that is down refuses, and so do we.
            _ => TcpStream::connect(upstream).await.ok(),
        };
        let Some(mut server) = server else {
            count(&self.shared.counts.refused);
            return reset(&client);
        };
        // Each piece goes on as it came; a socket that refuses to be told so delays at most.
        let _best_effort = (client.set_nodelay(true), server.set_nodelay(true));
        let is_reset = {
            let carrying = self.carry(&mut client, &mut server, fate);
            tokio::select! {
                () = carrying => false,
                () = until_reset(fate) => true,
                _ = resets.changed() => true,
            }
        };
        if is_reset {
            count(&self.shared.counts.reset);
            reset(&client);
            reset(&server);
        }
    }

    fn draw_fate(&mut self) -> Fate {
        let weather = self.shared.weather.borrow().clone();
        let at = Instant::now() + Duration::from_millis(self.choices.random_range(weather.fate_ms));
        // One throw for all three, so that their chances add up.
        let throw = self.choices.random_range(0..1000);
        let (refused, reset) = (weather.refused_per_mille, weather.reset_per_mille);
        if throw < refused {
            Fate::Refused
        } else if throw < refused + reset {
            Fate::ResetAt(at)
        } else if throw < refused + reset + weather.half_open_per_mille {
            Fate::HalfOpenAt(at)
        } else {
            Fate::Lives
        }
    }

    /// Until both directions have ended. What one end closes is closed at the other.
    async fn carry(&mut self, client: &mut TcpStream, server: &mut TcpStream, fate: Fate) {
        let life = Life { is_dead: false, moved_at: Instant::now() };
        let flow = Arc::new(Flow { shared: self.shared.clone(), fate, life: Mutex::new(life) });
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let up = Direction { flow: flow.clone(), to_server: true, choices: self.fork() };
        let down = Direction { flow, to_server: false, choices: self.fork() };
        // An error ends one direction; the other notices by itself, as it would on a real network.
        let _ends = tokio::join!(up.carry(from_client, to_server), down.carry(from_server, to_client));
    }

    fn fork(&mut self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.choices.random())
    }
}

/// What the two directions of a connection have in common.
struct Flow {
    shared: Arc<Shared>,
    fate: Fate,
    life: Mutex<Life>,
}

struct Life {
    /// Nothing is carried any more, and nobody is told.
    is_dead: bool,
    moved_at: Instant,
}

impl Flow {
    /// Whether what arrives now is carried on.
    fn carries(&self, weather: &Weather, to_server: bool) -> bool {
        let now = Instant::now();
        let forgets_after = weather.forgets_after_ms.map(Duration::from_millis);
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        if !life.is_dead {
            if let Fate::HalfOpenAt(at) = self.fate
                && now >= at
            {
                count(&self.shared.counts.half_open);
                life.is_dead = true;
            } else if forgets_after.is_some_and(|after| now.duration_since(life.moved_at) > after) {
                count(&self.shared.counts.forgotten);
                life.is_dead = true;
            }
        }
        let carries = !life.is_dead && !weather.cut.concerns(to_server);
        if carries {
            let silence_ms = u64::try_from(now.duration_since(life.moved_at).as_millis()).unwrap_or(u64::MAX);
            self.shared.counts.longest_silence_ms.fetch_max(silence_ms, Ordering::Relaxed);
            life.moved_at = now;
        }
        carries
    }
}

struct Direction {
    flow: Arc<Flow>,
    to_server: bool,
    choices: ChaCha8Rng,
}

impl Direction {
    async fn carry(mut self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> io::Result<()> {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let length = from.read(&mut piece).await?;
            let weather = self.flow.shared.weather.borrow().clone();
            let carries = self.flow.carries(&weather, self.to_server);
            if length == 0 {
                // Even the goodbye is lost on a dead connection: then the other end has to find out by itself.
                return if carries { to.shutdown().await } else { std::future::pending().await };
            }
            if carries {
                self.pass(&piece[..length], &mut to, &weather).await?;
            }
        }
    }

    async fn pass(&mut self, piece: &[u8], to: &mut WriteHalf<'_>, weather: &Weather) -> io::Result<()> {
        if self.happens(weather.delayed_per_mille) {
            count(&self.flow.shared.counts.delayed);
            let delay = self.choices.random_range(weather.delay_ms.clone());
            sleep(Duration::from_millis(delay)).await;
        }
        if let Some(rate) = weather.bytes_per_second {
            sleep(Duration::from_micros(piece.len() as u64 * 1_000_000 / rate.max(1))).await;
        }
        if piece.len() > 1 && self.happens(weather.split_per_mille) {
            count(&self.flow.shared.counts.split);
            let (first, second) = piece.split_at(self.choices.random_range(1..piece.len()));
            to.write_all(first).await?;
            sleep(SPLIT_PAUSE).await;
            return to.write_all(second).await;
        }
        to.write_all(piece).await
    }

    fn happens(&mut self, per_mille: u32) -> bool {
        self.choices.random_range(0..1000) < per_mille
    }
}

async fn until_reset(fate: Fate) {
    match fate {
        Fate::ResetAt(at) => sleep_until(at).await,
        Fate::Refused | Fate::HalfOpenAt(_) | Fate::Lives => std::future::pending().await,
    }
}

/// The next close of this socket is an RST: what was on its way is lost.
fn reset(socket: &TcpStream) {
    // Where that cannot be had, an ordinary close has to do.
    let _best_effort = socket.set_zero_linger();
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
