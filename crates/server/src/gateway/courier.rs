//! Who must hear of what was committed? Takes notices from the bus one by one, and tells the sessions concerned.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anser_protocol::wire::{self, ErrorCode, push};
use anser_protocol::{AccountId, ConversationId, DeviceId, Fault, Moment, Seq, codec, limits};
use anser_store::{Event, Membership, Reach, Store};
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::bus::local::LocalFeed;
use crate::bus::{Delivery, Notice, SessionId};
use crate::gateway::clock::LinkClock;
use crate::gateway::hub::{Bells, Hub};
use crate::gateway::lively::{self, Lively};
use crate::gateway::memberships::Memberships;
use crate::gateway::rounds::{Members, Parcel, Round, Rounds};
use crate::metrics::Metrics;
use crate::services::conversations::Conversations;
use crate::services::store_fault::store_fault;
use crate::services::to_wire;

/// Delivers what the bus brings to the sessions of this node.
///
/// Whatever it could not deliver, because the bus lost it or the store did not answer, it makes good by telling
/// every session to ask (spec D8): at once for a missing number, else with the next tail of the bus.
pub struct Courier {
    store: Arc<dyn Store>,
    conversations: Arc<Conversations>,
    hub: Arc<Hub>,
    feed: LocalFeed,
    metrics: Arc<Metrics>,
    memberships: Memberships,
    /// What is held for a moment, for groups in which much is said.
    lively: Lively,
    /// What is on its way to the members of large groups.
    rounds: Rounds,
    clock: LinkClock,
    /// When this turn began; stands still while somebody steps.
    now: Moment,
    /// The newest number of the bus that was dealt with.
    newest_number: u64,
    /// Somebody here may not know of something.
    must_make_good: bool,
    /// Of sessions that have mail. Rung before anything is waited for.
    bells: Bells,
}

/// Everything that can wake the courier.
enum Wake {
    Delivery(Delivery),
    /// A group that was held, or a piece of a large one.
    Due,
    /// There will be no more deliveries.
    Gone,
}

/// Members read at a time: whoever has more is a large group.
const MEMBERS_READ_AT_ONCE: usize = limits::LARGE_GROUP_MEMBERS + 1;
/// With so many notices carried out, those who have mail are woken: they write it while the next are carried out.
const NOTICES_AT_ONCE: usize = 64;

impl Courier {
    /// A courier that has heard of nothing yet; nobody may have joined the hub before it exists.
    pub fn new(
        store: Arc<dyn Store>,
        conversations: Arc<Conversations>,
        hub: Arc<Hub>,
        feed: LocalFeed,
        metrics: Arc<Metrics>,
    ) -> Courier {
        let memberships = Memberships::new(limits::MEMBERS_CACHED_MAX);
        Courier {
            store,
            conversations,
            hub,
            feed,
            metrics,
            memberships,
            lively: Lively::default(),
            rounds: Rounds::default(),
            clock: LinkClock::start(),
            now: Moment(0),
            newest_number: 0,
            must_make_good: false,
            bells: Bells::default(),
        }
    }

    /// Waits for the next delivery of the bus and carries it out, and those that are there already with it; then goes on
    /// with what is due: a group that was held, a piece of a large group. `false`: the bus is gone, and everything is
    /// delivered.
    pub async fn run_some(&mut self) -> bool {
        let wake = self.wake().await;
        self.now = self.clock.now();
        match wake {
            Wake::Delivery(delivery) => self.carry_out(delivery).await,
            Wake::Due => {}
            Wake::Gone => {
                self.run_pending().await;
                return false;
            }
        }
        for _ in 1..NOTICES_AT_ONCE {
            if self.rounds.is_full() {
                break;
            }
            let Some(delivery) = self.feed.try_next() else { break };
            self.carry_out(delivery).await;
        }
        self.lively.tell_due(self.now, &self.hub, &mut self.bells);
        self.bells.ring();
        if self.rounds.due_at() <= self.now {
            self.go_on().await;
            self.rounds.pace(self.now);
            self.bells.ring();
            // Until those who were just woken have written, and those who wrote to us were read.
            yield_now().await;
        }
        true
    }

