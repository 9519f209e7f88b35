//! A server with people on it: set up, brought to rest, read out, judged.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anser_client::{Command, Outcome};
use anyhow::{Context, Result, bail, ensure};

use crate::device::{Device, PATIENCE};
use crate::disk::{self, ServerDisk};
use crate::history::{self, DeviceEnd, History, Membership, Problem, Writing};
use crate::proof::Proof;
use crate::server::Server;
use crate::setting::Setting;

/// Everybody's.
const PASSWORD: &str = "a good password";
/// What is at rest must stay so for this long, several times what a push takes.
const CALM: Duration = Duration::from_millis(300);
/// Between two looks.
const GLANCE: Duration = Duration::from_millis(20);
/// Who is offline is told to try at once this often, as by a person who taps.
const NUDGE_EVERY: Duration = Duration::from_millis(500);

/// A real server, and devices of people who registered on it.
#[derive(Debug)]
pub struct Scene {
    /// The one server.
    pub server: Server,
    /// In the order of their coming.
    pub devices: Vec<Device>,
    handles: Vec<String>,
    /// Whose each device is, by handle.
    owners: Vec<String>,
    devices_ever: u32,
    url: String,
    dir: PathBuf,
}

/// How a scene ended.
#[derive(Debug)]
pub struct Verdict {
    /// What was written, told and stored.
    pub history: History,
    /// Everything that is wrong with it, and whatever the devices noticed themselves.
    pub problems: Vec<String>,
    /// Messages on the server's disk.
    pub messages: u64,
    /// So often was a badge held against its list.
    pub sums_checked: u64,
    /// And this is where they differed.
    pub wrong_sums: Vec<String>,
}

impl Verdict {
    /// Spec U2, of this scene.
    pub fn sums(self) -> Proof {
        let words = "comparisons of badge and list, after every event on every device";
        Proof::judged("U2", words, self.sums_checked, self.wrong_sums)
    }
}

impl Scene {
    /// A server with nobody on it.
    pub fn open(setting: &Setting, name: &str) -> Result<Scene> {
        Scene::open_with(setting, name, &[])
    }

