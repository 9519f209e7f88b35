//! Carries out what one client wants: the hands of a machine, whatever the machine is.

use std::sync::Arc;

use anser_protocol::Moment;
use anyhow::Result;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::clock::Clock;
use crate::route::Route;
use crate::wire::Wire;

/// A client without IO: [`crate::light::Light`] or [`crate::person::Person`].
///
/// Contract: one [`Machine::handle`], then [`Machine::poll`] until [`Doing::Wait`], each thing done before the next is
/// polled. (A new machine is polled first.)
pub(crate) trait Machine: Send + 'static {
    fn handle(&mut self, happened: Happened, now: Moment);
    fn poll(&mut self, now: Moment) -> Doing;
}

/// What can wake a client.
pub(crate) enum Happened {
    Connected(u64),
    /// It could not be opened, or has ended.
    Disconnected(u64),
    Received(u64, Bytes),
    /// The moment that was waited for has come.
    Woken,
}

/// What a client wants done. There is one connection at most.
pub(crate) enum Doing {
    Connect(u64),
    Disconnect,
    Transmit(Bytes),
    Wait(Moment),
}

/// Drives a client for as long as its task lives. `number` decides from which address it comes.
pub(crate) async fn drive(machine: impl Machine, route: Arc<Route>, number: usize, clock: Clock) {
    let mut driver = Driver {
        machine,
        route,
        number,
        clock,
        connection: 0,
        opening: None,
        wire: None,
        is_broken: false,
        wake_at: Moment(0),
    };
    driver.carry_out().await;
    loop {
        driver.step().await;
    }
}

struct Driver<M> {
    machine: M,
    route: Arc<Route>,
    number: usize,
    clock: Clock,
    /// The newest that was asked for.
    connection: u64,
    opening: Option<BoxFuture<'static, Result<Wire>>>,
    wire: Option<Wire>,
    /// Nothing can be written any more; the machine is told when it waits again, as its contract wants it.
    is_broken: bool,
    wake_at: Moment,
}

impl<M: Machine> Driver<M> {
    /// One thing that happens, and all that follows from it.
    async fn step(&mut self) {
        let sleep = tokio::time::sleep(self.clock.until(self.wake_at));
        tokio::select! {
            opened = async { self.opening.as_mut()?.await.ok() }, if self.opening.is_some() => {
                self.opening = None;
                self.wire = opened;
                match &self.wire {
                    Some(_) => self.tell(Happened::Connected(self.connection)).await,
                    None => self.tell(Happened::Disconnected(self.connection)).await,
                }
            }
            received = async { self.wire.as_mut()?.receive().await }, if self.wire.is_some() => {
                match received {
                    Some(frame) => self.tell(Happened::Received(self.connection, frame)).await,
                    None => self.lose().await,
                }
            }
            () = sleep => self.tell(Happened::Woken).await,
        }
        if std::mem::take(&mut self.is_broken) && self.wire.is_some() {
            self.lose().await;
        }
    }

    async fn tell(&mut self, happened: Happened) {
        self.machine.handle(happened, self.clock.now());
        self.carry_out().await;
    }

    async fn carry_out(&mut self) {
        loop {
            match self.machine.poll(self.clock.now()) {
                Doing::Connect(connection) => {
                    let (route, number) = (self.route.clone(), self.number);
                    self.connection = connection;
                    self.opening = Some(async move { Wire::open(&route, number).await }.boxed());
                }
                Doing::Disconnect => (self.wire, self.opening) = (None, None),
                Doing::Transmit(frame) => {
                    if let Some(wire) = &mut self.wire {
                        self.is_broken |= !wire.send(frame).await;
                    }
                }
                Doing::Wait(moment) => {
                    self.wake_at = moment;
                    return;
                }
            }
        }
    }

    async fn lose(&mut self) {
        self.wire = None;
        self.tell(Happened::Disconnected(self.connection)).await;
    }
}
