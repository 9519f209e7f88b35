//! The world: one schedule on which devices, wires and a server meet, with faults from a seed.

use anser_client_core::local::Loaded;
use anser_client_core::{Command, Input, Outcome};
use anser_protocol::{Moment, codec, wire};
use anser_store::memory::MemoryStore;
use anyhow::{Context, Result, bail, ensure};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::device::{self, Device};
use crate::mutant::Mutant;
use crate::schedule::Schedule;
use crate::server::{self, Finished, Server};
use crate::truth::Truth;
use crate::wires::{Way, WireId, Wires};

/// One push in so many is lost on the link while the link is faulty.
const LINK_LOSES_PUSH_ONE_IN: u32 = 10;

/// Some moment of some year.
const BEGIN: Moment = Moment(1_700_000_000_000);

/// Everything that can happen by itself.
enum Happening {
    Opened(WireId),
    Refused(WireId),
    AtServer(WireId, Vec<u8>),
    AtDevice(WireId, Vec<u8>),
    ServerSeesEnd(WireId),
    DeviceSeesEnd(WireId),
    WakeSession(WireId, Moment),
    WakeEngine(usize, Moment),
    Done(WireId, u64, Finished),
    Loaded(usize, u64, Loaded),
    Notices,
    Tail,
    DeviceOn(usize),
    ServerOn,
}

/// Who is there, what is on its way, and what was promised.
pub struct World {
    schedule: Schedule<Happening>,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) devices: Vec<Device>,
    pub(crate) server: Server,
    pub(crate) wires: Wires,
    pub(crate) truth: Truth,
    /// Devices without a network.
    pub(crate) without_network: Vec<bool>,
    /// Whether the link loses single pushes.
    pub(crate) link_is_faulty: bool,
    /// Which process of the server, so that answers of a dead one are not taken for the new one's.
    server_run: u64,
    mutant: Option<Mutant>,
    /// Whether to print what happens.
    trace: bool,
    /// Pushes that reached each wire's device: what the mutant without push positions pretends.
    pushes_arrived: BTreeMap<WireId, u32>,
    /// When each engine, and each session, wants to be woken.
    engine_wakes: BTreeMap<usize, Moment>,
    session_wakes: BTreeMap<WireId, Moment>,
}

impl World {
    /// A world at rest: a server that runs, and nobody there.
    pub fn new(seed: u64, mutant: Option<Mutant>, trace: bool) -> World {
        let store: Arc<MemoryStore> = Arc::new(MemoryStore::new());
        let mut world = World {
            schedule: Schedule::new(BEGIN),
            rng: ChaCha8Rng::seed_from_u64(seed),
            devices: Vec::new(),
            server: Server::new(store.clone(), seed, mutant),
            wires: Wires::default(),
            truth: Truth::new(store),
            without_network: Vec::new(),
            link_is_faulty: false,
            server_run: 0,
            mutant,
            trace,
            pushes_arrived: BTreeMap::new(),
            engine_wakes: BTreeMap::new(),
            session_wakes: BTreeMap::new(),
        };
        world.start_server();
        world.schedule.plan(world.now(), Happening::Tail);
        world
    }

    /// The time.
    pub fn now(&self) -> Moment {
        self.schedule.now()
    }

    /// Prints a line of the story, for whoever repeats one.
    pub(crate) fn tell(&self, line: impl FnOnce() -> String) {
        if self.trace {
            println!("{:>8} {}", self.now().millis_since(BEGIN), line());
        }
    }

    /// A number below `below`.
    pub fn below(&mut self, below: u64) -> u64 {
        self.rng.random_range(0..below)
    }

    /// True once in `one_in`.
    pub fn chance(&mut self, one_in: u32) -> bool {
        self.rng.random_range(0..one_in) == 0
    }

    /// A new device of a person, switched on.
    pub fn add_device(&mut self, person: usize) -> Result<usize> {
        let index = self.devices.len();
        let seed = self.rng.random();
        self.devices.push(Device::new(index, person, seed, self.mutant));
        self.without_network.push(false);
        self.start_device(index)?;
        Ok(index)
    }

    /// Lets time pass.
    pub fn run_for(&mut self, millis: u64) -> Result<()> {
        let until = self.now() + millis;
        while let Some(happening) = self.schedule.next_until(until) {
            self.happen(happening)?;
        }
        Ok(())
    }

    /// A command whose outcome nobody waits for.
    pub fn command(&mut self, device: usize, command: Command) -> Result<u64> {
        let now = self.now();
        self.tell(|| format!("device {device} is told {command:?}"));
        let (id, effects) = self.devices[device].command(command, now);
        self.of_device(device, effects)?;
        Ok(id)
    }

    /// A command, and its outcome.
    pub fn ask(&mut self, device: usize, command: Command) -> Result<Outcome> {
        let id = self.command(device, command)?;
        for _ in 0..200 {
            self.run_for(100)?;
            if let Some(outcome) = self.devices[device].screen.outcomes.remove(&id) {
                return Ok(outcome);
            }
        }
        bail!("device {device} never finished command {id}")
    }

