//! How long an idle link may be silent before its client beats: learned for each network by trying.
//!
//! A network forgets a link that is silent for too long (its address translation drops the entry), and nobody
//! tells how long that is. So the first beats are short, and each silence that a Ping shows to have been survived
//! makes the next one half as long again. The first one that is not survived, at the price of one link, marks
//! the edge; one more try halves the doubt, and from then on beats stay a tenth below what has held. After an hour,
//! then two, up to a day, the edge is tried again, because what looked like it may have been a tunnel.

use crate::{Moment, limits};

/// What was learned of one network. Whoever remembers it gives it back unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// The longest silence that the link survived; 0: none yet.
    pub held_ms: u64,
    /// The shortest one that it did not survive; 0: none yet.
    pub broke_ms: u64,
    /// How often in a row a try beyond `held_ms` broke: the pause before the next one doubles.
    pub broken: u32,
    /// When the edge may be tried again.
    pub retry_at: Moment,
}

impl Learned {
    /// How long the next silence shall be.
    fn next_ms(&self, now: Moment) -> u64 {
        let first = limits::SILENCE_FIRST_MS;
        // A clock that was set back must not put the next try off for years.
        let may_retry = now >= self.retry_at || self.retry_at > now + limits::SILENCE_RETRY_MAX_MS;
        if self.held_ms < first {
            let is_too_long = self.broke_ms != 0 && self.broke_ms <= first && !may_retry;
            return if is_too_long { limits::HEARTBEAT_MS.into() } else { first };
        }
        if self.broke_ms == 0 {
            return self.held_ms + self.held_ms / 2;
        }
        let doubt = self.broke_ms.saturating_sub(self.held_ms);
        if doubt > self.held_ms / 4 {
            return self.held_ms + doubt / 2;
        }
        if may_retry {
            return self.broke_ms.max(first);
        }
        (self.held_ms - self.held_ms / 10).max(first)
    }

    fn hold(&mut self, silence_ms: u64) {
        self.held_ms = silence_ms;
        if self.broke_ms <= silence_ms {
            (self.broke_ms, self.broken) = (0, 0);
        }
    }

    fn break_at(&mut self, silence_ms: u64, now: Moment) {
        self.broke_ms = silence_ms;
        let pause = limits::SILENCE_RETRY_FIRST_MS << self.broken.min(16);
        self.broken = self.broken.saturating_add(1);
        self.retry_at = now + pause.min(limits::SILENCE_RETRY_MAX_MS);
    }
}

/// The beat of one link.
///
/// It never lets a link be silent for longer than the server was told, and it learns only from silences in which
/// nothing went either way: a push, too, reminds a network of the link.
#[derive(Debug)]
pub(super) struct Pulse {
    /// What Welcome named: kept on a network without a name, and until the server was told of another.
    named_ms: u64,
    /// The longest silence that Welcome allows.
    allowed_ms: u64,
    /// Of the network we are in, if it has a name.
    learned: Option<Learned>,
    /// What the server was told last on this connection.
    told_ms: u64,
    /// When we last sent something, or something came that was no answer to it.
    quiet_since: Moment,
    sent_at: Moment,
    /// The silence that ended with something we sent; nothing came since to show that it was survived.
    tried_ms: Option<u64>,
    /// If the connection ends now, that has another reason than silence: it is not up yet, or its network has changed.
    is_suspect: bool,
    /// The last silence of a length that had held before broke.
    in_doubt: bool,
}

impl Pulse {
    pub(super) fn new() -> Pulse {
        Pulse {
            named_ms: limits::HEARTBEAT_MS.into(),
            allowed_ms: 0,
            learned: None,
            told_ms: limits::HEARTBEAT_MS.into(),
            quiet_since: Moment(0),
            sent_at: Moment(0),
            tried_ms: None,
            is_suspect: true,
            in_doubt: false,
        }
    }

    /// From here on the link runs in this network, of which so much is known; `None`: in one without a name.
    pub(super) fn enter(&mut self, learned: Option<Learned>, now: Moment) {
        (self.learned, self.tried_ms, self.in_doubt) = (learned, None, false);
        self.quiet_since = now;
    }

    /// A link begins: the server expects the beat that it named, until it is told of another.
    pub(super) fn begin(&mut self, named_ms: u32, allowed_ms: u32, now: Moment) {
        self.named_ms = limits::heartbeat_ms(named_ms);
        self.allowed_ms = u64::from(allowed_ms).min(limits::HEARTBEAT_MAX_MS.into());
        self.told_ms = self.named_ms;
        (self.quiet_since, self.sent_at) = (now, now);
        (self.tried_ms, self.is_suspect) = (None, false);
    }

