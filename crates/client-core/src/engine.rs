//! The engine itself: which module gets which input, and in which order what follows leaves.

mod asking;
mod fetching;
mod linking;
mod looking;
mod receiving;
mod reporting;
mod sending;
mod showing;
mod signing;

use std::collections::{BTreeMap, VecDeque};

use anser_protocol::link::Carrier;
use anser_protocol::{AccountId, Moment, SendKey};
use rand::rngs::ChaCha20Rng;
use rand::{Rng, SeedableRng};

use crate::asks::{Asks, Heard};
use crate::batch::Batch;
use crate::catchup::CatchUp;
use crate::command::Command;
use crate::failure::failed;
use crate::gaps::Gaps;
use crate::io::{Input, Output};
use crate::local::{Restored, Save};
use crate::mutants::{Mutant, Switch};
use crate::networks::Networks;
use crate::outbox::Outbox;
use crate::people::People;
use crate::reason::FailureReason;
use crate::receipts::Receipts;
use crate::roster::Roster;
use crate::storage::Storage;
use crate::timeline::Window;

use asking::Creating;
use fetching::Loading;
use showing::Shown;
use signing::Account;

/// The sync engine of one device.
///
/// Contract: call [`Engine::handle`] with one input, then [`Engine::poll`] until it returns [`Output::Wait`],
/// carrying out every output before polling the next one. (After [`Engine::new`], poll first.) A driver whose
/// local store fails at an [`Output::Save`] hands in [`Input::SaveFailed`] at once, before it polls again; what
/// is still queued then is mended by the engine. Inputs that come while outputs are carried out wait.
///
/// The outputs of one input come in this order: one `Save` with all its rows, `Load`s, `Emit`s, and then what
/// goes to the network. So nothing is shown or sent that is not on disk, and a crash between any two outputs
/// loses nothing that anybody was told.
///
/// Everything is derived from rows: an engine made from what the disk holds goes on where the last one stopped.
/// Nothing that a server sends makes it panic, or keep more than a bounded amount besides those rows.
#[derive(Debug)]
pub struct Engine {
    rng: ChaCha20Rng,
    account: Account,
    asks: Asks,
    roster: Roster,
    people: People,
    outbox: Outbox,
    receipts: Receipts,
    gaps: Gaps,
    catchup: CatchUp,
    networks: Networks,
    /// What the user looks at, by the user interface's own numbers.
    views: BTreeMap<u32, Window>,
    loadings: BTreeMap<u64, Loading>,
    last_load: u64,
    creating: BTreeMap<u64, Creating>,
    storage: Storage,
    batch: Batch,
    shown: Shown,
    outputs: VecDeque<Output>,
    /// The rows of the `Save` that was polled last, until another output is polled.
    saving: Vec<Save>,
    /// The command of the newest input, if it has to store something...
    storing: Option<u64>,
    /// ...and what it put into the outbox.
    fresh_send: Option<SendKey>,
    mutant: Switch,
    now: Moment,
}

impl Engine {
    /// An engine that goes on from what the disk holds. The seed decides send keys and jitter.
    pub fn new(seed: [u8; 32], restored: Restored, now: Moment) -> Engine {
        Engine::with_carriers(seed, &[Carrier::WebSocket], restored, now)
    }

    /// The same, for a driver that has these carriers, the best first: it may be told to open a connection beside
    /// the one that is used.
    pub fn with_carriers(seed: [u8; 32], carriers: &[Carrier], restored: Restored, now: Moment) -> Engine {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let mut link_seed = [0; 32];
        rng.fill_bytes(&mut link_seed);
        let mut engine = Engine {
            rng,
            asks: Asks::new(link_seed, carriers, restored.synced),
            roster: Roster::restore(&restored),
            people: People::restore(&restored),
            catchup: CatchUp::new(restored.synced),
            networks: Networks::restore(&restored.networks),
            account: Account::restore(restored.session),
            outbox: Outbox::restore(restored.outbox),
            receipts: Receipts::default(),
            gaps: Gaps::default(),
            views: BTreeMap::new(),
            loadings: BTreeMap::new(),
            last_load: 0,
            creating: BTreeMap::new(),
            storage: Storage::new(),
            batch: Batch::default(),
            shown: Shown::default(),
            outputs: VecDeque::new(),
            saving: Vec::new(),
            storing: None,
            fresh_send: None,
            mutant: Switch::default(),
            now,
        };
        engine.show_everything();
        engine.recount_all();
        engine.open_link();
        engine.settle(WireOrder::AfterSave);
        engine
    }

    /// Takes in one input.
    pub fn handle(&mut self, input: Input, now: Moment) {
        self.now = now;
        if matches!(input, Input::SaveFailed) {
            self.save_failed();
            return self.settle(WireOrder::AfterSave);
        }
        (self.storing, self.fresh_send) = (None, None);
        self.saving.clear();
        if self.storage.worked() {
            self.open_link();
        }
        let order = self.wire_order(&input);
        match input {
            Input::Command { id, command } => self.command(id, command),
            Input::Connected { connection } => self.asks.connected(connection, now),
            Input::Disconnected { connection } => self.asks.disconnected(connection, now),
            Input::Received { connection, bytes } => self.asks.received(connection, &bytes, now),
            Input::Loaded(loaded) => self.loaded(loaded),
            Input::Network { up } => self.asks.network(up, now),
            Input::InNetwork { name } => self.enter_network(name),
            Input::Tick => self.asks.tick(now),
            Input::SaveFailed => {}
        }
        self.settle(order);
    }