    /// Switches a device on.
    pub fn start_device(&mut self, index: usize) -> Result<()> {
        if self.devices[index].is_on() {
            return Ok(());
        }
        let now = self.now();
        let effects = self.devices[index].start(now);
        self.of_device(index, effects)
    }

    /// A device loses power, and comes back after a while.
    pub fn crash_device(&mut self, index: usize, back_in_ms: u64) {
        self.tell(|| format!("device {index} crashes"));
        self.devices[index].crash();
        for id in self.wires.open_ids() {
            if id.device == index {
                self.end_wire(id, true);
            }
        }
        self.schedule.plan(self.now() + back_in_ms, Happening::DeviceOn(index));
    }

    /// The process on a device dies, and a new one comes after a while. What the old one handed to the system
    /// before it died still leaves: else nobody would see that it was sent before it was saved.
    fn kill_device(&mut self, index: usize, back_in_ms: u64) {
        self.tell(|| format!("device {index} is killed"));
        self.devices[index].crash();
        let now = self.now();
        for id in self.wires.open_ids() {
            if id.device == index
                && let Some(when) = self.wires.arrival(id, Way::Up, now, 0)
            {
                self.schedule.plan(when, Happening::ServerSeesEnd(id));
            }
        }
        self.schedule.plan(now + back_in_ms, Happening::DeviceOn(index));
    }

    /// A new process of the server.
    pub fn start_server(&mut self) {
        if !self.server.is_running() {
            self.server_run += 1;
            self.server.start();
        }
    }

    /// SIGKILL for the server, and a new process after a while.
    pub fn kill_server(&mut self, back_in_ms: u64) {
        self.tell(|| "the server is killed".to_owned());
        self.server.kill();
        for id in self.wires.open_ids() {
            self.end_wire(id, true);
        }
        self.schedule.plan(self.now() + back_in_ms, Happening::ServerOn);
    }

    /// A wire ends. `seen`: both ends hear of it; else it is half-open, and they have to find out.
    pub fn end_wire(&mut self, id: WireId, seen: bool) {
        self.tell(|| format!("the wire {id:?} ends, seen: {seen}"));
        self.wires.cut(id);
        if seen {
            let (server, device) = (self.below(200), self.below(200));
            self.schedule.plan(self.now() + server, Happening::ServerSeesEnd(id));
            self.schedule.plan(self.now() + device, Happening::DeviceSeesEnd(id));
        }
    }

    /// The network of a device comes or goes; sometimes the device is told.
    pub fn set_network(&mut self, index: usize, up: bool, told: bool) -> Result<()> {
        self.without_network[index] = !up;
        if !up {
            for id in self.wires.open_ids() {
                if id.device == index {
                    self.end_wire(id, false);
                }
            }
        }
        if told {
            let now = self.now();
            let effects = self.devices[index].handle(Input::Network { up }, now);
            self.of_device(index, effects)?;
        }
        Ok(())
    }

    fn happen(&mut self, happening: Happening) -> Result<()> {
        let now = self.now();
        match happening {
            Happening::Opened(id) => self.opened(id),
            Happening::Refused(id) | Happening::DeviceSeesEnd(id) => {
                self.tell_engine(id, Input::Disconnected { connection: id.connection })
            }
            Happening::AtServer(id, bytes) if self.wires.is_open(id) => {
                let effects = self.server.receive(id, &bytes, now);
                self.of_server(effects);
                Ok(())
            }
            Happening::AtDevice(id, bytes) if self.wires.is_open(id) => self.arrive(id, bytes),
            Happening::AtServer(..) | Happening::AtDevice(..) => Ok(()),
            Happening::ServerSeesEnd(id) => {
                self.wires.cut(id);
                self.server.hang_up(id);
                Ok(())
            }
            // Only the newest wish of each counts; the others have been replaced.
            Happening::WakeSession(id, moment) => {
                if self.session_wakes.get(&id) == Some(&moment) {
                    self.session_wakes.remove(&id);
                    let effects = self.server.wake(id, now);
                    self.of_server(effects);
                }
                Ok(())
            }
            Happening::WakeEngine(index, moment) => {
                if self.engine_wakes.get(&index) != Some(&moment) {
                    return Ok(());
                }
                self.engine_wakes.remove(&index);
                let effects = self.devices[index].handle(Input::Tick, now);
                self.of_device(index, effects)
            }
            Happening::Done(id, run, finished) => {
                if run == self.server_run {
                    let effects = self.server.finish(id, finished, now);
                    self.of_server(effects);
                }
                Ok(())
            }
            Happening::Loaded(index, run, loaded) => {
                let effects = self.devices[index].handle_in_run(run, Input::Loaded(loaded), now);
                self.of_device(index, effects)
            }
            Happening::Notices => {
                let effects = self.server.carry_out_notices(now);
                self.of_server(effects);
                Ok(())
            }
            Happening::Tail => {
                let effects = self.server.tail();
                self.of_server(effects);
                self.schedule.plan(now + anser_protocol::limits::TAIL_BEAT_MS, Happening::Tail);
                Ok(())
            }
            Happening::DeviceOn(index) => self.start_device(index),
            Happening::ServerOn => {
                self.start_server();
                Ok(())
            }
        }
    }

