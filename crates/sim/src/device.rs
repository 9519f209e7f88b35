//! One device: a real engine, its disk, and what its screen shows.

use std::collections::BTreeMap;

use anser_client_core::local::{Loaded, Save};
use anser_client_core::view::{ConversationView, LinkView, SessionView, TimelineView};
use anser_client_core::{Command, Engine, Event, Input, Outcome, Output};
use anser_protocol::Moment;
use anser_protocol::link::Carrier;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::disk::Disk;
use crate::mutant::Mutant;
use crate::wires::WireId;

/// What a device wants of the world.
#[derive(Debug)]
pub enum Effect {
    /// Open a wire.
    Connect(WireId),
    /// End a wire.
    Disconnect(WireId),
    /// A frame to the server.
    Transmit(WireId, Vec<u8>),
    /// Wake the engine at that time; replaces any earlier wish.
    Wake(Moment),
    /// The disk has read what this run of the engine asked for.
    Loaded(u64, Loaded),
    /// Something new is on the screen.
    Shown(Event),
    /// The sum that shows, and the sum of the rows that show at the same moment.
    Total {
        /// As emitted.
        shown: u64,
        /// As added up.
        sum: u64,
    },
    /// These changes are on the disk.
    Saved(Vec<Save>),
    /// The engine's process was killed between two outputs.
    Killed,
}

/// What the screen shows, from the events since the engine was started.
#[derive(Debug, Default)]
pub struct Screen {
    /// Who is signed in.
    pub session: Option<SessionView>,
    /// How the link is.
    pub link: Option<LinkView>,
    /// Since when it is `Online` without a break.
    pub online_since: Option<Moment>,
    /// The list.
    pub conversations: BTreeMap<u64, ConversationView>,
    /// The sum it shows.
    pub unread_total: u64,
    /// What its views show.
    pub views: BTreeMap<u32, TimelineView>,
    /// Answers to commands.
    pub outcomes: BTreeMap<u64, Outcome>,
}

/// One device of one person.
pub struct Device {
    index: usize,
    /// Whose: an index of people.
    pub person: usize,
    /// What survives.
    pub disk: Disk,
    /// What shows.
    pub screen: Screen,
    /// The wire its engine spoke on last.
    pub newest_wire: Option<WireId>,
    engine: Option<Engine>,
    run: u64,
    rng: ChaCha8Rng,
    mutant: Option<Mutant>,
    commands: u64,
    /// Killed after one in so many outputs; 0: never.
    pub killed_one_in: u32,
}

impl Device {
    /// A new device, switched off.
    pub fn new(index: usize, person: usize, seed: u64, mutant: Option<Mutant>) -> Device {
        Device {
            index,
            person,
            disk: Disk::default(),
            screen: Screen::default(),
            newest_wire: None,
            engine: None,
            run: 0,
            rng: ChaCha8Rng::seed_from_u64(seed),
            mutant,
            commands: 0,
            killed_one_in: 0,
        }
    }

    /// Whether an engine runs.
    pub fn is_on(&self) -> bool {
        self.engine.is_some()
    }

    /// Switches it on with what is on the disk.
    pub fn start(&mut self, now: Moment) -> Vec<Effect> {
        let mut seed = [0; 32];
        self.rng.fill(&mut seed);
        let mut engine = Engine::with_carriers(seed, Carrier::ALL, self.disk.restore(), now);
        engine.set_mutant(self.mutant.and_then(Mutant::of_engine));
        self.run += 1;
        self.screen = Screen::default();
        self.engine = Some(engine);
        self.drain(now)
    }

    /// Power off.
    pub fn crash(&mut self) {
        self.engine = None;
    }

    /// The user wants something; its outcome will be on the screen under the returned number.
    pub fn command(&mut self, command: Command, now: Moment) -> (u64, Vec<Effect>) {
        self.commands += 1;
        let id = self.commands;
        if let Command::CloseView { view } = &command {
            self.screen.views.remove(view);
        }
        (id, self.handle(Input::Command { id, command }, now))
    }

    /// Something for a certain run of the engine; for another run it comes too late.
    pub fn handle_in_run(&mut self, run: u64, input: Input, now: Moment) -> Vec<Effect> {
        if run == self.run { self.handle(input, now) } else { Vec::new() }
    }

    /// Something happened.
    pub fn handle(&mut self, input: Input, now: Moment) -> Vec<Effect> {
        match &mut self.engine {
            Some(engine) => engine.handle(input, now),
            None => return Vec::new(),
        }
        self.drain(now)
    }

    fn drain(&mut self, now: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some(engine) = &mut self.engine {
            let output = engine.poll();
            let is_wait = matches!(output, Output::Wait(_));
            self.carry_out(output, now, &mut effects);
            if is_wait {
                break;
            }
            if self.killed_one_in > 0 && self.rng.random_range(0..self.killed_one_in) == 0 {
                self.crash();
                effects.push(Effect::Killed);
            }
        }
        effects
    }

    fn carry_out(&mut self, output: Output, now: Moment, effects: &mut Vec<Effect>) {
        match output {
            Output::Save(saves) => {
                self.disk.save(saves.clone());
                effects.push(Effect::Saved(saves));
            }
            Output::Load(load) => {
                let loaded = Loaded { id: load.id, events: self.disk.load(&load) };
                effects.push(Effect::Loaded(self.run, loaded));
            }
            Output::Connect { connection, .. } => effects.push(Effect::Connect(self.wire(connection))),
            Output::Disconnect { connection } => effects.push(Effect::Disconnect(self.wire(connection))),
            Output::Transmit { connection, bytes } => {
                let wire = self.wire(connection);
                self.newest_wire = Some(wire);
                effects.push(Effect::Transmit(wire, bytes));
            }
            Output::Emit(event) => {
                self.show(event.clone(), now);
                if let Event::Unread { total } = event {
                    let rows = self.screen.conversations.values();
                    let sum = rows.map(|view| u64::from(view.unread)).sum();
                    effects.push(Effect::Total { shown: total, sum });
                }
                effects.push(Effect::Shown(event));
            }
            Output::Wait(moment) => effects.push(Effect::Wake(moment)),
        }
    }

    fn wire(&self, connection: u64) -> WireId {
        WireId { device: self.index, run: self.run, connection }
    }

    fn show(&mut self, event: Event, now: Moment) {
        let screen = &mut self.screen;
        match event {
            Event::Session { session } => screen.session = Some(session),
            Event::Link { link } => {
                let is_online = link == LinkView::Online;
                screen.online_since = if is_online { screen.online_since.or(Some(now)) } else { None };
                screen.link = Some(link);
            }
            Event::Conversations { changed } => {
                screen.conversations.extend(changed.into_iter().map(|view| (view.conversation, view)));
            }
            Event::Unread { total } => screen.unread_total = total,
            Event::Timeline { change } => screen.views.entry(change.view).or_default().apply(change),
            // The disk of a simulated device is never damaged.
            Event::Rebuilt => {}
            Event::Finished { command, outcome } => {
                screen.outcomes.insert(command, outcome);
            }
        }
    }
}
