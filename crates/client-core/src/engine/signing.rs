//! Signing in and out: who this device belongs to.

use anser_protocol::link::Greeting;
use anser_protocol::wire::{self, ErrorCode, answer, request};
use anser_protocol::{DeviceId, Remedy, error};

use super::Engine;
use crate::asks::Asked;
use crate::catchup::CatchUp;
use crate::command::{Command, Outcome};
use crate::failure::{failed, refused};
use crate::gaps::Gaps;
use crate::local::{PersonRow, Restored, Save, SessionRow};
use crate::outbox::Outbox;
use crate::people::People;
use crate::reason::FailureReason;
use crate::receipts::Receipts;
use crate::roster::Roster;
use crate::rows::person_from_wire;

/// Who this device belongs to.
#[derive(Debug)]
pub(super) enum Account {
    /// Nobody. `ended`: because the server ended the session.
    SignedOut {
        ended: bool,
    },
    /// A command wants in; `call` until it has been sent.
    SigningIn {
        command: u64,
        call: Option<request::Call>,
    },
    SignedIn(SessionRow),
}

impl Account {
    pub(super) fn restore(session: Option<SessionRow>) -> Account {
        session.map_or(Account::SignedOut { ended: false }, Account::SignedIn)
    }

    pub(super) fn row(&self) -> Option<&SessionRow> {
        match self {
            Account::SignedIn(row) => Some(row),
            Account::SignedOut { .. } | Account::SigningIn { .. } => None,
        }
    }
}

impl Engine {
    /// Links, if somebody is signed in.
    pub(super) fn open_link(&mut self) {
        let Some(row) = self.account.row() else { return };
        let me = PersonRow {
            account: row.account,
            handle: row.handle.clone(),
            display_name: row.display_name.clone(),
        };
        let greeting = Greeting::Hello { token: row.token.clone() };
        self.people.learn(&me);
        self.asks.open(greeting, self.now);
    }

    /// Register or SignIn: over a link of its own, without Hello.
    pub(super) fn sign_in(&mut self, id: u64, command: Command) {
        if !matches!(self.account, Account::SignedOut { .. }) {
            return self.batch.finish(id, failed(FailureReason::NotPossible));
        }
        let call = match command {
            Command::Register { handle, display_name, password, device_name } => {
                request::Call::Register(wire::Register { handle, display_name, password, device_name })
            }
            Command::SignIn { handle, password, device_name } => {
                request::Call::SignIn(wire::SignIn { handle, password, device_name })
            }
            _ => return self.batch.finish(id, failed(FailureReason::NotPossible)),
        };
        self.account = Account::SigningIn { command: id, call: Some(call) };
        // A link that is still saying good-bye for the account before must not be taken for this one.
        self.asks.close(self.now);
        self.asks.open(Greeting::Anonymous, self.now);
    }

    /// The anonymous link is up.
    pub(super) fn ask_to_sign_in(&mut self) {
        let Account::SigningIn { command, call } = &mut self.account else { return };
        let asked = Asked::SignIn { command: *command };
        if let Some(call) = call.take() {
            self.asks.ask(call, asked, self.now);
        }
    }

    pub(super) fn signed_in(&mut self, command: u64, result: Result<answer::Result, wire::Error>) {
        let signed_in = match result {
            Ok(answer::Result::SignedIn(signed_in)) => signed_in,
            Ok(_) => return self.stop_signing_in(command, failed(FailureReason::Incompatible)),
            Err(error) => return self.stop_signing_in(command, refused(&error)),
        };
        let Some(person) = signed_in.account.and_then(person_from_wire) else {
            return self.stop_signing_in(command, failed(FailureReason::Incompatible));
        };
        let row = SessionRow {
            account: person.account,
            device: DeviceId(signed_in.device),
            handle: person.handle,
            display_name: person.display_name,
            token: signed_in.token,
        };
        self.batch.saves.push(Save::Session(row.clone()));
        self.batch.session = true;
        self.account = Account::SignedIn(row);
        self.batch.finish(command, Outcome::Done);
        self.open_link();
    }

    /// The command failed: no link, no session.
    pub(super) fn stop_signing_in(&mut self, command: u64, outcome: Outcome) {
        self.account = Account::SignedOut { ended: false };
        let lost = self.asks.close(self.now);
        self.give_up(lost, FailureReason::Offline);
        self.shown.link_closed(self.now);
        self.batch.finish(command, outcome);
    }

    /// Forgets everything here at once. The server is told if the link is up; if it is not, or dies before the
    /// answer, the token stays valid there until it is revoked from another device: nothing that could repeat
    /// the wish is left on this one.
    pub(super) fn sign_out(&mut self, id: u64) {
        let call = request::Call::SignOut(wire::SignOut {});
        let told = self.asks.ask(call, Asked::SignOut, self.now);
        self.forget_everything(false);
        if !told {
            self.close_link();
        }
        self.batch.finish(id, Outcome::Done);
    }

    /// The server refuses this greeting for good.
    pub(super) fn link_refused(&mut self, error: &wire::Error, lost: Vec<Asked>) {
        self.shown.link_closed(self.now);
        match self.account {
            Account::SigningIn { command, .. } => self.stop_signing_in(command, refused(error)),
            Account::SignedIn(_) if error::remedy(error.code()) == Remedy::SignIn => {
                self.give_up(lost, FailureReason::SignedOut);
                self.forget_everything(true);
            }
            // Not the account's fault (a version nobody speaks any more): keep it all, readable offline.
            Account::SignedIn(_) => {
                self.give_up(lost, FailureReason::Incompatible);
                self.modules_lose_link();
            }
            Account::SignedOut { .. } => {}
        }
    }

    /// A request was answered with the news that the session has ended.
    pub(super) fn session_ended(&mut self, code: ErrorCode) -> bool {
        let ended = error::remedy(code) == Remedy::SignIn && self.account.row().is_some();
        if ended {
            self.close_link();
            self.forget_everything(true);
        }
        ended
    }

    /// Nothing stays readable on this device: conversations, and unsent messages too.
    fn forget_everything(&mut self, ended: bool) {
        self.batch.wipe();
        self.account = Account::SignedOut { ended };
        for mut window in std::mem::take(&mut self.views).into_values() {
            for command in window.take_waiting() {
                self.batch.finish(command, failed(FailureReason::SignedOut));
            }
        }
        for command in std::mem::take(&mut self.creating).into_keys() {
            self.batch.finish(command, failed(FailureReason::SignedOut));
        }
        let nothing = Restored::default();
        self.roster = Roster::restore(&nothing);
        self.people = People::restore(&nothing);
        self.outbox = Outbox::restore(Vec::new());
        self.catchup = CatchUp::new(nothing.synced);
        self.asks.set_position(nothing.synced);
        self.receipts = Receipts::default();
        self.gaps = Gaps::default();
        self.networks.forget();
        self.asks.enter_network(self.networks.here(), self.now);
        self.loadings.clear();
        self.shown.forget_views();
    }

    /// Ends the link; who waited for it hears that there is none.
    pub(super) fn close_link(&mut self) {
        let lost = self.asks.close(self.now);
        self.shown.link_closed(self.now);
        self.give_up(lost, FailureReason::Offline);
        self.modules_lose_link();
    }
}
