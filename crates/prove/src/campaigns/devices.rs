//! Many devices of one account: who was away gets it later (D9), read here clears there (U3), an empty device ends
//! equal to an old one by hash (S1), and events applied to the old state give what a fresh fetch gives.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anser_client::view::ConversationView;
use anser_client::{Command, Outcome};
use anyhow::{Context, Result, ensure};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::disk;
use crate::history::{Logs, State};
use crate::proof::Proof;
use crate::scene::Scene;
use crate::setting::Setting;

/// Until everything has gone everywhere.
const PATIENCE: Duration = Duration::from_secs(60);
/// Long enough for a state that must not come to have come.
const A_WHILE: Duration = Duration::from_millis(300);

/// Alice has a phone and a tablet, and now and then a new device; bob and carol write to her.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let mut scene = Scene::open(setting, "scene")?;
    let phone = scene.register("alice")?;
    let bob = scene.register("bob")?;
    let carol = scene.register("carol")?;
    let tablet = scene.sign_in("alice")?;
    let direct = scene.direct(bob, "alice")?;
    let group = scene.group(phone, "friends", &["bob", "carol"])?;
    let choices = setting.choices(0);
    let mut play = Play { scene, choices, phone, tablet, bob, carol, direct, group, written: 0 };

    let mut proofs = vec![play.away(setting.scale(2, 10))?, play.read_here(setting.scale(3, 40))?];
    proofs.push(play.read_while_away(setting.scale(2, 10))?);
    proofs.push(play.fresh_devices(setting.scale(1, 3), setting.scale(3, 1))?);
    let mut verdict = play.scene.verdict(PATIENCE)?;
    let problems = std::mem::take(&mut verdict.problems);
    let words = "messages at rest on all devices: none lost, doubled, out of order or made up; counts true";
    proofs.push(Proof::judged("D3 U1", words, verdict.messages, problems));
    proofs.push(verdict.sums());
    Ok(proofs)
}

struct Play {
    scene: Scene,
    choices: ChaCha8Rng,
    phone: usize,
    tablet: usize,
    bob: usize,
    carol: usize,
    direct: u64,
    group: u64,
    written: u64,
}

impl Play {
    fn writes(&mut self, device: usize, conversation: u64) -> Result<String> {
        self.written += 1;
        let text = format!("message {} from {}", self.written, self.scene.devices[device].name);
        self.scene.devices[device].writes(conversation, &text)?;
        Ok(text)
    }

    fn rest(&mut self) -> Result<()> {
        ensure!(self.scene.rest(PATIENCE), "it did not come to rest");
        Ok(())
    }

    /// Spec D9: both devices of alice are away; bob's message is *sent*, and *delivered* only once it is on her disk.
    fn away(&mut self, rounds: u64) -> Result<Proof> {
        let mut problems = Vec::new();
        for round in 0..rounds {
            self.rest()?;
            self.scene.devices[self.phone].stop()?;
            self.scene.devices[self.tablet].stop()?;
            let key = (self.direct, self.writes(self.bob, self.direct)?);
            let state = |scene: &Scene, bob: usize| scene.devices[bob].lock().own.get(&key).copied();
            self.scene.devices[self.bob]
                .sees("the message as sent", |record| record.own.get(&key) >= Some(&State::Sent))?;
            std::thread::sleep(A_WHILE);
            let shown = state(&self.scene, self.bob);
            if shown != Some(State::Sent) {
                problems.push(format!("round {round}: nobody was there, and it was shown as {shown:?}"));
            }
            self.scene.devices[self.phone].start(&[])?;
            self.scene.devices[self.bob]
                .sees("the message as delivered", |record| record.own.get(&key) >= Some(&State::Delivered))?;
            self.scene.devices[self.phone].kill()?;
            let logs = disk::of_client(self.scene.devices[self.phone].dir())?.logs;
            let is_there = logs
                .get(&self.direct)
                .is_some_and(|log| log.iter().any(|line| line.text().as_deref() == Some(key.1.as_str())));
            if !is_there {
                problems.push(format!("round {round}: shown as delivered, and not on the disk"));
            }
            self.scene.devices[self.phone].start(&[])?;
            self.scene.devices[self.tablet].start(&[])?;
        }
        let words = "messages to somebody who is away: sent, and delivered only once on a disk of theirs";
        Ok(Proof::judged("D9", words, rounds, problems))
    }

