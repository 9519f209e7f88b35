//! One link: the task between a carrier and its `protocol::Session`.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anser_failpoints::Place as Failpoint;
use anser_protocol::session::{Output, Session};
use anser_protocol::wire::{Close, ErrorCode, frame, request};
use anser_protocol::{Fault, Moment, codec, limits};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::watch;
use tokio::time::timeout;

use super::Door;
use super::carrier::{Carrier, Gone, Received};
use super::clock::{LinkClock, wall_clock};
use super::dispatch::{Caller, Welcomed};
use super::hub::{Mail, Mailbox};
use super::limiter::Place;
use super::reading::{self, Done, Reading};
use crate::trouble::LinkTrouble;

/// When the server stops, its clients come back over this long, not all at once.
const RETURN_SPREAD_MS: u64 = 5_000;
/// When the server stops, requests under way may take this long to finish.
const FINISH: Duration = Duration::from_secs(5);

/// One link, from the moment its carrier is there to its end.
///
/// Nobody else touches anything in here. What one link may hold is bounded: unanswered requests by the
/// session, pages by `reading`, frames to be written by the mailbox and the carrier's buffer. Ending it, in whatever way, drops the
/// mailbox, and that takes it out of the hub.
pub(super) struct Link<C> {
    carrier: C,
    session: Session,
    /// Anonymous until Hello was accepted.
    caller: Caller,
    /// From Hello on.
    mailbox: Option<Mailbox>,
    /// What is being worked on for this link.
    unfinished: FuturesUnordered<BoxFuture<'static, Finished>>,
    /// What was done while this link was being written to.
    finished: VecDeque<Finished>,
    reading: Reading,
    clock: LinkClock,
    trouble: LinkTrouble,
    door: Arc<Door>,
    place: Arc<Place>,
    /// Becomes true when the server stops, which waits until all of these are dropped.
    leave: watch::Receiver<bool>,
}

/// Work for this link that is done.
enum Finished {
    Greeting(Result<Box<Welcomed>, Fault>),
    Request(u32, Box<Done>),
}

/// Everything that can wake a link.
enum Wake {
    Leave,
    Finished(Finished),
    Timeout,
    Received(Received),
    Mail(Option<Mail>),
}

/// How a link ends.
enum End {
    /// We say why. The session has put its Close frame among what is written.
    Reason(Fault),
    /// What we write is not read. The Close frame is yet to be written.
    Slow,
    /// The other end went, with or without saying so.
    Gone,
}

impl<C: Carrier> Link<C> {
    pub(super) fn new(
        carrier: C,
        door: Arc<Door>,
        place: Arc<Place>,
        address: IpAddr,
        leave: watch::Receiver<bool>,
    ) -> Link<C> {
        let clock = LinkClock::start();
        Link {
            carrier,
            session: Session::new(clock.now()),
            caller: Caller::Anonymous { address },
            mailbox: None,
            unfinished: FuturesUnordered::new(),
            finished: VecDeque::new(),
            reading: Reading::new(),
            clock,
            trouble: LinkTrouble::new(),
            door,
            place,
            leave,
        }
    }

    /// Runs the link to its end.
    pub(super) async fn run(mut self) {
        let _counted = self.door.metrics.count_link(C::NAME);
        let end = self.talk().await;
        let Link { carrier, mut unfinished, mailbox, reading, door, leave, .. } = self;
        drop(mailbox);
        reading.close();
        let last_words = async {
            let (fault, last_frame) = match end {
                End::Gone => return,
                End::Reason(fault) => (fault, None),
                End::Slow => {
                    let fault = Fault::new(ErrorCode::SlowReader, "frames were not read in time");
                    let close = frame::Body::Close(Close { error: Some(fault.to_wire()) });
                    (fault, Some(codec::encode(close).into()))
                }
            };
            door.metrics.count_close(fault.code.as_str_name());
            tracing::debug!(code = fault.code.as_str_name(), "a link was ended");
            carrier.farewell(last_frame, &fault).await;
        };
        // What a request has committed must still be told to others, so none is left half-way.
        let finish = async { while unfinished.next().await.is_some() {} };
        tokio::join!(last_words, finish);
        drop(leave);
    }

    async fn talk(&mut self) -> End {
        let mut leaving = None;
        loop {
            let wake_at = match self.carry_out().await {
                Ok(moment) => moment,
                Err(end) => return end,
            };
            if let Some(deadline) = leaving
                && (!self.is_working() || tokio::time::Instant::now() >= deadline)
            {
                self.say_come_back();
                continue;
            }
            match self.wake(wake_at, leaving).await {
                Wake::Leave => leaving = Some(tokio::time::Instant::now() + FINISH),
                Wake::Finished(finished) => self.handle_finished(finished),
                Wake::Timeout => self.session.handle_timeout(self.clock.now()),
                Wake::Received(received) => {
                    if let Err(end) = self.handle_received(received) {
                        return end;
                    }
                }
                Wake::Mail(mail) => self.handle_mail(mail),
            }
        }
    }