    /// Waits for what comes next; when something is due, that goes first. Dropping the future loses nothing.
    async fn wake(&mut self) -> Wake {
        let due_at = self.rounds.due_at().min(self.lively.due_at());
        let now = self.clock.now();
        if due_at <= now {
            return Wake::Due;
        }
        if due_at == Moment::NEVER {
            return self.feed.next().await.map_or(Wake::Gone, Wake::Delivery);
        }
        let until_due = Duration::from_millis(due_at.millis_since(now));
        if self.rounds.is_full() {
            sleep(until_due).await;
            return Wake::Due;
        }
        if let Some(delivery) = self.feed.try_next() {
            return Wake::Delivery(delivery);
        }
        tokio::select! {
            delivery = self.feed.next() => delivery.map_or(Wake::Gone, Wake::Delivery),
            () = sleep(until_due) => Wake::Due,
        }
    }

    /// Carries out what is waiting; for those who step.
    pub async fn run_pending(&mut self) {
        while let Some(delivery) = self.feed.try_next() {
            self.carry_out(delivery).await;
        }
        self.lively.tell_all(self.now, &self.hub, &mut self.bells);
        while !self.rounds.is_empty() {
            self.go_on().await;
        }
        self.bells.ring();
    }

    async fn carry_out(&mut self, delivery: Delivery) {
        let Delivery { number, notice } = delivery;
        let is_tail = notice.is_none();
        let expected = if is_tail { self.newest_number } else { self.newest_number + 1 };
        if number > expected {
            self.metrics.notices_missed.inc_by(number - expected);
            tracing::info!(missed = number - expected, "the bus lost notices");
            self.must_make_good = true;
        }
        let missed = self.must_make_good;
        if let Some(notice) = notice
            && let Err(error) = self.deliver(notice).await
        {
            tracing::warn!(%error, "a notice could not be delivered");
            self.must_make_good = true;
        }
        if missed || (is_tail && self.must_make_good) {
            self.make_good().await;
        }
        // Last: if this future is dropped half-way, the number will be found missing.
        self.newest_number = self.newest_number.max(number);
    }

    async fn deliver(&mut self, notice: Notice) -> Result<(), Fault> {
        match notice {
            Notice::Event { event, members_changed, except } => {
                self.deliver_event(event, members_changed, except).await
            }
            Notice::Heads { conversation, accounts } => self.deliver_heads(conversation, accounts).await,
            Notice::Reached { account, reach, from_seq, member_count, except } => {
                self.deliver_reached(account, reach, from_seq, member_count, except).await
            }
            Notice::DeviceEnded { account, device } => {
                self.hub.end_devices(account, |other| other == device, &signed_out());
                Ok(())
            }
        }
    }
}

impl Courier {
    async fn deliver_event(
        &mut self,
        event: Event,
        members_changed: Option<Seq>,
        except: Option<SessionId>,
    ) -> Result<(), Fault> {
        let conversation = event.conversation;
        let mut parcel = Parcel::new(event, except);
        if self.rounds.has(conversation) {
            self.rounds.add(parcel, members_changed, None);
            return Ok(());
        }
        match self.members(conversation, members_changed).await? {
            members if members.are_many() => {
                self.release(conversation);
                self.rounds.add(parcel, members_changed, Some(members));
            }
            Members::Known(members) if members.members.len() >= lively::MEMBERS_MIN => {
                self.lively.add(parcel, members, self.now, &self.hub, &mut self.bells);
            }
            members => {
                self.release(conversation);
                parcel.hand_out(members.list(), &self.hub, &mut self.bells);
            }
        }
        Ok(())
    }

    /// What is held there goes before whatever else is told of it.
    fn release(&mut self, conversation: ConversationId) {
        self.lively.release(conversation, self.now, &self.hub, &mut self.bells);
    }