    /// The next thing to do; [`Output::Wait`] when there is none.
    pub fn poll(&mut self) -> Output {
        self.saving.clear();
        let Some(output) = self.outputs.pop_front() else {
            return Output::Wait(self.wake_at());
        };
        if let Output::Save(rows) = &output {
            self.saving = rows.clone();
        }
        output
    }

    /// Turns this engine into a known-bad one, or back.
    #[cfg(feature = "mutants")]
    pub fn set_mutant(&mut self, mutant: Option<Mutant>) {
        self.mutant.set(mutant);
    }

    /// Hears what the link has to say, does what is due, and puts the outputs in order.
    fn settle(&mut self, order: WireOrder) {
        while let Some(heard) = self.asks.next_heard() {
            self.hear(heard);
        }
        if self.storage.is_fine() {
            self.do_what_is_due();
        }
        self.flush(order);
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Connecting => self.link_connecting(),
            Heard::Up(welcome) => self.link_up(welcome),
            Heard::Down { retry_at, lost } => self.link_down(retry_at, lost),
            Heard::Refused { error, lost } => self.link_refused(&error, lost),
            Heard::Answered { asked, result } => self.answered(asked, result),
            Heard::Pushed(what) => self.pushed(what),
            Heard::Missed => self.missed(),
            Heard::Learned(learned) => self.learned_of_network(learned),
        }
    }

    /// Every input ends here: each of these looks at the state and finds out by itself whether it has to act.
    fn do_what_is_due(&mut self) {
        self.ask_for_changes();
        self.ask_for_groups();
        self.send_outbox();
        self.step_views();
        self.fetch_gaps();
        self.report_positions();
        self.ask_for_people();
    }

    fn command(&mut self, id: u64, command: Command) {
        if stores_something(&command) {
            if !self.storage.is_fine() {
                return self.batch.finish(id, failed(FailureReason::Storage));
            }
            self.storing = Some(id);
        }
        match command {
            Command::Register { .. } | Command::SignIn { .. } => self.sign_in(id, command),
            Command::ReconnectNow => self.reconnect_now(id),
            _ if self.account.row().is_none() => {
                self.batch.finish(id, failed(FailureReason::NotPossible));
            }
            Command::SignOut => self.sign_out(id),
            Command::OpenView { view, conversation, at } => self.open_view(id, view, conversation, at),
            Command::CloseView { view } => self.close_view(id, view),
            Command::LoadOlder { view } => self.load_more(id, view, Window::want_older),
            Command::LoadNewer { view } => self.load_more(id, view, Window::want_newer),
            Command::FollowEnd { view, follow } => self.follow_end(id, view, follow),
            Command::SendText { conversation, text, send_key } => {
                self.send_text(id, conversation, text, send_key.as_deref());
            }
            Command::RetrySend { send_key } => self.retry_send(id, &send_key),
            Command::DiscardSend { send_key } => self.discard_send(id, &send_key),
            Command::MarkRead { conversation, seq } => self.mark_read(id, conversation, seq),
            Command::SaveDraft { conversation, text } => self.save_draft(id, conversation, text),
            Command::KnownPeople => self.known_people(id),
            Command::FindAccount { .. }
            | Command::OpenDirect { .. }
            | Command::CreateGroup { .. }
            | Command::AddMembers { .. }
            | Command::LeaveGroup { .. }
            | Command::RenameGroup { .. }
            | Command::ListMembers { .. }
            | Command::ListDevices
            | Command::RevokeDevice { .. } => self.ask_server(id, command),
        }
    }

    /// Signed in, linked, and able to store what comes.
    fn is_online(&self) -> bool {
        self.account.row().is_some() && self.asks.is_up() && self.storage.is_fine()
    }

    fn me(&self) -> AccountId {
        self.account.row().map_or(AccountId(0), |row| row.account)
    }

    fn wake_at(&self) -> Moment {
        if !self.storage.is_fine() {
            return self.storage.wake_at();
        }
        let mut wake_at = self.asks.wake_at();
        if self.is_online() {
            let due = [
                self.outbox.wake_at(self.now),
                self.receipts.wake_at(self.now),
                self.gaps.wake_at(self.now),
                self.catchup.wake_at(self.now),
            ];
            wake_at = due.into_iter().fold(wake_at, Moment::min);
        }
        self.creating.values().map(|creating| creating.wake_at(self.now)).fold(wake_at, Moment::min)
    }

    fn wire_order(&self, input: &Input) -> WireOrder {
        let early = match input {
            Input::Command { .. } => self.mutant.is(Mutant::TransmitBeforeSave),
            Input::Received { .. } => self.mutant.is(Mutant::AcknowledgeBeforeSave),
            _ => false,
        };
        if early { WireOrder::BeforeSave } else { WireOrder::AfterSave }
    }
}

/// Where the network's outputs stand among those of one input. Only mutants put them first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WireOrder {
    BeforeSave,
    AfterSave,
}

fn stores_something(command: &Command) -> bool {
    matches!(
        command,
        Command::Register { .. }
            | Command::SignIn { .. }
            | Command::SendText { .. }
            | Command::RetrySend { .. }
            | Command::DiscardSend { .. }
            | Command::MarkRead { .. }
            | Command::SaveDraft { .. }
    )
}
