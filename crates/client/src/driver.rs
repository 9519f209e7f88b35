//! The one loop that carries out what the engine says.
//!
//! Everything that can wake it is in `wait`, everything it can be told to do in `drain`. What the engine says is done
//! strictly in order: a save is on disk before what follows it is shown or sent.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use anser_client_core::local::Load;
use anser_client_core::{Command, Engine, Event, Failure, FailureReason, Input, Outcome, Output};
use anser_failpoints::Place;
use anser_protocol::Moment;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::carrier::{Connection, Report, Reports, Route};
use crate::clock::Clock;
use crate::disk::Disk;
use crate::error::ClientError;
use crate::feed::Feed;
use crate::wrongs;

/// Reports of links that wait for the loop. A full queue makes the reading task wait, and TCP slow the server down.
const REPORTS_MAX: usize = 64;

/// A disk on which the database is damaged more often than this in one run is not worth another try.
const REBUILDS_MAX: u32 = 3;

/// What the client's handle asks of the loop.
pub(crate) enum Ask {
    Command(Command, oneshot::Sender<Outcome>),
    Network { up: bool },
    InNetwork { name: String },
}

pub(crate) struct Driver {
    engine: Engine,
    disk: Disk,
    clock: Clock,
    feed: Arc<Feed>,
    route: Route,
    asks: mpsc::Receiver<Ask>,
    /// By number. The one that is used, and sometimes another that opens on a better carrier.
    connections: BTreeMap<u64, Connection>,
    report_sender: Reports,
    reports: mpsc::Receiver<(u64, Report)>,
    /// Came up while draining; each is handled, and drained, before anything else may wake us.
    pending: VecDeque<Input>,
    wake_at: Moment,
    last_command: u64,
    /// The database is; seen to when the engine has nothing more to say.
    damaged: bool,
    rebuilds: u32,
    /// By the number that the engine knows the command by.
    waiting: HashMap<u64, oneshot::Sender<Outcome>>,
}

impl Driver {
    pub(crate) fn new(
        engine: Engine,
        disk: Disk,
        clock: Clock,
        feed: Arc<Feed>,
        route: Route,
        asks: mpsc::Receiver<Ask>,
    ) -> Driver {
        let (report_sender, reports) = mpsc::channel(REPORTS_MAX);
        Driver {
            engine,
            disk,
            clock,
            feed,
            route,
            asks,
            connections: BTreeMap::new(),
            report_sender,
            reports,
            pending: VecDeque::new(),
            wake_at: Moment::NEVER,
            last_command: 0,
            damaged: false,
            rebuilds: 0,
            waiting: HashMap::new(),
        }
    }

    /// Runs until every handle is gone (`Ok`), or the disk cannot be read any more.
    pub(crate) async fn run(mut self) -> Result<(), ClientError> {
        let end = self.run_until_let_go().await;
        if let Err(error) = &end {
            tracing::error!(%error, "the client stops");
        }
        self.feed.end();
        self.disk.close().await;
        end
    }

    async fn run_until_let_go(&mut self) -> Result<(), ClientError> {
        self.drain().await?;
        while let Some(input) = self.wait().await {
            self.engine.handle(input, self.clock.now());
            self.drain().await?;
        }
        Ok(())
    }

    /// The next thing that happens; `None` when every handle is gone.
    async fn wait(&mut self) -> Option<Input> {
        loop {
            let input = tokio::select! {
                ask = self.asks.recv() => Some(self.input_from_ask(ask?)),
                Some((connection, report)) = self.reports.recv() => self.input_from_report(connection, report),
                () = sleep(self.clock.until(self.wake_at)) => Some(Input::Tick),
            };
            if input.is_some() {
                return input;
            }
        }
    }

    fn input_from_ask(&mut self, ask: Ask) -> Input {
        match ask {
            Ask::Network { up } => Input::Network { up },
            Ask::InNetwork { name } => Input::InNetwork { name },
            Ask::Command(command, answer) => {
                if let Command::CloseView { view } = &command {
                    self.feed.forget_view(*view);
                }
                self.last_command += 1;
                self.waiting.insert(self.last_command, answer);
                Input::Command { id: self.last_command, command }
            }
        }
    }

