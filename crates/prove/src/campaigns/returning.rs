//! Campaign `return`: the server is restarted under thousands of clients, and all are back within a minute, spread out
//! and not in waves (spec L4).

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rand::Rng;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::light::{Diary, Happening, Light};
use crate::people;
use crate::proof::Proof;
use crate::server::Server;
use crate::setting::{Rounds, Setting};

/// Spec L4.
const BACK_WITHIN: Duration = Duration::from_secs(60);
/// No tenth of a second may see more tries than this share of the clients: full jitter makes an eighth of back-offs that
/// have had a second to grow, and less of older ones.
const SHARE_PER_TENTH_MAX: f64 = 0.25;
/// Addresses of this machine that the clients share: each has only so many ports.
const ADDRESSES: usize = 16;

/// How the server goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Going {
    /// SIGKILL: nobody is told anything.
    Killed,
    /// SIGTERM: each is told when to come back.
    Stopped,
}

/// Both ways to go, and clients without jitter of their own, which come in waves.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let clients = setting.scale(400, 5_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    raise_open_files()?;
    let few = setting.scale(200, 1_000);
    let again = |clients, going, jitter| restart(setting, &runtime, clients, going, jitter);
    // Beside each other, since both mostly wait.
    let (killed, waves) = std::thread::scope(|scope| {
        let waves = scope.spawn(|| again(few, Going::Killed, Jitter::OfAll));
        (again(clients, Going::Killed, Jitter::OfEach), waves.join())
    });
    let what = "clients come back after the server was killed and stayed away";
    let mut proofs = vec![killed?.judged(what, clients)];
    let Ok(waves) = waves else { bail!("the thread of the mutant panicked") };
    let what = "all clients draw the same delays and come in waves";
    proofs.push(Proof::caught("L4", "one-jitter-for-all", what, waves?.problems(few)));
    if setting.rounds == Rounds::Full {
        let what = "clients come back after the server was stopped and stayed away";
        proofs.push(again(clients, Going::Stopped, Jitter::OfEach)?.judged(what, clients));
    }
    Ok(proofs)
}

/// Whose dice decide the delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Jitter {
    OfEach,
    /// A known-bad client.
    OfAll,
}

/// What was seen of one restart.
struct Seen {
    /// Seconds after the server was ready again, of each client that came back.
    back: Vec<f64>,
    /// The most tries in any tenth of a second, and in any second, since the server was ready again.
    tries_in_a_tenth: usize,
    tries_in_a_second: usize,
}

impl Seen {
    fn problems(&self, clients: usize) -> Vec<String> {
        let mut problems = Vec::new();
        if self.back.len() < clients {
            problems.push(format!("{} clients never came back", clients - self.back.len()));
        }
        let late = self.back.iter().filter(|seconds| **seconds > BACK_WITHIN.as_secs_f64()).count();
        if late > 0 {
            problems.push(format!("{late} clients took longer than {BACK_WITHIN:?}"));
        }
        let most = clients as f64 * SHARE_PER_TENTH_MAX;
        if self.tries_in_a_tenth as f64 > most {
            problems.push(format!("{} tries in a tenth of a second, {most} allowed", self.tries_in_a_tenth));
        }
        problems
    }

    fn judged(&self, what: &str, clients: usize) -> Proof {
        let proof = Proof::judged("L4", what, clients as u64, self.problems(clients));
        let mut back = self.back.clone();
        back.sort_by(f64::total_cmp);
        let at = |share: f64| back.get((back.len() as f64 * share) as usize).or(back.last()).copied();
        proof
            .figure("back_p50_s", at(0.5).unwrap_or(0.0))
            .figure("back_p95_s", at(0.95).unwrap_or(0.0))
            .figure("back_last_s", back.last().copied().unwrap_or(0.0))
            .figure("tries_in_a_tenth_max", self.tries_in_a_tenth as f64)
            .figure("tries_in_a_second_max", self.tries_in_a_second as f64)
    }
}

/// Each link is an open file here too.
fn raise_open_files() -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

fn restart(
    setting: &Setting,
    runtime: &Runtime,
    clients: usize,
    going: Going,
    jitter: Jitter,
) -> Result<Seen> {
    let data = setting.folder(format!("{going:?}-{jitter:?}").to_lowercase())?;
    let tokens = people::make_devices(&data, clients)?;
    let mut server = Server::start(&setting.anser, &data)?;
    let diary = Diary::default();
    let mut dice = setting.choices(u64::from(going == Going::Killed));
    let mut seed = [0; 32];
    let lights: Vec<Light> = tokens
        .into_iter()
        .enumerate()
        .map(|(number, token)| {
            if number == 0 || jitter == Jitter::OfEach {
                dice.fill_bytes(&mut seed);
            }
            let from = Ipv4Addr::new(127, 0, 1, (number % ADDRESSES) as u8 + 1);
            Light { number, server: server.address(), from, token, seed, pace: 1 }
        })
        .collect();
    let tasks = Tasks(runtime.block_on(begin(lights, &diary)));
    runtime.block_on(until_all_are_up(&diary, clients)).context("at the beginning")?;

    match going {
        Going::Killed => server.kill()?,
        Going::Stopped => server.stop()?,
    }
    // As one that is updated: the back-offs grow meanwhile.
    std::thread::sleep(Duration::from_secs(setting.scale(1, 6)));
    server.start_again()?;
    let ready_at = Instant::now();
    let all_back = runtime.block_on(until_all_are_up(&diary, clients));
    drop(tasks);
    if let Err(error) = all_back {
        eprintln!("{error:#}");
    }
    Ok(look(&diary, ready_at))
}

/// Ends its clients when it goes.
struct Tasks(Vec<JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

/// Spread over some seconds: how they come the first time is not what is tried here.
async fn begin(lights: Vec<Light>, diary: &Diary) -> Vec<JoinHandle<()>> {
    let mut tasks = Vec::new();
    for light in lights {
        tasks.push(tokio::spawn(light.live(diary.clone())));
        if tasks.len() % 20 == 0 {
            sleep(Duration::from_millis(20)).await;
        }
    }
    tasks
}

async fn until_all_are_up(diary: &Diary, clients: usize) -> Result<()> {
    let began = Instant::now();
    while diary.up_count() < clients {
        let up = diary.up_count();
        ensure!(began.elapsed() < 2 * BACK_WITHIN, "only {up} of {clients} clients are up");
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

fn look(diary: &Diary, ready_at: Instant) -> Seen {
    let entries = diary.read();
    let since = |what| {
        let those = entries.iter().filter(move |(_, at, happening)| *happening == what && *at >= ready_at);
        those.map(|(_, at, _)| at.duration_since(ready_at).as_secs_f64()).collect::<Vec<f64>>()
    };
    let (back, mut tries) = (since(Happening::Up), since(Happening::Tried));
    tries.sort_by(f64::total_cmp);
    Seen { back, tries_in_a_tenth: most_within(&tries, 0.1), tries_in_a_second: most_within(&tries, 1.0) }
}

/// The most of these moments that lie within so many seconds.
fn most_within(moments: &[f64], seconds: f64) -> usize {
    let from =
        |first: usize| moments[first..].iter().take_while(|at| **at < moments[first] + seconds).count();
    (0..moments.len()).map(from).max().unwrap_or(0)
}
