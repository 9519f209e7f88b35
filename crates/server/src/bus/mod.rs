//! The bus tells every node what was committed, so that the people there hear of it at once.

pub mod local;
pub mod lossy;
pub(crate) mod pledge;

use anser_protocol::{AccountId, ConversationId, DeviceId, Seq};
use anser_store::{Event, Reach};

/// A live link of a device, on the node that has it. Never reused while the node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// Something was committed; whoever is concerned wants to hear of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A log has a new entry.
    Event {
        /// As stored, send key included.
        event: Event,
        /// See [`anser_store::Membership::changed`]; `None` if the publisher does not know it.
        members_changed: Option<Seq>,
        /// The session that sent it: it hears of it by its answer.
        except: Option<SessionId>,
    },
    /// A conversation is new to these accounts, or its title or membership changed.
    Heads {
        /// Which.
        conversation: ConversationId,
        /// To whom; each sees it from its own side.
        accounts: Vec<AccountId>,
    },
    /// Somebody's positions moved forward.
    Reached {
        /// Whose.
        account: AccountId,
        /// Where, and the values after.
        reach: Reach,
        /// See [`anser_store::Member::from_seq`].
        from_seq: Seq,
        /// Present members there: in large conversations only the account's own devices are told.
        member_count: u32,
        /// The session that said so.
        except: Option<SessionId>,
    },
    /// A device was revoked or signed out: its sessions end.
    DeviceEnded {
        /// Whose.
        account: AccountId,
        /// Which.
        device: DeviceId,
    },
}

/// Carries notices to every node, this one included.
///
/// At most once: a notice may be lost, and nothing depends on its arrival, since all of it can be read from the
/// store. It may also come twice, or in another order than the commits. But a loss is *seen*: every publisher
/// numbers what it publishes, so a receiver that finds a number missing asks the store. Publishing never waits.
pub trait Bus: Send + Sync + 'static {
    /// Sends a notice on its way, under the next number.
    fn publish(&self, notice: Notice);

    /// Uses a number up without telling anything: receivers will notice that they were not told.
    fn skip(&self);

    /// States the newest number again, so that the loss of the very last notice is found too (spec D8).
    /// A driver calls it every `limits::TAIL_BEAT_MS` or so.
    fn tail(&self);
}

/// What comes out at a receiver's end.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The publisher's running number: 1 for its first notice. A tail repeats the newest one.
    pub number: u64,
    /// `None` for a tail.
    pub notice: Option<Notice>,
}
