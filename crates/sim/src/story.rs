//! One seed's story: people who write, read, come and go, under faults; checked on the way and at rest.

use anser_client_core::view::SessionView;
use anser_client_core::{Command, Outcome};
use anser_protocol::{AccountId, ConversationId};
use anyhow::{Context, Result, bail};

use crate::mutant::Mutant;
use crate::world::World;

/// Deeds in one story: enough for a few faults to meet, few enough for many seeds.
const DEEDS: u64 = 60;
/// A loss must be found within 5 s (spec D8)...
const FOUND_MS: u64 = 5_000;
/// ...and mended by a few exchanges over this slow link.
const MENDED_MS: u64 = 2_000;
/// How long nothing new goes wrong, so that what went wrong before is seen to be mended.
const SETTLE_MS: u64 = 12_000;
/// Longest reconnect delay, and time to catch up.
const REST_MS: u64 = 60_000;
/// Whose devices they are: the first person has two.
const PERSON_BY_DEVICE: [usize; 4] = [0, 0, 1, 2];
const HANDLES: [&str; 3] = ["alice", "bob", "carol"];

/// Plays the story of a seed. `Err` says which promise was broken. `trace` prints all that happens.
pub fn play(seed: u64, mutant: Option<Mutant>, trace: bool) -> Result<()> {
    let mut story = Story { world: World::new(seed, mutant, trace), conversations: Vec::new(), texts: 0 };
    story.meet().context("while people met, without faults")?;
    story.set_faults(true);
    for _ in 0..DEEDS {
        story.deed()?;
    }
    story.come_to_rest()
}

struct Story {
    world: World,
    conversations: Vec<ConversationId>,
    texts: u64,
}

impl Story {
    /// Everybody signs in, and the conversations are made.
    fn meet(&mut self) -> Result<()> {
        for (index, person) in PERSON_BY_DEVICE.into_iter().enumerate() {
            let device = self.world.add_device(person)?;
            let (handle, password) = (HANDLES[person].to_owned(), "correct horse".to_owned());
            let device_name = format!("device {index}");
            let is_first = !PERSON_BY_DEVICE[..index].contains(&person);
            let command = if is_first {
                Command::Register { display_name: handle.clone(), handle, password, device_name }
            } else {
                Command::SignIn { handle, password, device_name }
            };
            self.expect_done(device, command)?;
            self.world.run_for(1_000)?;
            if is_first {
                let session = &self.world.devices[device].screen.session;
                let Some(SessionView::SignedIn { me, .. }) = session else {
                    bail!("not signed in: {session:?}")
                };
                let account = AccountId(me.account);
                self.world.truth.person_is(account);
            }
        }
        let to = |person: usize| HANDLES[person].to_owned();
        let group =
            Command::CreateGroup { title: "geese".to_owned(), handles: vec![to(1), to(2)], key: None };
        self.make(0, Command::OpenDirect { handle: to(1) })?;
        self.make(2, Command::OpenDirect { handle: to(2) })?;
        self.make(0, group)?;
        self.world.run_for(5_000)
    }

    fn make(&mut self, device: usize, command: Command) -> Result<()> {
        match self.world.ask(device, command)? {
            Outcome::Conversation { conversation } => {
                let conversation = ConversationId(conversation);
                self.world.truth.conversation_is(conversation, PERSON_BY_DEVICE[device]);
                self.conversations.push(conversation);
                Ok(())
            }
            other => bail!("no conversation was made: {other:?}"),
        }
    }

    fn expect_done(&mut self, device: usize, command: Command) -> Result<()> {
        match self.world.ask(device, command)? {
            Outcome::Done => Ok(()),
            other => bail!("expected Done, got {other:?}"),
        }
    }

    fn set_faults(&mut self, on: bool) {
        // Each story has some of the faults, so that every one is also met alone.
        self.world.link_is_faulty = on && self.world.chance(2);
        let bus = on && self.world.chance(2);
        self.world.server.set_bus_faulty(bus);
        let killed_one_in = if on && self.world.chance(2) { 60 } else { 0 };
        for device in &mut self.world.devices {
            device.killed_one_in = killed_one_in;
        }
    }

