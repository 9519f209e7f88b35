//! Promise D11: a proxy that refuses, delays, splits, resets and goes half-open, pushes lost, repeated and swapped,
//! 10 % each, while the server dies ten times; five senders, three devices of one account, one of them away half the
//! time.

use std::time::{Duration, Instant};

use anyhow::Result;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::proof::Proof;
use crate::proxy::{Proxy, Weather};
use crate::scene::Scene;
use crate::setting::Setting;

/// Until everything has gone everywhere, at the end.
const PATIENCE: Duration = Duration::from_secs(150);
/// Pushes lost, repeated and swapped, per mille, on the bus and on links.
const PUSH_TROUBLE: &str = "100:100:100";
const SENDERS: usize = 5;
/// So long do they write: the ten minutes of spec U2.
const MINUTES: f64 = 10.0;
/// Every second time all connections are reset, and every new one draws its fate; every other time whoever is offline is
/// told to try now, as by people who look at their phones.
const SHAKE_EVERY: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(5);

/// Ten thousand messages through the worst network, and ten kills.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let messages = setting.scale(250, 10_000);
    let kills = setting.scale(2, 10);
    let trouble = format!("{}:{PUSH_TROUBLE}", setting.seed);
    let environment = [("ANSER_PUSH_TROUBLE", trouble.as_str())];
    let mut scene = Scene::open_with(setting, "scene", &environment)?;
    let proxy = Proxy::start(scene.server.address(), Weather::fair(), setting.seed)?;
    scene.route_over(proxy.url());
    let mut play = people_come(scene, setting, &environment)?;

    proxy.set(Weather::d11());
    proxy.reset_all();
    let began = Instant::now();
    let per_second = setting.scale(90.0, messages as f64 / (MINUTES * 60.0));
    play.write_and_kill(&proxy, messages, per_second, kills)?;
    let written_in = began.elapsed();
    // The weather clears with the last kill; what was lost until then must be found by those who lost it.
    proxy.set(Weather::fair());
    play.scene.server.kill()?;
    play.scene.server.start_again()?;
    // An empty device of the same account must end as the others (spec S1).
    if play.scene.rest(PATIENCE) {
        play.scene.sign_in("robin")?;
    }
    let mut verdict = play.scene.verdict(PATIENCE)?;
    let counts = proxy.counts();
    let words = format!(
        "messages of {SENDERS} senders to 3 devices of one account and at last an empty one, {kills} kills of the server, 10 % each refused, \
         reset, half-open, delayed, split, lost, repeated, swapped; all disks are equal"
    );
    let chaos = Proof::judged("D11", words, verdict.messages, std::mem::take(&mut verdict.problems))
        .figure("writing_seconds", written_in.as_secs_f64())
        .figure("connections", counts.connections() as f64)
        .figure("refused", counts.refused() as f64)
        .figure("reset", counts.reset() as f64)
        .figure("half_open", counts.half_open() as f64)
        .figure("delayed", counts.delayed() as f64)
        .figure("split", counts.split() as f64);
    Ok(vec![chaos, verdict.sums()])
}

/// Who is there, and what happens to them.
struct Play {
    scene: Scene,
    environment: String,
    choices: ChaCha8Rng,
    directs: Vec<u64>,
    group: u64,
    /// The device that is away half the time.
    absent: usize,
}

fn people_come(mut scene: Scene, setting: &Setting, environment: &[(&str, &str)]) -> Result<Play> {
    let names: Vec<String> = (1..=SENDERS).map(|number| format!("sender{number}")).collect();
    for name in &names {
        scene.register(name)?;
    }
    scene.register("robin")?;
    scene.sign_in("robin")?;
    let absent = scene.sign_in("robin")?;
    let mut directs = Vec::new();
    for sender in 0..SENDERS {
        directs.push(scene.direct(sender, "robin")?);
    }
    let others: Vec<&str> = names[1..].iter().map(String::as_str).chain(["robin"]).collect();
    let group = scene.group(0, "everybody", &others)?;
    let environment = environment.first().map_or("", |(_, value)| value).to_owned();
    Ok(Play { scene, environment, choices: setting.choices(0), directs, group, absent })
}

impl Play {
    fn write_and_kill(
        &mut self,
        proxy: &Proxy,
        messages: usize,
        per_second: f64,
        kills: usize,
    ) -> Result<()> {
        let began = Instant::now();
        let mut written = 0;
        let mut killed = 0;
        let (mut shaken_at, mut shakes) = (began, 0);
        // The last kill comes when all is written.
        let kills = kills - 1;
        while written < messages {
            let due = (began.elapsed().as_secs_f64() * per_second) as usize;
            while written < due.min(messages) {
                self.write(written)?;
                written += 1;
                // Away for every second tenth of the time.
                if written % (messages / 10).max(1) == 0 {
                    self.come_or_go()?;
                }
            }
            if written * (kills + 1) > messages * (killed + 1) && killed < kills {
                killed += 1;
                self.kill_server()?;
            }
            if shaken_at.elapsed() > SHAKE_EVERY {
                shaken_at = Instant::now();
                shakes += 1;
                if shakes % 2 == 0 { self.scene.nudge() } else { proxy.reset_all() }
            }
            std::thread::sleep(GLANCE);
        }
        if !self.scene.devices[self.absent].is_running() {
            self.scene.devices[self.absent].start(&[])?;
        }
        Ok(())
    }

    /// Every tenth message goes to the group, the others from one sender to the one account.
    fn write(&mut self, number: usize) -> Result<()> {
        let sender = number % SENDERS;
        let to_group = self.choices.random_range(0..10) == 0;
        let conversation = if to_group { self.group } else { self.directs[sender] };
        self.scene.devices[sender].writes(conversation, &format!("message {number}"))
    }

    /// Half of the goings are kills.
    fn come_or_go(&mut self) -> Result<()> {
        let absent = &mut self.scene.devices[self.absent];
        if !absent.is_running() {
            return absent.start(&[]);
        }
        if self.choices.random_bool(0.5) { absent.kill() } else { absent.stop() }
    }

    fn kill_server(&mut self) -> Result<()> {
        self.scene.server.kill()?;
        std::thread::sleep(Duration::from_millis(self.choices.random_range(0..500)));
        self.scene.server.start_again_with(&[("ANSER_PUSH_TROUBLE", &self.environment)])
    }
}
