//! Campaign `nat`: behind a network that forgets idle connections after one, two and five minutes, a real client learns
//! how long it may be silent, and still knows it after it was killed (spec L2).

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anser_client::{Carrier, Client, ClientConfig, Command, Event, Outcome, view::SessionView};
use anyhow::{Result, bail, ensure};

use crate::child;
use crate::proof::Proof;
use crate::proxy::{Proxy, Weather};
use crate::server::Server;
use crate::setting::Setting;

/// The role of the client: it signs in and then does nothing at all.
pub const IDLER: &str = "idler";

/// What a child may take to start and to sign in.
const PATIENCE: Duration = Duration::from_secs(60);

/// One network, and how long its client is watched, in seconds of the faster clocks.
struct Network {
    forgets_after_s: u64,
    /// The links that it costs to learn of it.
    lost_to_learn: u64,
    /// By then the client must have learned.
    learning_s: u64,
    /// After that it is killed, and watched again for so long.
    watched_s: u64,
}

/// Behind the most patient one nothing is lost: the slow pull ends every silence within five minutes.
const NETWORKS: [Network; 3] = [
    Network { forgets_after_s: 60, lost_to_learn: 1, learning_s: 600, watched_s: 140 },
    Network { forgets_after_s: 120, lost_to_learn: 2, learning_s: 1_400, watched_s: 400 },
    Network { forgets_after_s: 300, lost_to_learn: 0, learning_s: 1_400, watched_s: 850 },
];

/// So long after the last break the client has noticed it, and written down what it learned.
const NOTICED_S: u64 = 60;

/// All networks beside each other, since everybody mostly waits.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    // The faster, the less an answer may be late on a busy machine: five seconds become so much less.
    let pace = setting.scale(30, 20);
    let networks = setting.scale(&NETWORKS[..1], &NETWORKS[..]);
    let faster = [("ANSER_PACE", &*pace.to_string())];
    let server = Server::start_with(&setting.anser, &setting.folder("server")?, &faster, &[])?;
    let worlds = std::thread::scope(|scope| {
        let mut worlds = Vec::new();
        for network in networks {
            let world = World { setting, server: &server, pace, network };
            worlds.push(scope.spawn(move || world.prove()));
        }
        // A client that does not name its network keeps the server's beat: the judge must call it timid.
        let network = &NETWORKS[1];
        let world = World { setting, server: &server, pace, network };
        worlds.push(scope.spawn(move || world.show_a_client_that_does_not_adapt()));
        worlds.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let mut proofs = Vec::new();
    for world in worlds {
        let Ok(proof) = world else { bail!("the thread of a network panicked") };
        proofs.push(proof?);
    }
    Ok(proofs)
}

#[derive(Clone, Copy)]
struct World<'a> {
    setting: &'a Setting,
    server: &'a Server,
    pace: u64,
    network: &'a Network,
}

