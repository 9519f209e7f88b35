//! Campaign `nat`: behind a network that forgets idle connections after one, two and five minutes, a real client learns
//! how long it may be silent, and still knows it after it was killed (spec L2).

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anser_client::{Carrier, Client, ClientConfig, Command, Event, Outcome, view::SessionView};
use anyhow::{Result, bail, ensure};

use crate::proof::Proof;
use crate::proxy::{Proxy, Weather};
use crate::roles;
use crate::server::Server;
use crate::setting::Setting;

/// The role of the client: it signs in and then does nothing at all.
pub const IDLER: &str = "idler";

/// What a child may take to start and to sign in.
const PATIENCE: Duration = Duration::from_secs(60);

/// One network, and how long it is watched, in minutes of the faster clocks.
struct Network {
    forgets_after_s: u64,
    /// Until the client must have learned.
    learning_s: u64,
    /// After that it was killed and is watched again.
    watched_s: u64,
}

const NETWORKS: [Network; 3] = [
    Network { forgets_after_s: 60, learning_s: 270, watched_s: 140 },
    Network { forgets_after_s: 120, learning_s: 620, watched_s: 400 },
    Network { forgets_after_s: 300, learning_s: 1_450, watched_s: 850 },
];

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
        let (lost, _) = self.live(&name, &name, self.network.learning_s)?;
        // Another proxy, so that only the second life is counted; the client is the same, and so is its network.
        let (lost_again, silence_s) = self.live(&name, &name, self.network.watched_s)?;
        let mut problems = self.judge(lost_again, silence_s);
        // None at all behind the most patient one: the slow pull ends every silence within five minutes.
        if lost > 3 {
            problems.push(format!("{lost} links were lost to learn"));
        }
        let what = format!(
            "behind a network that forgets after {forgets} s: links lost to learn, and none after a kill"
        );
        let proof = Proof::judged("L2", what, lost, problems);
        Ok(proof.figure("forgets_after_s", forgets as f64).figure("longest_silence_s", silence_s))
    }

    fn show_a_client_that_does_not_adapt(self) -> Result<Proof> {
        let too_long = "n".repeat(anser_protocol::limits::NETWORK_NAME_BYTES_MAX + 1);
        let (lost, silence_s) = self.live("fixed", &too_long, 100)?;
        let what = "a client that keeps the first beat is called timid";
        Ok(Proof::caught("L2", "fixed-beat", what, self.judge(lost, silence_s)))
    }

    fn judge(&self, lost: u64, silence_s: f64) -> Vec<String> {
        let forgets = self.network.forgets_after_s as f64;
        let mut problems = Vec::new();
        if lost > 0 {
            problems.push(format!("{lost} links were lost by one who had learned"));
        }
        if silence_s > forgets {
            problems.push(format!("the network bore {silence_s:.0} s of silence, which it cannot"));
        }
        if silence_s < forgets * 0.6 {
            problems.push(format!("no silence longer than {silence_s:.0} s was dared"));
        }
        problems
    }

    /// One life of an idle client, ended by SIGKILL: the links it lost, and the longest silence that its link survived,
    /// in seconds of its clock.
    fn live(self, name: &str, network: &str, seconds: u64) -> Result<(u64, f64)> {
        let forgets_after_ms = Some(self.network.forgets_after_s * 1_000 / self.pace);
        let weather = Weather { forgets_after_ms, ..Weather::fair() };
        let proxy = Proxy::start(self.server.address(), weather, self.setting.seed)?;
        let dir = self.setting.dir.join(name);
        let idler = Idler::start(&proxy.url(), &dir, name, network, self.pace)?;
        wait_for_a_link(&proxy)?;
        std::thread::sleep(Duration::from_millis(seconds * 1_000 / self.pace));
        drop(idler);
        let silence_s = (proxy.counts().longest_silence_ms() * self.pace) as f64 / 1_000.0;
        Ok((proxy.counts().forgotten(), silence_s))
    }
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
        let mut command = roles::command(IDLER, &[url, &dir, handle, network])?;
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
