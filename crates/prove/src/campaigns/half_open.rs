//! Campaign `half-open`: a connection silently stops carrying in one direction or in both, and each end notices within
//! one interval and five seconds (spec L3).

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anser_protocol::limits;
use anyhow::{Context, Result};
use rand::RngExt;

use crate::light::{Diary, Happening, Light};
use crate::metrics;
use crate::people;
use crate::proof::Proof;
use crate::proxy::{Cut, Proxy, Weather};
use crate::server::Server;
use crate::setting::Setting;

/// How many times as fast as the world's the clocks of both ends run.
const PACE: u64 = 20;
/// What a busy machine may add, in the world's time.
const SLACK: Duration = Duration::from_millis(750);
/// What takes longer than this does not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Some cuts of each kind, each at a random moment of the rhythm; and the judge shown that an end which notices
/// nothing is named.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let rounds = setting.scale(1, 8);
    let data = setting.folder("server")?;
    let token = people::make_devices(&data, 1)?.remove(0);
    let server = Server::start_with(&setting.anser, &data, &[("ANSER_PACE", &PACE.to_string())], &[])?;
    let scene = Scene { setting, server, token };
    let mut dice = setting.choices(0);
    let mut seen = Vec::new();
    for round in 0..rounds {
        for cut in [Cut::ToServer, Cut::ToClient, Cut::Both] {
            let into_ms = dice.random_range(0..u64::from(limits::HEARTBEAT_MS));
            let name = format!("cut {round}, {cut:?}, {} s into the rhythm", into_ms / 1_000);
            seen.push((name, scene.cut(cut, into_ms)?));
        }
    }
    let problems = seen.iter().flat_map(|(name, noticed)| noticed.problems(name)).collect();
    let what = "cuts in one direction or both: both ends notice within an interval and 5 s";
    let longest = |of: fn(&Noticed) -> Option<Duration>| {
        let times = seen.iter().filter_map(|(_, noticed)| of(noticed));
        times.max().unwrap_or_default().as_secs_f64() * PACE as f64
    };
    let proof = Proof::judged("L3", what, seen.len() as u64, problems)
        .figure("client_longest_s", longest(|noticed| noticed.by_client))
        .figure("server_longest_s", longest(|noticed| noticed.by_server));
    // Nothing is cut: neither end has anything to notice, and the judge must say that none did.
    let nothing = scene.cut(Cut::Nothing, 0)?;
    let what = "ends that notice nothing are named";
    Ok(vec![proof, Proof::caught("L3", "no-cut", what, nothing.problems("no cut"))])
}

struct Scene<'a> {
    setting: &'a Setting,
    server: Server,
    token: Vec<u8>,
}

/// How long after the cut each end called the link dead; `None`: not in time.
struct Noticed {
    by_client: Option<Duration>,
    by_server: Option<Duration>,
}

impl Noticed {
    fn problems(&self, name: &str) -> Vec<String> {
        let ends = [("client", self.by_client), ("server", self.by_server)];
        let blind = ends.into_iter().filter(|(_, noticed)| noticed.is_none_or(|after| after > limit()));
        blind.map(|(end, after)| format!("{name}: the {end} noticed after {after:?}")).collect()
    }
}

/// One interval and five seconds, by the faster clocks.
fn limit() -> Duration {
    let agreed_ms = u64::from(limits::HEARTBEAT_MS) + limits::HEARTBEAT_GRACE_MS;
    Duration::from_millis(agreed_ms / PACE) + SLACK
}

impl Scene<'_> {
    /// A new link that is cut so long after it came up.
    fn cut(&self, cut: Cut, into_ms: u64) -> Result<Noticed> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let proxy = Proxy::start(self.server.address(), Weather::fair(), self.setting.seed)?;
        let diary = Diary::default();
        let light = Light {
            number: 0,
            server: proxy.address(),
            from: Ipv4Addr::LOCALHOST,
            token: self.token.clone(),
            seed: [7; 32],
            pace: PACE,
        };
        runtime.spawn(light.live(diary.clone()));
        wait_until(PATIENCE, || Ok(diary.up_count() == 1))?.context("the client never linked")?;
        wait_until(PATIENCE, || Ok(sessions(self.server.address())? == 1))?.context("no session")?;
        std::thread::sleep(Duration::from_millis(into_ms / PACE));

        proxy.set(Weather::cut(cut));
        let cut_at = Instant::now();
        let mut noticed = Noticed { by_client: None, by_server: None };
        wait_until(limit() + SLACK, || {
            let down = diary.read().into_iter().find(|(_, _, happening)| *happening == Happening::Down);
            noticed.by_client = down.map(|(_, at, _)| at.saturating_duration_since(cut_at));
            if noticed.by_server.is_none() && sessions(self.server.address())? == 0 {
                noticed.by_server = Some(cut_at.elapsed());
            }
            Ok(noticed.by_client.is_some() && noticed.by_server.is_some())
        })?;
        // Ending the client and the proxy ends whatever is left of the link.
        drop(runtime);
        drop(proxy);
        wait_until(PATIENCE, || Ok(sessions(self.server.address())? == 0))?.context("a session stayed")?;
        Ok(noticed)
    }
}

/// `None` if it did not come true in time.
fn wait_until(limit: Duration, mut is_so: impl FnMut() -> Result<bool>) -> Result<Option<()>> {
    let began = Instant::now();
    while began.elapsed() < limit {
        if is_so()? {
            return Ok(Some(()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(None)
}

/// Live sessions, as the server itself says.
fn sessions(server: SocketAddr) -> Result<u64> {
    metrics::number(server, "anser_sessions")
}