    /// One thing that somebody does or suffers, and the time until the next.
    fn deed(&mut self) -> Result<()> {
        let device = self.world.below(PERSON_BY_DEVICE.len() as u64) as usize;
        match self.world.below(100) {
            0..40 => self.write(device)?,
            40..52 => self.read(device)?,
            52..66 => self.look(device)?,
            66..70 => self.change_group(device)?,
            70..79 => self.cut_a_wire(),
            79..85 => self.toggle_network(device)?,
            85..89 => {
                let back_in_ms = self.world.below(8_000);
                self.world.crash_device(device, back_in_ms);
            }
            89..92 => {
                let back_in_ms = self.world.below(4_000);
                self.world.kill_server(back_in_ms);
            }
            92..95 => self.settle()?,
            _ => {
                let pause_ms = self.world.below(40_000);
                self.world.run_for(pause_ms)?;
            }
        }
        let pause_ms = self.world.below(400);
        self.world.run_for(pause_ms)
    }

    fn a_conversation(&mut self) -> ConversationId {
        let count = self.conversations.len() as u64;
        self.conversations[self.world.below(count) as usize]
    }

    fn write(&mut self, device: usize) -> Result<()> {
        let conversation = self.a_conversation();
        for _ in 0..=self.world.below(4) {
            self.texts += 1;
            let text = format!("{} from device {device}", self.texts);
            self.world
                .command(device, Command::SendText { conversation: conversation.0, text, send_key: None })?;
        }
        Ok(())
    }

    fn read(&mut self, device: usize) -> Result<()> {
        let conversation = self.a_conversation();
        let row = self.world.devices[device].disk.conversation(conversation);
        let Some(last) = row.map(|row| row.last.seq.0) else { return Ok(()) };
        let seq = last - self.world.below(last.min(3));
        self.world.command(device, Command::MarkRead { conversation: conversation.0, seq })?;
        Ok(())
    }

    fn look(&mut self, device: usize) -> Result<()> {
        let conversation = self.a_conversation().0;
        // Two views, so that often both look at the same conversation, in different places.
        let view = self.world.below(2) as u32;
        let command = match self.world.below(8) {
            0 => Command::CloseView { view },
            1 | 2 => Command::LoadOlder { view },
            3 => Command::LoadNewer { view },
            4 => Command::FollowEnd { view, follow: self.world.below(2) == 0 },
            5 => Command::OpenView { view, conversation, at: Some(self.world.below(30)) },
            _ => Command::OpenView { view, conversation, at: None },
        };
        self.world.command(device, command)?;
        Ok(())
    }

    fn change_group(&mut self, device: usize) -> Result<()> {
        let conversation = self.conversations[2];
        let person = PERSON_BY_DEVICE[device];
        let command = match self.world.below(3) {
            0 if !self.world.truth.is_witness(conversation, person) => {
                Command::LeaveGroup { conversation: conversation.0 }
            }
            1 => Command::AddMembers {
                conversation: conversation.0,
                handles: HANDLES[1..].iter().map(|handle| (*handle).to_owned()).collect(),
            },
            _ => {
                let title = format!("geese {}", self.world.below(100));
                Command::RenameGroup { conversation: conversation.0, title }
            }
        };
        self.world.command(device, command)?;
        Ok(())
    }

    fn cut_a_wire(&mut self) {
        let wires = self.world.wires.open_ids();
        if wires.is_empty() {
            return;
        }
        let id = wires[self.world.below(wires.len() as u64) as usize];
        let seen = self.world.chance(2);
        self.world.end_wire(id, seen);
    }

    fn toggle_network(&mut self, device: usize) -> Result<()> {
        let up = self.world.without_network[device];
        let told = self.world.chance(2);
        self.world.set_network(device, up, told)
    }

    /// No new faults for a while: whoever stays linked must know all, whatever was lost before.
    fn settle(&mut self) -> Result<()> {
        self.set_faults(false);
        let began = self.world.now();
        self.world.run_for(SETTLE_MS)?;
        let until = self.world.now() - (FOUND_MS + MENDED_MS);
        for index in 0..self.world.devices.len() {
            let device = &self.world.devices[index];
            let undisturbed =
                device.is_on() && device.screen.online_since.is_some_and(|since| since <= began);
            // Not any wire: one whose engine crashed while it was being opened is still there, with nobody at it.
            let has_wire = device.newest_wire.is_some_and(|id| self.world.wires.is_open(id));
            if undisturbed && has_wire {
                let checked = self.world.truth.check_complete(device, index, until);
                checked.context("undisturbed for 12 s")?;
            }
        }
        self.set_faults(true);
        Ok(())
    }

    /// Everything works again: after a while nothing may be missing anywhere.
    fn come_to_rest(&mut self) -> Result<()> {
        self.set_faults(false);
        self.world.start_server();
        for index in 0..self.world.devices.len() {
            self.world.set_network(index, true, true)?;
            self.world.start_device(index)?;
        }
        self.world.run_for(REST_MS)?;
        self.world.truth.check_rest(&self.world.devices).context("at rest")
    }
}