    /// `None` for what an older connection still reports: to the engine it is dead.
    fn input_from_report(&mut self, connection: u64, report: Report) -> Option<Input> {
        if !self.connections.contains_key(&connection) {
            return None;
        }
        Some(match report {
            Report::Opened => Input::Connected { connection },
            Report::Frame(bytes) => Input::Received { connection, bytes },
            Report::Ended => {
                self.connections.remove(&connection);
                Input::Disconnected { connection }
            }
        })
    }

    async fn drain(&mut self) -> Result<(), ClientError> {
        loop {
            match self.engine.poll() {
                Output::Save(saves) => {
                    wrongs::let_go_out().await;
                    anser_failpoints::pass(Place::ClientSaveBefore);
                    if let Err(error) = self.disk.save(saves).await {
                        tracing::warn!(%error, "could not save");
                        self.damaged |= error.is_damage();
                        self.engine.handle(Input::SaveFailed, self.clock.now());
                    }
                    anser_failpoints::pass(Place::ClientSaveAfter);
                }
                Output::Load(load) => self.load(load).await?,
                Output::Connect { connection, carrier } => {
                    let (route, reports) = (self.route.clone(), self.report_sender.clone());
                    let opening = Connection::start(connection, carrier, route, reports);
                    self.connections.insert(connection, opening);
                }
                Output::Disconnect { connection } => {
                    self.connections.remove(&connection);
                }
                Output::Transmit { connection, bytes } => self.transmit(connection, bytes),
                Output::Emit(event) => self.emit(event),
                Output::Wait(moment) => {
                    if self.damaged {
                        self.begin_anew().await?;
                    } else if let Some(input) = self.pending.pop_front() {
                        self.engine.handle(input, self.clock.now());
                    } else {
                        self.wake_at = moment;
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn load(&mut self, load: Load) -> Result<(), ClientError> {
        match self.disk.load(load).await {
            Ok(loaded) => self.pending.push_back(Input::Loaded(loaded)),
            Err(error) if error.is_damage() => {
                tracing::warn!(%error, "could not read");
                self.damaged = true;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What is on disk is damaged: a new engine on what could be saved of it, with the same views open. Everything
    /// that the old one had still to say has been said by now, so nobody hears of a stored message that it failed.
    async fn begin_anew(&mut self) -> Result<(), ClientError> {
        self.rebuilds += 1;
        if self.rebuilds > REBUILDS_MAX {
            return Err(ClientError::DiskUnreliable);
        }
        self.damaged = false;
        let restored = self.disk.rebuild().await?;
        self.engine = self.route.engine(restored, self.clock.now())?;
        self.feed.emit(&Event::Rebuilt);
        // The new engine numbers its links from the beginning: those of the old one must not be taken for them.
        self.connections.clear();
        (self.report_sender, self.reports) = mpsc::channel(REPORTS_MAX);
        for (_, answer) in self.waiting.drain() {
            let _ = answer.send(not_stored());
        }
        self.pending.clear();
        for (view, conversation, at) in self.feed.open_views() {
            self.last_command += 1;
            let command = Command::OpenView { view, conversation, at };
            self.pending.push_back(Input::Command { id: self.last_command, command });
        }
        Ok(())
    }

    fn transmit(&mut self, connection: u64, bytes: Vec<u8>) {
        let Some(used) = self.connections.get(&connection) else { return };
        anser_failpoints::pass(Place::ClientTransmitBefore);
        if !used.send(bytes) {
            self.connections.remove(&connection);
            self.pending.push_back(Input::Disconnected { connection });
        }
    }

    fn emit(&mut self, event: Event) {
        let Event::Finished { command, outcome } = event else {
            // What cannot be saved any more may be undone by the next engine, and a state is never taken back.
            if !self.damaged {
                self.feed.emit(&event);
            }
            return;
        };
        if let Some(answer) = self.waiting.remove(&command) {
            // Whoever asked may have stopped waiting; it is done all the same.
            let _ = answer.send(outcome);
        }
    }
}

fn not_stored() -> Outcome {
    let failure = Failure { reason: FailureReason::Storage, field: String::new(), retry_after_ms: 0 };
    Outcome::Failed { failure }
}
