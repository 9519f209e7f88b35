//! What is being worked on for one link, and how much of it at once: what was read waits in memory until the other end
//! takes it.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use anser_protocol::Fault;
use anser_protocol::wire::{answer, request::Call};
use futures_util::future::BoxFuture;

use super::dispatch::{Answering, Welcomed};

/// One is being written while the next is read. A page is up to `limits::RANGE_BYTES_MAX` long, and if all the
/// requests a link may have in flight were pages, one that does not read would hold half a hundred MB.
const PAGES_AT_ONCE_MAX: usize = 2;

/// Everything that is being worked on for one link; bounded by what its session lets in flight.
///
/// Whenever the link wakes, all of it is asked whether it is done. There are few at a time, and asking one costs 25 ns,
/// less than a list of those that are; and a link with nothing to do holds nothing here.
#[derive(Default)]
pub(super) struct Working {
    jobs: Vec<Job>,
    /// What was done while the link was being written to.
    finished: VecDeque<Finished>,
    /// Those being read, and those that were read and not taken.
    pages: usize,
}

enum Job {
    Greeting(Greeting),
    Request { id: u32, sort: Sort, answering: Answering, is_begun: bool },
}

/// How a request is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Its answer may be long, and it changes nothing.
    Page,
    /// Nobody looks at its answer, which says that positions were noted.
    Report,
    /// Its answer is short, and somebody waits for it.
    Other,
}

impl Sort {
    pub(super) fn of(call: &Call) -> Sort {
        match call {
            Call::GetRange(_)
            | Call::Sync(_)
            | Call::ListMembers(_)
            | Call::GetPeople(_)
            | Call::ListDevices(_) => Sort::Page,
            Call::Reach(_) => Sort::Report,
            _ => Sort::Other,
        }
    }
}

/// Finding out who said Hello, and what changed for them.
pub(super) type Greeting = BoxFuture<'static, Result<Welcomed, Fault>>;

/// Work that is done.
pub(super) enum Finished {
    Greeting(Box<Result<Welcomed, Fault>>),
    Request { id: u32, sort: Sort, result: Box<Result<answer::Result, Fault>> },
}

impl Working {
    /// Whether there is nothing left to do, nor to take.
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.finished.is_empty()
    }

    pub(super) fn greet(&mut self, greeting: Greeting) {
        self.jobs.push(Job::Greeting(greeting));
    }

    /// A page waits for its turn. Everything else goes on at once: its answers are small, and others may be waiting to
    /// hear of what it commits.
    pub(super) fn begin(&mut self, id: u32, sort: Sort, answering: Answering) {
        self.jobs.push(Job::Request { id, sort, answering, is_begun: false });
    }

    /// Takes the next thing that is done. One page taken is one more that may be read.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Finished> {
        let next = match self.finished.pop_front() {
            Some(finished) => Poll::Ready(finished),
            None => self.poll_jobs(context),
        };
        if let Poll::Ready(Finished::Request { sort: Sort::Page, .. }) = &next {
            self.pages -= 1;
        }
        if self.jobs.is_empty() {
            self.jobs = Vec::new();
        }
        next
    }

    /// Goes on with everything and keeps what is done, for a link that cannot take it now.
    pub(super) fn poll_on(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(finished) = self.poll_jobs(context) {
            self.finished.push_back(finished);
        }
    }

    /// The link ends: nobody waits for what was only to be read. What may commit something goes on to its end.
    pub(super) async fn finish(mut self) {
        self.jobs.retain(|job| !matches!(job, Job::Request { sort: Sort::Page, .. }));
        self.finished.clear();
        while !self.jobs.is_empty() {
            let _nobody_waits = std::future::poll_fn(|context| self.poll_jobs(context)).await;
        }
    }

    fn poll_jobs(&mut self, context: &mut Context<'_>) -> Poll<Finished> {
        for place in 0..self.jobs.len() {
            if let Poll::Ready(finished) = self.jobs[place].poll(&mut self.pages, context) {
                self.jobs.remove(place);
                return Poll::Ready(finished);
            }
        }
        Poll::Pending
    }
}