    /// Spec U3: what is read on one device is cleared on the other.
    fn read_here(&mut self, rounds: u64) -> Result<Proof> {
        let mut waits = Vec::new();
        for _ in 0..rounds {
            let conversation = if self.choices.random_bool(0.5) { self.direct } else { self.group };
            self.rest()?;
            let seq_before = self.scene.devices[self.phone].lock().last_seq(conversation);
            self.writes(self.bob, conversation)?;
            let (here, there) = if self.choices.random_bool(0.5) {
                (self.phone, self.tablet)
            } else {
                (self.tablet, self.phone)
            };
            for device in [here, there] {
                self.scene.devices[device]
                    .sees("a new message", |record| record.last_seq(conversation) > seq_before)?;
            }
            let seq = self.scene.devices[here].lock().last_seq(conversation);
            let began = Instant::now();
            self.scene.devices[here].does(Command::MarkRead { conversation, seq })?;
            self.scene.devices[there].sees("that it was read elsewhere", |record| {
                record.chats.get(&conversation).is_some_and(|chat| chat.unread == 0)
            })?;
            waits.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        waits.sort_by(f64::total_cmp);
        let median = waits.get(waits.len() / 2).copied().unwrap_or_default();
        let longest = waits.last().copied().unwrap_or_default();
        let slow = waits.iter().filter(|wait| **wait > 1000.0).count();
        let words = "times read on one device, and cleared on the other";
        Ok(Proof::judged("U3", words, rounds, Vec::new())
            .figure("clear_ms_p50", median)
            .figure("clear_ms_max", longest)
            .figure("over_a_second", slow as f64))
    }

    /// Spec U3: what was read elsewhere while a device was away never shows on its badge; what it read offline counts
    /// later.
    fn read_while_away(&mut self, rounds: u64) -> Result<Proof> {
        let mut problems = Vec::new();
        for round in 0..rounds {
            self.rest()?;
            self.scene.devices[self.tablet].stop()?;
            for _ in 0..self.choices.random_range(2..6) {
                self.writes(self.bob, self.direct)?;
                self.writes(self.carol, self.group)?;
            }
            self.rest()?;
            let read = self.choices.random_range(0..3);
            let chats = [(self.direct, read != 1), (self.group, read != 2)];
            for (conversation, _) in chats.iter().filter(|(_, is_read)| *is_read) {
                let seq = self.scene.devices[self.phone].lock().last_seq(*conversation);
                self.scene.devices[self.phone]
                    .does(Command::MarkRead { conversation: *conversation, seq })?;
            }
            self.rest()?;
            let truth = self.scene.devices[self.phone].lock().total;
            self.scene.devices[self.tablet].start(&[])?;
            self.scene.devices[self.tablet].sees("a link", |record| record.total_when_online.is_some())?;
            let shown = self.scene.devices[self.tablet].lock().total_when_online;
            if shown != Some(truth) {
                problems.push(format!("round {round}: back online with a badge of {shown:?}, it is {truth}"));
            }
        }
        problems.extend(self.read_offline()?);
        let words =
            "returns of a device after reading elsewhere: once it says online its badge is true; and back";
        Ok(Proof::judged("U3", words, rounds + 1, problems))
    }

    /// The tablet reads while no server is there, is killed, and comes back: the phone hears of it.
    fn read_offline(&mut self) -> Result<Vec<String>> {
        self.writes(self.bob, self.direct)?;
        self.rest()?;
        self.scene.server.kill()?;
        let (tablet, conversation) = (self.tablet, self.direct);
        let seq = self.scene.devices[tablet].lock().last_seq(conversation);
        self.scene.devices[tablet].does(Command::MarkRead { conversation, seq })?;
        self.scene.devices[tablet].kill()?;
        self.scene.server.start_again()?;
        self.scene.devices[tablet].start(&[])?;
        self.scene.all_online()?;
        let is_clear = self.scene.devices[self.phone].sees_within(PATIENCE, |record| {
            record.chats.get(&conversation).is_some_and(|chat| chat.unread == 0)
        });
        Ok(if is_clear { vec![] } else { vec!["what was read offline was never told".to_owned()] })
    }

    /// Spec S1, and zulip's question: after each kind of event a device that begins anew must have and show what one
    /// has and shows that was there all along.
    /// One kind in so many, each round others.
    fn fresh_devices(&mut self, rounds: usize, one_in: usize) -> Result<Proof> {
        let mut problems = Vec::new();
        let mut compared = 0;
        for round in 0..rounds {
            let first = self.choices.random_range(0..one_in);
            for kind in EVERY_KIND.iter().skip(first).step_by(one_in) {
                (kind.happen)(self).with_context(|| kind.name)?;
                self.rest()?;
                let fresh = self.scene.sign_in("alice")?;
                self.rest()?;
                for device in [self.phone, fresh] {
                    for conversation in [self.direct, self.group] {
                        self.scene.devices[device].reads_up(conversation)?;
                    }
                }
                self.rest()?;
                let [old, new] = [self.phone, fresh].map(|device| self.shows(device));
                if old != new {
                    problems.push(format!(
                        "Different: round {round}, after {}: {}",
                        kind.name,
                        first_difference(&old, &new)
                    ));
                }
                for device in [fresh, self.phone] {
                    self.scene.devices[device].stop()?;
                }
                let [old, new] = [self.phone, fresh].map(|device| {
                    disk::of_client(self.scene.devices[device].dir()).map(|disk| hash(&disk.logs))
                });
                if old? != new? {
                    problems.push(format!(
                        "Different: round {round}, after {}: the hashes of all events",
                        kind.name
                    ));
                }
                self.scene.remove_last_device()?;
                self.scene.devices[self.phone].start(&[])?;
                self.scene.all_online()?;
                compared += 1;
            }
        }
        let words =
            "empty devices, each after another kind of event: equal to an old one by hash, and on screen";
        Ok(Proof::judged("S1", words, compared, problems))
    }

    /// The list and all rows, without what belongs to the device alone.
    fn shows(&self, device: usize) -> BTreeMap<String, Value> {
        let record = self.scene.devices[device].lock();
        let mut shown = BTreeMap::new();
        for (conversation, chat) in &record.chats {
            let chat = ConversationView { draft: String::new(), ..chat.clone() };
            shown.insert(format!("chat {conversation}"), serde_json::to_value(chat).unwrap_or_default());
        }
        for (view, timeline) in &record.views {
            let rows = serde_json::to_value(&timeline.rows).unwrap_or_default();
            // Rows are keyed by how they came; what they show must be the same.
            shown.insert(format!("timeline {view}"), without_keys(rows));
        }
        shown
    }
}

/// One kind of event, and how it comes about.
struct Kind {
    name: &'static str,
    happen: fn(&mut Play) -> Result<()>,
}

const EVERY_KIND: [Kind; 9] = [
    Kind { name: "a message of somebody else", happen: |play| play.writes(play.bob, play.direct).map(drop) },
    Kind { name: "a message of one's own", happen: |play| play.writes(play.phone, play.group).map(drop) },
    Kind {
        name: "a message from one's other device",
        happen: |play| play.writes(play.tablet, play.direct).map(drop),
    },
    Kind { name: "reading", happen: |play| play.reads(play.phone, play.direct) },
    Kind { name: "reading on the other device", happen: |play| play.reads(play.tablet, play.group) },
    Kind { name: "being read by somebody else", happen: |play| play.reads(play.bob, play.direct) },
    Kind { name: "another title", happen: Play::rename },
    Kind {
        name: "somebody leaving",
        happen: |play| play.changes(play.carol, Command::LeaveGroup { conversation: play.group }),
    },
    Kind { name: "somebody being brought in", happen: Play::bring_in },
];

impl Play {
    fn reads(&mut self, device: usize, conversation: u64) -> Result<()> {
        let seq = self.scene.devices[device].lock().last_seq(conversation);
        self.scene.devices[device].does(Command::MarkRead { conversation, seq }).map(drop)
    }