    fn opened(&mut self, id: WireId) -> Result<()> {
        if !self.server.is_running() || self.without_network[id.device] {
            return self.tell_engine(id, Input::Disconnected { connection: id.connection });
        }
        self.wires.open(id);
        let now = self.now();
        let effects = self.server.accept(id, now);
        self.of_server(effects);
        self.tell_engine(id, Input::Connected { connection: id.connection })
    }

    /// A frame reaches a device, unless it is a push and the link is faulty.
    fn arrive(&mut self, id: WireId, mut bytes: Vec<u8>) -> Result<()> {
        let body = codec::decode_from_server(&bytes).ok().flatten();
        match body {
            Some(wire::frame::Body::Push(_)) => {
                if self.link_is_faulty && self.chance(LINK_LOSES_PUSH_ONE_IN) {
                    self.tell(|| format!("the link loses a push to device {}", id.device));
                    return Ok(());
                }
                *self.pushes_arrived.entry(id).or_default() += 1;
            }
            Some(wire::frame::Body::Beat(beat)) if self.mutant == Some(Mutant::BeatWithoutPosition) => {
                let pushes = self.pushes_arrived.get(&id).copied().unwrap_or_default();
                bytes = codec::encode(wire::frame::Body::Beat(wire::Beat { pushes, ..beat }));
            }
            _ => {}
        }
        self.tell(|| format!("device {} gets {:?}", id.device, codec::decode_from_server(&bytes)));
        self.tell_engine(id, Input::Received { connection: id.connection, bytes })
    }

    fn tell_engine(&mut self, id: WireId, input: Input) -> Result<()> {
        let now = self.now();
        let effects = self.devices[id.device].handle_in_run(id.run, input, now);
        self.of_device(id.device, effects)
    }

    fn of_device(&mut self, index: usize, effects: Vec<device::Effect>) -> Result<()> {
        for effect in effects {
            let delay = self.below(120) + 5;
            let now = self.now();
            match effect {
                device::Effect::Connect(id) => {
                    self.tell(|| format!("device {index} connects as {}", id.connection));
                    let happening = if self.without_network[index] || !self.server.is_running() {
                        Happening::Refused(id)
                    } else {
                        Happening::Opened(id)
                    };
                    self.schedule.plan(now + delay, happening);
                }
                device::Effect::Disconnect(id) => {
                    self.wires.cut(id);
                    self.schedule.plan(now + delay, Happening::ServerSeesEnd(id));
                }
                device::Effect::Transmit(id, bytes) => {
                    self.tell(|| format!("device {index} sends {:?}", codec::decode_from_client(&bytes)));
                    if let Some(when) = self.wires.arrival(id, Way::Up, now, delay) {
                        self.schedule.plan(when, Happening::AtServer(id, bytes));
                    }
                }
                device::Effect::Wake(moment) => {
                    if self.engine_wakes.insert(index, moment) != Some(moment) {
                        self.schedule.plan(moment, Happening::WakeEngine(index, moment));
                    }
                }
                device::Effect::Loaded(run, loaded) => {
                    self.schedule.plan(now + delay / 8, Happening::Loaded(index, run, loaded));
                }
                device::Effect::Total { shown, sum } => {
                    ensure!(shown == sum, "U2: device {index} shows {shown} unread, its rows say {sum}");
                }
                device::Effect::Shown(event) => {
                    let checked = self.truth.check_shown(&self.devices, index, &event);
                    checked.with_context(|| format!("shown at {}", now.0))?;
                }
                device::Effect::Saved(saves) => {
                    self.tell(|| format!("device {index} saves {saves:?}"));
                    self.truth.take_saved(&self.devices[index], index, &saves)?;
                }
                device::Effect::Killed => {
                    let back = self.below(3_000);
                    self.kill_device(index, back);
                }
            }
        }
        Ok(())
    }

    fn of_server(&mut self, effects: Vec<server::Effect>) {
        for effect in effects {
            let delay = self.below(120) + 5;
            let now = self.now();
            match effect {
                server::Effect::Transmit(id, bytes) => {
                    if let Some(when) = self.wires.arrival(id, Way::Down, now, delay) {
                        self.schedule.plan(when, Happening::AtDevice(id, bytes.to_vec()));
                    }
                }
                server::Effect::Close(id) => {
                    // After the last frame, so that its reason is read first.
                    let when = self.wires.arrival(id, Way::Down, now, delay).unwrap_or(now);
                    self.schedule.plan(when, Happening::DeviceSeesEnd(id));
                }
                server::Effect::Wake(id, moment) => {
                    if self.session_wakes.insert(id, moment) != Some(moment) {
                        self.schedule.plan(moment, Happening::WakeSession(id, moment));
                    }
                }
                server::Effect::Done(id, finished) => {
                    self.schedule.plan(now + delay / 8, Happening::Done(id, self.server_run, finished));
                }
                server::Effect::Notices => self.schedule.plan(now + delay / 8, Happening::Notices),
            }
        }
    }
}