    /// The same, with variables for the first life of the server.
    pub fn open_with(setting: &Setting, name: &str, environment: &[(&str, &str)]) -> Result<Scene> {
        let dir = setting.folder(name)?;
        let server = Server::start_with(&setting.anser, &dir.join("server"), environment, &[])?;
        let url = server.url();
        let (devices, handles, owners) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Scene { server, devices, handles, owners, devices_ever: 0, url, dir })
    }

    /// Devices that come from now on connect there: to a proxy.
    pub fn route_over(&mut self, url: String) {
        self.url = url;
    }

    /// A new account on a new device; its number here.
    pub fn register(&mut self, handle: &str) -> Result<usize> {
        self.handles.push(handle.to_owned());
        self.add_device(handle, &[], |handle, device_name| Command::Register {
            display_name: handle.to_uppercase(),
            handle,
            password: PASSWORD.to_owned(),
            device_name,
        })
    }

    /// Another device of an account.
    pub fn sign_in(&mut self, handle: &str) -> Result<usize> {
        self.sign_in_with(handle, &[])
    }

    /// The same, with variables for the first life of its process.
    pub fn sign_in_with(&mut self, handle: &str, environment: &[(&str, &str)]) -> Result<usize> {
        self.add_device(handle, environment, |handle, device_name| Command::SignIn {
            handle,
            password: PASSWORD.to_owned(),
            device_name,
        })
    }

    fn add_device(
        &mut self,
        handle: &str,
        environment: &[(&str, &str)],
        entering: impl FnOnce(String, String) -> Command,
    ) -> Result<usize> {
        self.devices_ever += 1;
        let name = format!("{handle}-{}", self.devices_ever);
        let mut device = Device::new(&name, &self.url, &self.dir.join(&name));
        device.start(environment)?;
        device.does(entering(handle.to_owned(), name))?;
        device.sees("a link", |record| record.is_online())?;
        self.devices.push(device);
        self.owners.push(handle.to_owned());
        Ok(self.devices.len() - 1)
    }

    /// The newest device is thrown away: nothing it has counts at the end. What was written on it stays written, so it
    /// must have written nothing.
    pub fn remove_last_device(&mut self) -> Result<()> {
        self.owners.pop();
        let device = self.devices.pop().context("there is no device")?;
        ensure!(device.written().is_empty(), "{} has written something", device.name);
        Ok(())
    }

    /// The direct conversation of a device's owner with somebody; both look at it.
    pub fn direct(&mut self, device: usize, with: &str) -> Result<u64> {
        let outcome = self.devices[device].does(Command::OpenDirect { handle: with.to_owned() })?;
        self.everybody_looks(outcome)
    }

    /// A group of a device's owner with these people; all look at it.
    pub fn group(&mut self, device: usize, title: &str, with: &[&str]) -> Result<u64> {
        let handles = with.iter().map(|handle| (*handle).to_owned()).collect();
        let command = Command::CreateGroup { title: title.to_owned(), handles, key: None };
        let outcome = self.devices[device].does(command)?;
        self.everybody_looks(outcome)
    }

    fn everybody_looks(&mut self, outcome: Outcome) -> Result<u64> {
        let Outcome::Conversation { conversation } = outcome else { bail!("no conversation: {outcome:?}") };
        for handle in self.members(conversation)? {
            for at in self.devices_of(&handle) {
                let device = &mut self.devices[at];
                device.sees("a new conversation", |record| record.chats.contains_key(&conversation))?;
                device.looks_at(conversation)?;
            }
        }
        Ok(conversation)
    }

    fn members(&mut self, conversation: u64) -> Result<Vec<String>> {
        let knows = |device: &Device| device.lock().chats.contains_key(&conversation);
        let device = self.devices.iter_mut().find(|device| knows(device)).context("nobody knows it")?;
        match device.does(Command::ListMembers { conversation })? {
            Outcome::Members { members } => {
                Ok(members.into_iter().map(|member| member.person.handle).collect())
            }
            other => bail!("no members: {other:?}"),
        }
    }

    /// The devices of a person.
    pub fn devices_of(&self, handle: &str) -> Vec<usize> {
        (0..self.owners.len()).filter(|at| self.owners[*at] == handle).collect()
    }

    /// Tells whoever is offline to try now.
    pub fn nudge(&mut self) {
        for device in &mut self.devices {
            if device.is_running() && !device.lock().is_online() {
                // It may end at this very moment.
                let _ended = device.ask(Command::ReconnectNow);
            }
        }
    }

    /// Waits until every device that runs is online.
    pub fn all_online(&mut self) -> Result<()> {
        if self.becomes(PATIENCE, Duration::ZERO, Scene::is_online) {
            return Ok(());
        }
        bail!("not everybody came back")
    }

    /// Waits until everything that was written has gone everywhere, and the server knows how far everybody has read;
    /// whether it did.
    pub fn rest(&mut self, patience: Duration) -> bool {
        let began = Instant::now();
        loop {
            let left = patience.saturating_sub(began.elapsed());
            if !self.becomes(left, CALM, Scene::is_at_rest) {
                return false;
            }
            // A link may be lost while somebody asks: that is no rest, and may become one.
            if matches!(self.reports_are_in(), Ok(true)) {
                return true;
            }
            std::thread::sleep(GLANCE);
        }
    }

    /// Waits until it is so, and stays so for a while.
    fn becomes(&mut self, patience: Duration, calm: Duration, is_so: fn(&mut Scene) -> bool) -> bool {
        let began = Instant::now();
        let mut nudged_at = None::<Instant>;
        let mut since = None;
        while began.elapsed() < patience {
            if is_so(self) {
                let since = *since.get_or_insert_with(Instant::now);
                if since.elapsed() >= calm {
                    return true;
                }
            } else {
                since = None;
            }
            if nudged_at.is_none_or(|at| at.elapsed() > NUDGE_EVERY) {
                nudged_at = Some(Instant::now());
                self.nudge();
            }
            std::thread::sleep(GLANCE);
        }
        false
    }

    fn is_online(&mut self) -> bool {
        self.devices.iter_mut().all(|device| !device.is_running() || device.lock().is_online())
    }

    /// Nothing waits to be sent, all devices show the same ends of all conversations, and those of one person the
    /// same counts.
    fn is_at_rest(&mut self) -> bool {
        let mut ends: BTreeMap<u64, u64> = BTreeMap::new();
        let mut counts: BTreeMap<(&str, u64), u32> = BTreeMap::new();
        for (device, owner) in self.devices.iter_mut().zip(&self.owners) {
            if !device.is_running() {
                continue;
            }
            let record = device.lock();
            if !record.is_online() || record.unsent() > 0 {
                return false;
            }
            for (conversation, chat) in record.chats.iter().filter(|(_, chat)| !chat.left) {
                let seq = record.last_seq(*conversation);
                if *ends.entry(*conversation).or_insert(seq) != seq
                    || *counts.entry((owner, *conversation)).or_insert(chat.unread) != chat.unread
                {
                    return false;
                }
            }
        }
        true
    }

    /// Whether every device shows what the server, which is asked, has as read by its owner. A report of positions may
    /// be under way while nothing else is, and nobody sees it arrive.
    fn reports_are_in(&mut self) -> Result<bool> {
        let mut read_at_server: BTreeMap<u64, BTreeMap<u64, u64>> = BTreeMap::new();
        for device in self.devices.iter_mut().filter_map(|device| device.is_running().then_some(device)) {
            let (account, shown) = {
                let record = device.lock();
                let chats = record.chats.values().filter(|chat| !chat.left);
                let shown: Vec<(u64, u64)> = chats.map(|chat| (chat.conversation, chat.read)).collect();
                (record.account.context("a device without an account")?, shown)
            };
            for (conversation, read) in shown {
                let members = match read_at_server.entry(conversation) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(unknown) => unknown.insert(read_by(device, conversation)?),
                };
                if members.get(&account) != Some(&read) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// What everybody wrote, and how far it was shown to have got.
    pub fn writings(&self) -> Vec<Writing> {
        let mut writings = Vec::new();
        for device in &self.devices {
            let record = device.lock();
            for written in device.written() {
                let key = (written.conversation, written.text.clone());
                writings.push(Writing {
                    device: device.name.clone(),
                    conversation: written.conversation,
                    text: written.text.clone(),
                    accepted: record.outcomes.get(&written.id) == Some(&Outcome::Done),
                    shown: record.own.get(&key).copied(),
                });
            }
        }
        writings
    }

    /// The server's disk. It must not run.
    pub fn server_disk(&self) -> Result<ServerDisk> {
        disk::of_server(self.server.data(), &self.handles)
    }

    /// After a kill of the server: what is wrong with its disk.
    pub fn check_server_disk(&self) -> Result<Vec<Problem>> {
        Ok(history::check_sent(&self.writings(), &self.server_disk()?.logs))
    }

    /// Brings everything to rest, lets all read everything, ends it well, reads all disks, and judges. What does not
    /// come to rest is judged as it is.
    pub fn verdict(&mut self, patience: Duration) -> Result<Verdict> {
        let mut problems = Vec::new();
        if self.rest(patience) {
            for device in &mut self.devices {
                let chats: Vec<u64> = device.lock().chats.keys().copied().collect();
                for conversation in chats {
                    if device.is_running() {
                        device.reads_up(conversation)?;
                    }
                }
            }
        } else {
            problems.push("it did not come to rest".to_owned());
        }
        for device in &mut self.devices {
            device.stop()?;
        }
        if self.server.is_running() {
            self.server.stop()?;
        }
        let history = self.history()?;
        problems.extend(history::check(&history).iter().map(Problem::to_string));
        let (wrong_sums, noticed): (Vec<String>, Vec<String>) =
            self.noticed().into_iter().partition(|problem| problem.contains("U2: "));
        problems.extend(noticed);
        let texts = history.server.values().flatten().filter(|line| line.text().is_some());
        let (messages, sums_checked) = (texts.count() as u64, self.sums_checked());
        Ok(Verdict { messages, sums_checked, wrong_sums, problems, history })
    }

    /// What devices noticed themselves.
    fn noticed(&self) -> Vec<String> {
        let of_device = |device: &Device| {
            let problems = device.lock().problems.clone();
            problems.into_iter().map(|problem| format!("{}: {problem}", device.name)).collect::<Vec<_>>()
        };
        self.devices.iter().flat_map(of_device).collect()
    }

    fn sums_checked(&self) -> u64 {
        self.devices.iter().map(|device| device.lock().sums_checked).sum()
    }

    fn history(&self) -> Result<History> {
        let server = self.server_disk()?;
        let mut history = History { writings: self.writings(), server: server.logs, ..History::default() };
        for (account, heads) in &server.heads {
            for head in heads {
                let membership =
                    Membership { first: head.from_seq.0, last: head.last.seq.0, read: head.read.0 };
                history.memberships.insert((*account, head.conversation.0), membership);
            }
        }
        for device in &self.devices {
            let disk = disk::of_client(device.dir())?;
            let record = device.lock();
            history.devices.push(DeviceEnd {
                name: device.name.clone(),
                account: record.account.context("a device without an account")?,
                logs: disk.logs,
                outbox: disk.outbox,
                unread: record.chats.iter().map(|(id, chat)| (*id, u64::from(chat.unread))).collect(),
                read: record.chats.iter().map(|(id, chat)| (*id, chat.read)).collect(),
                total: record.total,
            });
        }
        Ok(history)
    }
}

/// How far each member has read, by account, as the server has it.
fn read_by(device: &mut Device, conversation: u64) -> Result<BTreeMap<u64, u64>> {
    match device.does(Command::ListMembers { conversation })? {
        Outcome::Members { members } => {
            Ok(members.into_iter().map(|member| (member.person.account, member.read)).collect())
        }
        other => bail!("no members: {other:?}"),
    }
}