impl World<'_> {
    fn prove(self) -> Result<Proof> {
        let forgets = self.network.forgets_after_s;
        let name = format!("nat{forgets}");
        let learning = self.live(&name, &name, self.network.learning_s, self.network.lost_to_learn)?;
        // Another proxy, so that only the second life is counted; the client is the same, and so is its network.
        let watched = self.live(&name, &name, self.network.watched_s, 0)?;
        let mut problems = self.judge(&watched);
        if learning.lost < self.network.lost_to_learn {
            problems.push(format!("{} links were lost, too few to have found the edge", learning.lost));
        }
        let what = format!(
            "behind a network that forgets after {forgets} s: links lost to learn, and none after a kill"
        );
        let proof = Proof::judged("L2", what, learning.lost, problems);
        Ok(proof
            .figure("forgets_after_s", forgets as f64)
            .figure("longest_silence_s", watched.longest_silence_s))
    }

    fn show_a_client_that_does_not_adapt(self) -> Result<Proof> {
        let too_long = "n".repeat(anser_protocol::limits::NETWORK_NAME_BYTES_MAX + 1);
        let watched = self.live("fixed", &too_long, 100, 0)?;
        let what = "a client that keeps the first beat is called timid";
        Ok(Proof::caught("L2", "fixed-beat", what, self.judge(&watched)))
    }

    fn judge(&self, watched: &Life) -> Vec<String> {
        let forgets = self.network.forgets_after_s as f64;
        let Life { lost, longest_silence_s } = *watched;
        let mut problems = Vec::new();
        if lost > 0 {
            problems.push(format!("{lost} links were lost by one who had learned"));
        }
        if longest_silence_s > forgets {
            problems.push(format!("{longest_silence_s:.0} s of silence were survived, which cannot be"));
        }
        if longest_silence_s < forgets * 0.6 {
            problems.push(format!("no silence longer than {longest_silence_s:.0} s was dared"));
        }
        problems
    }

    /// One life of an idle client, ended by SIGKILL after so long, or earlier if it has lost so many links (0: it is to
    /// lose none).
    fn live(self, name: &str, network: &str, seconds: u64, to_lose: u64) -> Result<Life> {
        let forgets_after_ms = Some(self.network.forgets_after_s * 1_000 / self.pace);
        let weather = Weather { forgets_after_ms, ..Weather::fair() };
        let proxy = Proxy::start(self.server.address(), weather, self.setting.seed)?;
        let dir = self.setting.dir.join(name);
        let idler = Idler::start(&proxy.url(), &dir, name, network, self.pace)?;
        wait_for_a_link(&proxy)?;
        let began = Instant::now();
        while began.elapsed() < self.faster(seconds) {
            if to_lose > 0 && proxy.counts().forgotten() >= to_lose {
                std::thread::sleep(self.faster(NOTICED_S));
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(idler);
        let longest_silence_s = (proxy.counts().longest_silence_ms() * self.pace) as f64 / 1_000.0;
        Ok(Life { lost: proxy.counts().forgotten(), longest_silence_s })
    }

    /// So long by the world's clock.
    fn faster(self, seconds: u64) -> Duration {
        Duration::from_millis(seconds * 1_000 / self.pace)
    }
}

/// What a proxy saw of one life of a client.
struct Life {
    /// Links that the network forgot.
    lost: u64,
    /// The longest silence that a link survived, in seconds of the client's clock.
    longest_silence_s: f64,
}

fn wait_for_a_link(proxy: &Proxy) -> Result<()> {
    let began = Instant::now();
    while proxy.counts().connections() == 0 {
        ensure!(began.elapsed() < PATIENCE, "the client never came");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// A client in a process of its own, killed when this is dropped.
struct Idler(Child);

impl Idler {
    fn start(url: &str, dir: &Path, handle: &str, network: &str, pace: u64) -> Result<Idler> {
        let dir = dir.display().to_string();
        let mut command = child::command(IDLER, &[url, &dir, handle, network])?;
        command.env("ANSER_PACE", pace.to_string()).stdin(Stdio::null());
        Ok(Idler(command.spawn()?))
    }
}

impl Drop for Idler {
    fn drop(&mut self) {
        // It may have ended by itself; that shows in what its proxy has seen.
        let _gone = (self.0.kill(), self.0.wait());
    }
}

/// The role: words are the server's address, the data directory, the handle, and the network's name.
pub fn idle(words: &[String]) -> Result<()> {
    let [url, dir, handle, network] = words else { bail!("an idler wants four words") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Times are scaled down, so links die so young that the client would leave the carrier that this is about.
        let carriers = vec![Carrier::WebSocket];
        let config = ClientConfig { network: network.clone(), carriers, ..ClientConfig::new(url, dir) };
        let client = Client::open(config).await?;
        let mut events = client.events();
        while let Some(event) = events.next().await {
            if let Event::Session { session: SessionView::SignedOut { .. } } = event {
                let outcome = client.command(register(handle)).await;
                ensure!(outcome == Outcome::Done, "could not register: {outcome:?}");
            }
        }
        bail!("the client has ended")
    })
}

fn register(handle: &str) -> Command {
    Command::Register {
        handle: handle.to_owned(),
        display_name: handle.to_owned(),
        password: "a good password".to_owned(),
        device_name: "idler".to_owned(),
    }
}