    /// Brings what is on its way in a large group to some more of its members.
    async fn go_on(&mut self) {
        let Some(mut round) = self.rounds.take() else { return };
        match self.go_on_with(&mut round).await {
            Ok(true) => self.rounds.give_back(round),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "a large group could not be told");
                self.must_make_good = true;
            }
        }
    }

    /// `false`: the round is over.
    async fn go_on_with(&mut self, round: &mut Round) -> Result<bool, Fault> {
        let (conversation, as_of) = (round.conversation(), round.as_of());
        if round.is_through() {
            let members = match round.members().take() {
                None => self.members(conversation, as_of).await?,
                Some(Members::Known(_)) => return Ok(false),
                Some(Members::First(first)) => self.more_members(conversation, first).await?,
            };
            *round.members() = Some(members);
        }
        round.hand_out_some(&self.hub, &mut self.bells);
        Ok(true)
    }

    async fn deliver_heads(
        &mut self,
        conversation: ConversationId,
        accounts: Vec<AccountId>,
    ) -> Result<(), Fault> {
        self.memberships.forget(conversation);
        self.release(conversation);
        for account in accounts {
            if !self.hub.is_present(account) {
                continue;
            }
            self.bells.ring();
            // Read now, not when it was published: the newest head makes every older one superfluous.
            let head = self.conversations.head(account, conversation).await?;
            let frame = codec::encode_push(push::What::Head(head));
            self.hub.push([account], |_| frame.clone(), None, &mut self.bells);
        }
        Ok(())
    }

    async fn deliver_reached(
        &mut self,
        account: AccountId,
        reach: Reach,
        from_seq: Seq,
        member_count: u32,
        except: Option<SessionId>,
    ) -> Result<(), Fault> {
        let position = Some(to_wire::reach_to_wire(&reach));
        let what = wire::Reached { account: account.0, position, from_seq: from_seq.0 };
        let frame = codec::encode_push(push::What::Reached(what));
        self.hub.push([account], |_| frame.clone(), except, &mut self.bells);
        if member_count as usize > limits::REACHED_PUSH_MEMBERS_MAX {
            return Ok(());
        }
        let members = self.members(reach.conversation, Some(Seq(0))).await?;
        let others = members.list().iter().map(|(member, _)| *member).filter(|member| *member != account);
        self.hub.push(others, |_| frame.clone(), None, &mut self.bells);
        Ok(())
    }

    /// Who is in a conversation, as of the event that last changed it or later; read again if not known. Of many, the
    /// first ones.
    async fn members(
        &mut self,
        conversation: ConversationId,
        changed: Option<Seq>,
    ) -> Result<Members, Fault> {
        if let Some(known) = self.memberships.get(conversation)
            && changed.is_some_and(|changed| known.changed >= changed)
        {
            return Ok(Members::Known(known));
        }
        let nobody = Membership { changed: Seq(0), members: Vec::new() };
        self.more_members(conversation, nobody).await
    }

    /// Reads on. When all are there they are remembered.
    async fn more_members(
        &mut self,
        conversation: ConversationId,
        mut so_far: Membership,
    ) -> Result<Members, Fault> {
        self.bells.ring();
        let after = so_far.members.last().map_or(AccountId(0), |(account, _)| *account);
        let page = self.store.present_members(conversation, after, MEMBERS_READ_AT_ONCE).await;
        let page = page.map_err(store_fault)?;
        if so_far.members.is_empty() {
            so_far.changed = page.changed;
        }
        let is_last = page.members.len() < MEMBERS_READ_AT_ONCE;
        so_far.members.extend(page.members);
        if !is_last {
            return Ok(Members::First(so_far));
        }
        let all = Arc::new(so_far);
        self.memberships.put(conversation, all.clone());
        Ok(Members::Known(all))
    }

    /// We were not told, or could not tell: let every session ask, and see ourselves whose device was revoked.
    async fn make_good(&mut self) {
        self.bells.ring();
        self.memberships.forget_all();
        self.lively.tell_all(self.now, &self.hub, &mut self.bells);
        self.hub.resync_all();
        self.hub.note_ending();
        for account in self.hub.accounts() {
            let devices = match self.store.devices(account).await {
                Ok(devices) => devices,
                Err(error) => {
                    tracing::warn!(%error, "devices could not be checked; the next tail tries again");
                    self.must_make_good = true;
                    return;
                }
            };
            let is_over = |device: DeviceId| !devices.iter().any(|still| still.id == device);
            self.hub.end_devices(account, is_over, &signed_out());
        }
        self.must_make_good = false;
    }
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").field("newest_number", &self.newest_number).finish_non_exhaustive()
    }
}

fn signed_out() -> Fault {
    Fault::new(ErrorCode::SignedOut, "this device was signed out")
}
