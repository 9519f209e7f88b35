//! One link: the task between a carrier and its `protocol::Session`.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use anser_failpoints::Place as Failpoint;
use anser_protocol::session::{Output, Session};
use anser_protocol::wire::{Close, ErrorCode, answer, frame, request};
use anser_protocol::{Fault, Moment, codec, limits};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::Door;
use super::alarm::Alarm;
use super::carrier::{Carrier, Gone, Received};
use super::clock::{LinkClock, wall_clock};
use super::dispatch::{Caller, Welcomed};
use super::hub::{Mail, Mailbox};
use super::limiter::Place;
use super::working::{Finished, Sort, Working};
use crate::trouble::LinkTrouble;

/// When the server stops, its clients come back over this long, not all at once.
const RETURN_SPREAD_MS: u64 = 5_000;
/// When the server stops, requests under way may take this long to finish.
const FINISH_MS: u64 = 5_000;
/// So many things are taken up before what they gave is written.
const GATHERED_MAX: u32 = 64;
/// An answer that nobody looks at waits so long for a frame that leaves anyhow: half as long as people take to notice. A
/// client reports again only when it has the answer, so what is read on one device clears on another so much later.
const UNHURRIED_MS: u64 = 50;

/// One link, from the moment its carrier is there to its end.
///
/// Nobody else touches anything in here. What one link may hold is bounded: unanswered requests by the session, pages
/// by `working`, frames to be written by the mailbox and the carrier's buffer. Ending it, in whatever way, drops the
/// mailbox, and that takes it out of the hub.
///
/// Most links are idle most of the time and there are many, so what waits here is small: no buffer, no list, one timer.
/// What is long and rare (a slow write, last words) is in a box of its own while it lasts.
pub(super) struct Link<C> {
    carrier: C,
    session: Session,
    /// Anonymous until Hello was accepted.
    caller: Caller,
    /// From Hello on.
    mailbox: Option<Mailbox>,
    working: Working,
    /// Things taken up since there is something to write; `None` if there is nothing, or nothing that hurries.
    gathered: Option<u32>,
    /// What is fed now can wait for company.
    is_unhurried: bool,
    /// When what was fed is written all the same.
    write_by: Moment,
    clock: LinkClock,
    alarm: Alarm,
    /// The server stops: what is not finished by then is given up.
    leave_by: Option<Moment>,
    trouble: LinkTrouble,
    door: Arc<Door>,
    place: Arc<Place>,
    /// Becomes true when the server stops, which waits until all of these are dropped.
    leave: watch::Receiver<bool>,
    /// Ready when it does; until there is a mailbox, by which that is told for nothing.
    told_to_leave: Option<BoxFuture<'static, ()>>,
}