impl Job {
    fn poll(&mut self, pages: &mut usize, context: &mut Context<'_>) -> Poll<Finished> {
        match self {
            Job::Greeting(greeting) => {
                greeting.as_mut().poll(context).map(|result| Finished::Greeting(Box::new(result)))
            }
            Job::Request { sort: Sort::Page, is_begun: false, .. } if *pages == PAGES_AT_ONCE_MAX => {
                Poll::Pending
            }
            Job::Request { id, sort, answering, is_begun } => {
                if !std::mem::replace(is_begun, true) && *sort == Sort::Page {
                    *pages += 1;
                }
                let (id, sort) = (*id, *sort);
                answering.as_mut().poll(context).map(|result| Finished::Request {
                    id,
                    sort,
                    result: Box::new(result),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Waker;

    use anser_protocol::wire;
    use futures_util::FutureExt;
    use futures_util::future::{pending, ready};

    use super::*;

    fn answering() -> Answering {
        ready(Ok(answer::Result::Range(wire::Range::default()))).boxed()
    }

    fn sixty_four_pages() -> Working {
        let mut working = Working::default();
        (0..64).for_each(|id| working.begin(id, Sort::Page, answering()));
        working
    }

    fn poll<T>(poll: impl FnOnce(&mut Context<'_>) -> T) -> T {
        poll(&mut Context::from_waker(Waker::noop()))
    }

    fn take(working: &mut Working) -> Option<u32> {
        match poll(|context| working.poll_next(context)) {
            Poll::Ready(Finished::Request { id, .. }) => Some(id),
            _ => None,
        }
    }

    #[test]
    fn pages_that_are_not_taken_keep_others_from_being_read() {
        let mut working = sixty_four_pages();
        poll(|context| working.poll_on(context));
        assert_eq!(working.finished.len(), PAGES_AT_ONCE_MAX);
        assert_eq!(take(&mut working), Some(0));
        poll(|context| working.poll_on(context));
        assert_eq!(working.finished.len(), PAGES_AT_ONCE_MAX, "one is taken, and one more is read");
        let rest: Vec<u32> = std::iter::from_fn(|| take(&mut working)).collect();
        assert_eq!(rest, (1..64).collect::<Vec<_>>());
        assert!(working.is_empty() && working.pages == 0);
    }

    #[test]
    fn what_is_no_page_waits_for_none() {
        let mut working = sixty_four_pages();
        working.begin(64, Sort::Other, answering());
        poll(|context| working.poll_on(context));
        let done = working.finished.iter().map(|finished| match finished {
            Finished::Request { id, .. } => *id,
            Finished::Greeting(_) => panic!("nobody greeted"),
        });
        assert_eq!(done.collect::<Vec<_>>(), [0, 1, 64]);
    }

    #[test]
    fn what_is_not_done_holds_nothing_else_up() {
        let mut working = Working::default();
        working.begin(1, Sort::Other, pending().boxed());
        working.begin(2, Sort::Report, answering());
        assert_eq!(take(&mut working), Some(2));
        assert_eq!(take(&mut working), None);
        assert!(!working.is_empty());
    }

    #[test]
    fn at_the_end_of_a_link_pages_are_dropped_and_everything_else_is_done() {
        let (pages, others) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut working = Working::default();
        for id in 0..8 {
            let (sort, done) = match id % 2 {
                0 => (Sort::Page, pages.clone()),
                _ => (Sort::Report, others.clone()),
            };
            let answering = async move {
                done.fetch_add(1, Ordering::Relaxed);
                answering().await
            };
            working.begin(id, sort, answering.boxed());
        }
        assert_eq!(working.finish().now_or_never(), Some(()));
        assert_eq!((pages.load(Ordering::Relaxed), others.load(Ordering::Relaxed)), (0, 4));
    }
}
