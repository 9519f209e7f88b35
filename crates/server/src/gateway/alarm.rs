//! The one timer of a link: when its session must be woken.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use anser_protocol::Moment;
use tokio::time::{Instant, Sleep, sleep_until};

use super::clock::LinkClock;

/// Rings at a moment that moves with every frame, almost always to a later one: so it is let ring too early, and then
/// set again. A busy link sets it once in seconds, where setting it for each frame cost 0.4 µs of each message.
pub(super) struct Alarm {
    clock: LinkClock,
    /// Set for this moment or later, as the runtime rounds it.
    set_for: Moment,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    pub(super) fn new(clock: LinkClock) -> Alarm {
        Alarm { clock, set_for: Moment::NEVER, sleep: None }
    }

    /// Ready when the link's clock shows `moment` or later; for [`Moment::NEVER`], never.
    pub(super) fn poll(&mut self, moment: Moment, context: &mut Context<'_>) -> Poll<()> {
        if moment < self.set_for {
            self.set(moment);
        }
        loop {
            let Some(sleep) = &mut self.sleep else { return Poll::Pending };
            ready!(sleep.as_mut().poll(context));
            self.set_for = Moment::NEVER;
            if self.clock.now() >= moment {
                self.sleep = None;
                return Poll::Ready(());
            }
            self.set(moment);
        }
    }

    fn set(&mut self, moment: Moment) {
        if moment == Moment::NEVER {
            self.sleep = None;
            return;
        }
        let millis = moment.millis_since(self.clock.now()).div_ceil(anser_failpoints::pace());
        // Not beyond what the runtime can bear.
        let at = Instant::now() + Duration::from_millis(millis.min(DAY_MS));
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(at),
            none => *none = Some(Box::pin(sleep_until(at))),
        }
        self.set_for = moment;
    }
}

/// Deadlines are minutes away; whatever is further is looked at again after a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn rings_at(alarm: &mut Alarm, moment: Moment) -> Moment {
        poll_fn(|context| alarm.poll(moment, context)).await;
        alarm.clock.now()
    }

    fn is_silent(alarm: &mut Alarm, moment: Moment) -> bool {
        alarm.poll(moment, &mut Context::from_waker(std::task::Waker::noop())).is_pending()
    }

    #[tokio::test]
    async fn it_rings_at_the_moment_last_named_whichever_was_named_before() {
        let mut alarm = Alarm::new(LinkClock::start());
        let began = alarm.clock.now();
        assert!(is_silent(&mut alarm, Moment::NEVER));
        assert!(is_silent(&mut alarm, began + 60_000));
        assert!(rings_at(&mut alarm, began + 30).await >= began + 30);
        assert!(is_silent(&mut alarm, began + 40));
        assert!(rings_at(&mut alarm, began + 80).await >= began + 80);
        assert!(alarm.sleep.is_none());
    }

    #[tokio::test]
    async fn a_moment_that_is_past_rings_at_once() {
        let mut alarm = Alarm::new(LinkClock::start());
        let began = alarm.clock.now();
        rings_at(&mut alarm, began).await;
        rings_at(&mut alarm, Moment(0)).await;
    }
}