/// Everything that can wake a link.
enum Wake {
    Leave,
    Finished(Finished),
    Timeout,
    Received(Received),
    Mail(Mail),
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
        let mut leaving = leave.clone();
        let told_to_leave = async move { drop(leaving.wait_for(|leave| *leave).await) }.boxed();
        Link {
            carrier,
            session: Session::new(clock.now()),
            caller: Caller::Anonymous { address },
            mailbox: None,
            working: Working::default(),
            gathered: None,
            is_unhurried: false,
            write_by: Moment::NEVER,
            clock,
            alarm: Alarm::new(clock),
            leave_by: None,
            trouble: LinkTrouble::new(),
            door,
            place,
            leave,
            told_to_leave: Some(told_to_leave),
        }
    }

    /// Runs the link to its end.
    ///
    /// Not an `async fn`, whose future would hold the link twice: as it was given, and as it is used.
    #[allow(clippy::manual_async_fn)]
    pub(super) fn run(mut self) -> impl Future<Output = ()> + Send {
        async move {
            let _counted = self.door.metrics.count_link(C::NAME);
            let end = loop {
                if let Err(end) = self.take_turn().await {
                    break end;
                }
            };
            Box::pin(self.end(end)).await;
        }
    }

    async fn end(self, end: End) {
        let Link { carrier, working, mailbox, door, leave, told_to_leave, .. } = self;
        drop((mailbox, told_to_leave));
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
        tokio::join!(last_words, working.finish());
        drop(leave);
    }

    /// Does what the session wants, then takes up the next thing that comes.
    async fn take_turn(&mut self) -> Result<(), End> {
        let wake_at = self.carry_out().await?;
        if let Some(by) = self.leave_by
            && (self.working.is_empty() || self.clock.now() >= by)
        {
            self.say_come_back();
            return Ok(());
        }
        let wake_at = self.leave_by.unwrap_or(wake_at).min(wake_at).min(self.write_by);
        if self.gather(wake_at).await? {
            return Ok(());
        }
        if self.gathered.is_some() {
            self.flush().await?;
        }
        let wake = self.wake(wake_at).await;
        self.handle(wake)
    }

    /// Takes up what else is there already, when there is something to write; says whether there was something. Its
    /// frames then leave in the same write, which costs ten times as much as making them. Everybody else has a turn
    /// first, since what they do may concern us.
    async fn gather(&mut self, wake_at: Moment) -> Result<bool, End> {
        let Some(gathered @ ..GATHERED_MAX) = self.gathered else { return Ok(false) };
        self.gathered = Some(gathered + 1);
        if gathered == 0 {
            yield_now().await;
        }
        let wake = poll_fn(|context| match pin!(self.wake(wake_at)).poll(context) {
            Poll::Ready(wake) => Poll::Ready(Some(wake)),
            Poll::Pending => Poll::Ready(None),
        });
        match wake.await {
            Some(wake) => self.handle(wake).map(|()| true),
            None => Ok(false),
        }
    }

    /// Waits for what comes next. When several things are there at once, the first in this list is taken:
    /// 1. The server stops: nothing new should be begun then.
    /// 2. Work that is done: it makes room for more, and somebody waits for it.
    /// 3. The session's timers: a link that floods us must not keep its own deadline from being seen.
    /// 4. A frame: bounded by the session's allowance, so it cannot starve what comes after it.
    /// 5. Pushes, last: they wait in the mailbox, which is bounded, and are taken many at a time.
    async fn wake(&mut self, wake_at: Moment) -> Wake {
        let Link { carrier, working, alarm, mailbox, told_to_leave, leave_by, .. } = self;
        let stays = leave_by.is_none();
        let told_to_leave = poll_fn(|context| match told_to_leave {
            Some(told) if stays => told.as_mut().poll(context),
            _ => Poll::Pending,
        });
        let mail = poll_fn(|context| match mailbox {
            Some(mailbox) => mailbox.poll_next(context),
            None => Poll::Pending,
        });
        tokio::select! {
            biased;
            () = told_to_leave => Wake::Leave,
            finished = poll_fn(|context| working.poll_next(context)) => Wake::Finished(finished),
            () = poll_fn(|context| alarm.poll(wake_at, context)) => Wake::Timeout,
            received = carrier.receive(), if stays => Wake::Received(received),
            mail = mail => Wake::Mail(mail),
        }
    }

    /// Does what the session wants, in its order.
    async fn carry_out(&mut self) -> Result<Moment, End> {
        loop {
            match self.session.poll_output() {
                Output::Authenticate(hello) => {
                    self.working.greet(self.door.dispatch.welcome(hello, wall_clock()));
                }
                Output::Dispatch { id, call } => self.begin(id, call),
                Output::Transmit(bytes) => self.write(bytes).await?,
                Output::Close(fault) => return Err(End::Reason(fault)),
                Output::Wait(moment) => return Ok(moment),
            }
        }
    }

    fn begin(&mut self, id: u32, call: request::Call) {
        let sort = Sort::of(&call);
        // Sends are queued by this call and not by polling, so they keep the order in which they came.
        let answering = self.door.dispatch.begin(self.caller, call, wall_clock());
        self.working.begin(id, sort, answering);
    }

    fn handle(&mut self, wake: Wake) -> Result<(), End> {
        let now = self.clock.now();
        self.is_unhurried = matches!(wake, Wake::Finished(Finished::Request { sort: Sort::Report, .. }));
        match wake {
            Wake::Leave => self.leave_by = Some(now + FINISH_MS),
            Wake::Finished(Finished::Request { id, result, .. }) => self.handle_answer(id, *result, now),
            Wake::Finished(Finished::Greeting(welcomed)) => self.handle_greeting(*welcomed, now),
            Wake::Timeout => {
                if now >= self.write_by {
                    self.gathered.get_or_insert(0);
                }
                self.session.handle_timeout(now);
            }
            Wake::Received(Received::Frame(bytes)) => {
                self.door.metrics.frames_received.inc();
                self.session.handle_frame(&bytes, now);
            }
            Wake::Received(Received::Unusable(fault)) => self.session.handle_end(fault, now),
            Wake::Received(Received::Gone) => return Err(End::Gone),
            Wake::Mail(mail) => self.handle_mail(mail, now),
        }
        Ok(())
    }

    fn handle_answer(&mut self, id: u32, result: Result<answer::Result, Fault>, now: Moment) {
        self.door.metrics.count_answer(match &result {
            Ok(_) => "OK",
            Err(fault) => fault.code.as_str_name(),
        });
        anser_failpoints::pass(Failpoint::ServerAnswerBefore);
        self.session.handle_answer(id, result, now);
    }

    fn handle_greeting(&mut self, welcomed: Result<Welcomed, Fault>, now: Moment) {
        let Welcomed { welcome, asker, mailbox } = match welcomed {
            Ok(welcomed) => welcomed,
            Err(fault) => return self.session.handle_refusal(fault, now),
        };
        self.place.speak();
        self.caller = Caller::SignedIn(asker);
        self.mailbox = Some(mailbox);
        self.session.handle_welcome(welcome, now);
        self.told_to_leave = None;
        // Told before there was a mailbox to be told by.
        if *self.leave.borrow() {
            self.leave_by.get_or_insert(now + FINISH_MS);
        }
    }

    fn handle_mail(&mut self, mail: Mail, now: Moment) {
        // All that is there is taken, so that it is written in one go.
        let mut next = Some(mail);
        while let Some(mail) = next {
            match mail {
                Mail::Push(frame) => self.session.handle_push(frame, now),
                Mail::Resync => self.session.handle_resync(now),
                Mail::Leave => drop(self.leave_by.get_or_insert(now + FINISH_MS)),
                Mail::End(fault) => return self.session.handle_end(fault, now),
            }
            next = self.mailbox.as_mut().and_then(Mailbox::try_next);
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
            while !self.carrier.feed(&frame) {
                self.flush().await?;
            }
        }
        if self.is_unhurried {
            self.write_by = self.write_by.min(self.clock.now() + UNHURRIED_MS);
        } else {
            self.gathered.get_or_insert(0);
        }
        Ok(())
    }

    /// Sends off what was fed. Mostly the system takes it at once.
    async fn flush(&mut self) -> Result<(), End> {
        (self.gathered, self.write_by) = (None, Moment::NEVER);
        match self.carrier.flush().now_or_never() {
            Some(written) => written.map_err(|Gone| End::Gone),
            None => Box::pin(self.flush_slowly()).await,
        }
    }

    /// A reader who is slow must not hold up the requests of its link: others wait to hear of what they commit.
    async fn flush_slowly(&mut self) -> Result<(), End> {
        let Link { carrier, working, .. } = self;
        let mut writing = pin!(timeout(Duration::from_millis(limits::WRITE_MS), carrier.flush()));
        poll_fn(|context| {
            let written = writing.as_mut().poll(context);
            if written.is_pending() {
                working.poll_on(context);
            }
            written
        })
        .await
        .map_or(Err(End::Slow), |written| written.map_err(|Gone| End::Gone))
    }
}
