//! What was said, and how far did people get? Sending, reading back, positions.

use std::fmt;
use std::sync::Arc;

use anser_protocol::wire;
use anser_protocol::{ConversationId, Fault, Moment, Seq, limits};
use anser_store::{Append, Event, Range, Reach, Store};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use crate::bus::pledge::Pledge;
use crate::bus::{Bus, Notice};
use crate::metrics::Metrics;
use crate::services::store_fault::store_fault;
use crate::services::{Asker, rules, to_wire};

/// Messages and positions.
pub struct Messages {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    metrics: Arc<Metrics>,
}

impl Messages {
    /// Over this store, telling this bus.
    pub fn new(store: Arc<dyn Store>, bus: Arc<dyn Bus>, metrics: Arc<Metrics>) -> Messages {
        Messages { store, bus, metrics }
    }

    /// Stores a message; "sent" means committed.
    ///
    /// Not an `async fn` on purpose: the message is queued by the call itself, so that messages of one link are
    /// committed in the order of the calls, however the futures are polled.
    pub fn send(
        &self,
        asker: Asker,
        call: wire::Send,
        now: Moment,
    ) -> impl Future<Output = Result<wire::Sent, Fault>> + Send + use<> {
        let begun = message_from_wire(asker, call, now).map(|message| {
            let pledge = Pledge::new(&self.bus);
            (pledge, self.store.append(message.clone()), message)
        });
        let metrics = self.metrics.clone();
        async move {
            let (mut pledge, appending, message) = begun?;
            let appended = pledge.unless_refused(appending.await).map_err(store_fault)?;
            let sent = wire::Sent { seq: appended.seq.0, at_ms: appended.at.0 };
            if !appended.fresh {
                metrics.sends_repeated.inc();
                pledge.tell(None);
                return Ok(sent);
            }
            metrics.messages_stored.inc();
            let event = Event {
                conversation: message.conversation,
                seq: appended.seq,
                sender: message.sender,
                at: appended.at,
                kind: message.kind,
                body: message.body,
                silent: message.silent,
                send_key: Some(message.send_key),
            };
            let members_changed = Some(appended.members_changed);
            pledge.tell(Some(Notice::Event { event, members_changed, except: Some(asker.session) }));
            Ok(sent)
        }
    }

    /// Was this message of the asker's stored? Like [`Messages::send`], queued by the call itself.
    pub fn find_sent(
        &self,
        asker: Asker,
        call: &wire::FindSent,
    ) -> BoxFuture<'static, Result<wire::Sent, Fault>> {
        let send_key = match rules::send_key(&call.send_key) {
            Ok(send_key) => send_key,
            Err(fault) => return ready(Err(fault)).boxed(),
        };
        let finding = self.store.find_sent(asker.account, send_key);
        async move {
            let found = finding.await.map_err(store_fault)?;
            Ok(wire::Sent { seq: found.seq.0, at_ms: found.at.0 })
        }
        .boxed()
    }

    /// A span of a log, as far as the asker may see it.
    pub async fn range(&self, asker: Asker, call: wire::GetRange) -> Result<wire::Range, Fault> {
        let range = Range {
            first: Seq(call.first),
            last: Seq(call.last),
            limit: rules::page(call.limit, limits::RANGE_EVENTS_MAX),
            bytes_max: limits::RANGE_BYTES_MAX,
            newest: call.newest,
        };
        let conversation = ConversationId(call.conversation);
        let events = self.store.range(asker.account, conversation, range).await.map_err(store_fault)?;
        let to_wire = |event| to_wire::event_into_wire(event, asker.account);
        Ok(wire::Range { events: events.into_iter().map(to_wire).collect() })
    }

    /// Moves the asker's positions forward.
    pub async fn reach(&self, asker: Asker, call: wire::ReachAll, now: Moment) -> Result<wire::Done, Fault> {
        rules::count("positions", call.positions.len(), limits::REACHES_PER_REQUEST_MAX)?;
        let positions = call.positions.iter().map(reach_from_wire).collect();
        let mut pledge = Pledge::new(&self.bus);
        let moved = self.store.reach(asker.account, positions, now).await;
        let moved = pledge.unless_refused(moved).map_err(store_fault)?;
        pledge.tell(moved.into_iter().map(|moved| Notice::Reached {
            account: asker.account,
            reach: moved.reach,
            from_seq: moved.from_seq,
            member_count: moved.member_count,
            except: Some(asker.session),
        }));
        Ok(wire::Done {})
    }
}

fn message_from_wire(asker: Asker, call: wire::Send, now: Moment) -> Result<Append, Fault> {
    let send_key = rules::send_key(&call.send_key)?;
    rules::message(call.kind, &call.body)?;
    Ok(Append {
        conversation: ConversationId(call.conversation),
        sender: asker.account,
        send_key,
        kind: call.kind,
        body: call.body,
        silent: call.silent,
        now,
    })
}

fn reach_from_wire(reach: &wire::Reach) -> Reach {
    Reach {
        conversation: ConversationId(reach.conversation),
        delivered: Seq(reach.delivered),
        read: Seq(reach.read),
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").finish_non_exhaustive()
    }
}
