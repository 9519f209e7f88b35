//! The link's life as the engine sees it: up, down, catching up, and what the user is shown of it.

use anser_protocol::ids::Position;
use anser_protocol::link::Learned;
use anser_protocol::wire::{self, Changes, Welcome, answer, request};
use anser_protocol::{Moment, limits};
use rand::Rng;

use super::Engine;
use super::signing::Account;
use crate::asks::Asked;
use crate::command::Outcome;
use crate::failure::failed;
use crate::local::Save;
use crate::mutants::Mutant;
use crate::reason::FailureReason;
use crate::rows::{head_from_wire, person_from_wire};

/// Conversations whose newest page is fetched unasked on a device that has nothing of them: one list screen.
const FIRST_SCREEN_CONVERSATIONS: usize = limits::HEADS_PER_PAGE;

impl Engine {
    pub(super) fn link_connecting(&mut self) {
        self.shown.link_connecting();
    }

    pub(super) fn link_up(&mut self, welcome: Option<Box<Welcome>>) {
        let Some(welcome) = welcome else {
            return self.ask_to_sign_in();
        };
        if self.account.row().is_none() {
            return self.close_link();
        }
        self.shown.link_up();
        self.catchup.welcome();
        self.note_own_name(welcome.account);
        self.take_page(welcome.changes.unwrap_or_default());
    }

    /// Unanswered questions are void: commands fail, modules ask again when the link is back.
    pub(super) fn link_down(&mut self, retry_at: Moment, lost: Vec<Asked>) {
        self.shown.link_down(retry_at);
        self.give_up(lost, FailureReason::Offline);
        self.modules_lose_link();
        match self.account {
            Account::SigningIn { command, .. } => {
                self.stop_signing_in(command, failed(FailureReason::Offline));
            }
            // It was only still open to say good-bye.
            Account::SignedOut { .. } => self.close_link(),
            Account::SignedIn(_) => {}
        }
    }

    /// Whoever counts on answers learns that none will come.
    pub(super) fn modules_lose_link(&mut self) {
        if self.mutant.is(Mutant::ForgetKeyOnRetry) {
            self.forget_keys();
        }
        self.outbox.link_lost();
        self.receipts.link_lost();
        self.gaps.link_lost();
        self.catchup.link_lost();
        self.people.link_lost();
        for creating in self.creating.values_mut() {
            creating.link_lost();
        }
        for window in self.views.values_mut() {
            window.fetching = None;
        }
        let open = self.open_conversations();
        self.batch.timelines.extend(open);
    }

    pub(super) fn reconnect_now(&mut self, id: u64) {
        if self.storage.is_fine() {
            // A link that was refused for good is tried again: the server may have been updated.
            self.open_link();
        }
        self.asks.network(true, self.now);
        self.batch.finish(id, Outcome::Done);
    }

    pub(super) fn enter_network(&mut self, name: String) {
        let learned = self.networks.enter(name);
        self.asks.enter_network(learned, self.now);
    }

    pub(super) fn learned_of_network(&mut self, learned: Learned) {
        let saves = self.networks.learn(learned, self.now);
        self.batch.saves.extend(saves);
    }

    /// A heartbeat says that a push was lost, or something showed that we do not know what we should.
    pub(super) fn missed(&mut self) {
        if !self.mutant.is(Mutant::IgnoreBeat) {
            self.catchup.missed();
        }
    }

    pub(super) fn ask_for_changes(&mut self) {
        if !self.is_online() || !self.asks.has_room() {
            return;
        }
        if let Some(sync) = self.catchup.next_request(self.now) {
            self.asks.ask(request::Call::Sync(sync), Asked::Sync, self.now);
        }
    }

    pub(super) fn changes_came(&mut self, result: Result<answer::Result, wire::Error>) {
        match result {
            Ok(answer::Result::Changes(changes)) => self.take_page(changes),
            Ok(_) => self.catchup.retry_later(0, self.now),
            Err(error) => self.catchup.retry_later(error.retry_after_ms, self.now),
        }
    }

    /// One page of changed conversations. The position goes to disk behind the heads of the last one.
    fn take_page(&mut self, mut page: Changes) {
        for head in std::mem::take(&mut page.heads) {
            if let Some(head) = head_from_wire(head) {
                self.take_head(&head);
            }
        }
        if self.mutant.is(Mutant::PositionFromPush) {
            self.believe(Position(page.position));
        }
        let quarter = self.rng.next_u64() % (limits::SLOW_PULL_MS / 4);
        if let Some(position) = self.catchup.take_page(&page, quarter, self.now) {
            self.batch.saves.push(Save::Synced(position));
            self.asks.set_position(position);
            self.pages_complete();
        }
    }

    /// For a mutant only.
    pub(super) fn believe(&mut self, position: Position) {
        self.catchup.believe(position);
        self.batch.saves.push(Save::Synced(self.catchup.synced()));
        self.asks.set_position(self.catchup.synced());
    }

    /// All heads are in: what do we lack, and what have we not told yet? (Both also hold after a restart, when
    /// the heads themselves say nothing new.)
    fn pages_complete(&mut self) {
        let mut recent: Vec<_> =
            self.roster.iter().map(|(id, conversation)| (conversation.row.last.at_ms, id)).collect();
        recent.sort_unstable_by(|one, other| other.cmp(one));
        for (place, (_, id)) in recent.into_iter().enumerate() {
            self.receipts.touch(id);
            if place < FIRST_SCREEN_CONVERSATIONS || self.has_undelivered(id) {
                self.gaps.want(id);
            }
        }
        for conversation in self.open_conversations() {
            self.look_at_members(conversation);
        }
    }

    /// Our display name may have been changed elsewhere.
    fn note_own_name(&mut self, account: Option<wire::Person>) {
        let Some(person) = account.and_then(person_from_wire) else { return };
        let Account::SignedIn(row) = &mut self.account else { return };
        let same = row.handle == person.handle && row.display_name == person.display_name;
        if same || row.account != person.account {
            return;
        }
        row.handle = person.handle.clone();
        row.display_name = person.display_name.clone();
        self.batch.saves.push(Save::Session(row.clone()));
        self.batch.session = true;
        self.people.learn(&person);
    }
}