    fn rename(&mut self) -> Result<()> {
        self.written += 1;
        let title = format!("friends, title {}", self.written);
        self.changes(self.bob, Command::RenameGroup { conversation: self.group, title })
    }

    fn bring_in(&mut self) -> Result<()> {
        let handles = vec!["carol".to_owned()];
        self.changes(self.phone, Command::AddMembers { conversation: self.group, handles })
    }

    fn changes(&mut self, device: usize, command: Command) -> Result<()> {
        let outcome = self.scene.devices[device].does(command)?;
        ensure!(matches!(outcome, Outcome::Conversation { .. }), "{outcome:?}");
        Ok(())
    }
}

/// Of everything that all events say, in order.
fn hash(logs: &Logs) -> Vec<u8> {
    let mut hash = Sha256::new();
    for (conversation, log) in logs {
        for line in log {
            for number in
                [*conversation, line.seq, line.sender, line.at_ms, line.kind.into(), line.silent.into()]
            {
                hash.update(number.to_be_bytes());
            }
            hash.update((line.body.len() as u64).to_be_bytes());
            hash.update(&line.body);
        }
    }
    hash.finalize().to_vec()
}

fn without_keys(mut rows: Value) -> Value {
    for row in rows.as_array_mut().into_iter().flatten() {
        if let Some(row) = row.as_object_mut() {
            row.remove("key");
        }
    }
    rows
}

fn first_difference(old: &BTreeMap<String, Value>, new: &BTreeMap<String, Value>) -> String {
    for (what, shown) in old {
        if new.get(what) != Some(shown) {
            return format!("{what} was {shown}, is {}", new.get(what).unwrap_or(&Value::Null));
        }
    }
    "something more is shown".to_owned()
}