    /// There is a reason to think that the connection is dead, or it has yet to become a link: its end would teach
    /// nothing.
    pub(super) fn suspect(&mut self) {
        (self.tried_ms, self.is_suspect) = (None, true);
    }

    /// How long after what was sent last a Ping is due.
    pub(super) fn beat_ms(&self, now: Moment) -> u64 {
        self.planned_ms(self.learned, now).min(self.told_ms)
    }

    /// For how long the server expects silence at most.
    pub(super) fn told_ms(&self) -> u64 {
        self.told_ms
    }

    /// A Ping is being sent. Returns the silence that it announces: how long the next one may be if the one that
    /// ends now was survived. 0 if Welcome's beat is kept.
    pub(super) fn announce(&mut self, now: Moment) -> u32 {
        self.note_sent(now);
        let mut hoped = self.learned;
        if let (Some(learned), Some(silence_ms)) = (&mut hoped, self.tried_ms)
            && silence_ms > learned.held_ms
        {
            learned.hold(silence_ms);
        }
        self.told_ms = self.planned_ms(hoped, now);
        if self.is_adaptive() { u32::try_from(self.told_ms).unwrap_or(limits::HEARTBEAT_MAX_MS) } else { 0 }
    }

    /// Something was sent, which ends a silence.
    pub(super) fn note_sent(&mut self, now: Moment) {
        if !self.is_suspect {
            self.tried_ms = self.tried_ms.or(self.silence_ms(now));
        }
        (self.quiet_since, self.sent_at) = (now, now);
    }

    /// Something came: the silence that we ended was survived. Returns what is news.
    pub(super) fn note_received(&mut self, now: Moment) -> Option<Learned> {
        self.is_suspect = false;
        // What comes soon after we sent is its answer, mostly: a silence is counted from one sending to the next, or it
        // would always be a round trip shorter than was planned.
        if now.millis_since(self.sent_at) > limits::HEARTBEAT_GRACE_MS {
            self.quiet_since = now;
        }
        let silence_ms = self.tried_ms.take().filter(|_| self.is_adaptive())?;
        let learned = self.learned.as_mut()?;
        if is_comparable(silence_ms, learned.held_ms) {
            self.in_doubt = false;
        }
        if silence_ms <= learned.held_ms {
            return None;
        }
        learned.hold(silence_ms);
        Some(*learned)
    }

    /// The connection has ended by itself, or is as good as dead. If nothing has come since we ended a silence, that
    /// may be why. Returns what is news.
    pub(super) fn note_lost(&mut self, now: Moment) -> Option<Learned> {
        let silence_ms = self.tried_ms.take().filter(|_| self.is_adaptive())?;
        let learned = self.learned.as_mut()?;
        if silence_ms > learned.held_ms {
            learned.break_at(silence_ms, now);
            return Some(*learned);
        }
        // Much shorter than what we keep to: another reason is more likely. And once may be by chance.
        if !is_comparable(silence_ms, learned.held_ms) || !std::mem::replace(&mut self.in_doubt, true) {
            return None;
        }
        // Twice in a row: this network forgets sooner than it did.
        self.in_doubt = false;
        learned.held_ms = silence_ms / 2;
        learned.break_at(silence_ms, now);
        Some(*learned)
    }

    /// How long nothing went either way, if that says something about the network. A silence that every network bears
    /// does not, nor one that was longer than planned: then the machine slept.
    fn silence_ms(&self, now: Moment) -> Option<u64> {
        let silence_ms = now.millis_since(self.quiet_since);
        let is_as_planned = silence_ms <= self.told_ms + limits::HEARTBEAT_GRACE_MS;
        (is_as_planned && silence_ms >= limits::SILENCE_FIRST_MS / 2).then_some(silence_ms.min(self.told_ms))
    }

    fn is_adaptive(&self) -> bool {
        self.learned.is_some() && self.allowed_ms >= limits::SILENCE_FIRST_MS
    }

    fn planned_ms(&self, learned: Option<Learned>, now: Moment) -> u64 {
        match learned {
            Some(learned) if self.is_adaptive() => learned.next_ms(now).min(self.allowed_ms),
            _ => self.named_ms,
        }
    }
}

/// Whether what became of a silence says something about one that held before.
fn is_comparable(silence_ms: u64, held_ms: u64) -> bool {
    silence_ms.saturating_mul(2) >= held_ms
}