    /// Waits for what comes next. When several things are there at once, the first in this list is taken:
    /// 1. The server stops: nothing new should be begun then.
    /// 2. Work that is done: it makes room for more, and somebody waits for it.
    /// 3. The session's timers: a link that floods us must not keep its own deadline from being seen.
    /// 4. A frame: bounded by the session's allowance, so it cannot starve what comes after it.
    /// 5. Pushes, last: they wait in the mailbox, which is bounded, and are taken many at a time.
    async fn wake(&mut self, wake_at: Moment, leaving: Option<tokio::time::Instant>) -> Wake {
        if let Some(finished) = self.finished.pop_front() {
            return Wake::Finished(finished);
        }
        let timer = self.clock.sleep_until(wake_at);
        let finish = async {
            match leaving {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let mail = async {
            match &mut self.mailbox {
                Some(mailbox) => mailbox.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = self.leave.wait_for(|leave| *leave), if leaving.is_none() => Wake::Leave,
            Some(finished) = self.unfinished.next() => Wake::Finished(finished),
            () = timer => Wake::Timeout,
            () = finish => Wake::Timeout,
            received = self.carrier.receive(), if leaving.is_none() => Wake::Received(received),
            mail = mail => Wake::Mail(mail),
        }
    }

    /// Does what the session wants, in its order, and writes everything out in one go.
    async fn carry_out(&mut self) -> Result<Moment, End> {
        loop {
            match self.session.poll_output() {
                Output::Authenticate(hello) => {
                    let greeting = self.door.dispatch.welcome(hello, wall_clock());
                    let greeting = greeting.map(|done| Finished::Greeting(done.map(Box::new)));
                    self.unfinished.push(greeting.boxed());
                }
                Output::Dispatch { id, call } => self.begin(id, call),
                Output::Transmit(bytes) => self.write(bytes).await?,
                Output::Close(fault) => return Err(End::Reason(fault)),
                Output::Wait(moment) => {
                    self.flush().await?;
                    return Ok(moment);
                }
            }
        }
    }

    fn begin(&mut self, id: u32, call: request::Call) {
        // Sends are queued by this call and not by polling, so they keep the order in which they came.
        let is_page = reading::is_page(&call);
        let answering = self.door.dispatch.begin(self.caller, call, wall_clock());
        let done = self.reading.in_turn(is_page, answering);
        self.unfinished.push(done.map(move |done| Finished::Request(id, Box::new(done))).boxed());
    }

    fn handle_finished(&mut self, finished: Finished) {
        let now = self.clock.now();
        match finished {
            Finished::Request(id, done) => {
                let Done { result, turn } = *done;
                anser_failpoints::pass(Failpoint::ServerAnswerBefore);
                self.session.handle_answer(id, result, now);
                // What waits now is the answer's frame, which is written before anything else is taken up.
                drop(turn);
            }
            Finished::Greeting(Err(fault)) => self.session.handle_refusal(fault, now),
            Finished::Greeting(Ok(welcomed)) => {
                let Welcomed { welcome, asker, mailbox } = *welcomed;
                self.place.speak();
                self.caller = Caller::SignedIn(asker);
                self.mailbox = Some(mailbox);
                self.session.handle_welcome(welcome, now);
            }
        }
    }

    fn handle_received(&mut self, received: Received) -> Result<(), End> {
        let now = self.clock.now();
        match received {
            Received::Frame(bytes) => {
                self.door.metrics.frames_received.inc();
                self.session.handle_frame(&bytes, now);
            }
            Received::Unusable(fault) => self.session.handle_end(fault, now),
            Received::Gone => return Err(End::Gone),
        }
        Ok(())
    }

    fn handle_mail(&mut self, mut mail: Option<Mail>) {
        let now = self.clock.now();
        // All that is there is taken, so that it is written in one go.
        while let Some(piece) = mail {
            match piece {
                Mail::Push(frame) => self.session.handle_push(frame, now),
                Mail::Resync => self.session.handle_resync(now),
                Mail::End(fault) => return self.session.handle_end(fault, now),
            }
            mail = self.mailbox.as_mut().and_then(Mailbox::try_next);
        }
    }

    /// The server stops: ends the link, telling the client to come back at a moment that others do not share.
    fn say_come_back(&mut self) {
        let random = getrandom::u32().unwrap_or_default();
        let after_ms = u64::from(random) % RETURN_SPREAD_MS;
        let fault = Fault::retry_after(ErrorCode::Draining, after_ms, "this server is stopping");
        self.session.handle_end(fault, self.clock.now());
    }

    async fn write(&mut self, frame: Bytes) -> Result<(), End> {
        self.door.metrics.frames_sent.inc();
        for frame in self.trouble.pass(frame) {
            let writing = in_time(self.carrier.feed(frame));
            work_meanwhile(writing, &mut self.unfinished, &mut self.finished).await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), End> {
        let writing = in_time(self.carrier.flush());
        work_meanwhile(writing, &mut self.unfinished, &mut self.finished).await
    }

    fn is_working(&self) -> bool {
        !self.unfinished.is_empty() || !self.finished.is_empty()
    }
}

async fn in_time(writing: impl Future<Output = Result<(), Gone>>) -> Result<(), End> {
    match timeout(Duration::from_millis(limits::WRITE_MS), writing).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Gone)) => Err(End::Gone),
        Err(_) => Err(End::Slow),
    }
}

/// A reader who is slow must not hold up the requests of its link: others wait to hear of what they commit.
async fn work_meanwhile(
    writing: impl Future<Output = Result<(), End>>,
    unfinished: &mut FuturesUnordered<BoxFuture<'static, Finished>>,
    finished: &mut VecDeque<Finished>,
) -> Result<(), End> {
    let mut writing = pin!(writing);
    loop {
        tokio::select! {
            biased;
            written = &mut writing => return written,
            Some(done) = unfinished.next() => finished.push_back(done),
        }
    }
}
