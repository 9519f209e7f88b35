//! The server's end of a link that is made of HTTP exchanges.

use std::sync::Arc;
use std::time::Duration;

use anser_protocol::wire::ErrorCode;
use anser_protocol::{Fault, batch, limits};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::lanes::{Lanes, Upload};
use super::polled::{Listed, Name, Polled};
use crate::gateway::carrier::{Carrier, Gone, Received};
use crate::gateway::limiter::Place;

/// The other end may take this long to fetch our last words; then the link is forgotten.
const PATIENCE: Duration = Duration::from_secs(5);

/// Both lanes, and the place in the list of those that can be polled.
pub(in crate::gateway) struct PollCarrier {
    lanes: Arc<Lanes>,
    uploads: mpsc::Receiver<Upload>,
    /// What is left of the body that is being read.
    body: Bytes,
    /// The last frame fed found no room.
    is_full: bool,
    _listed: Listed,
}

impl PollCarrier {
    /// A new link, and the name under which exchanges find it from now on.
    pub(super) fn open(
        polled: &Arc<Polled>,
        place: &Arc<Place>,
    ) -> Result<(Name, PollCarrier), getrandom::Error> {
        let (lanes, uploads) = Lanes::new();
        let (name, listed) = polled.list(&lanes, place)?;
        Ok((name, PollCarrier { lanes, uploads, body: Bytes::new(), is_full: false, _listed: listed }))
    }
}

impl Carrier for PollCarrier {
    const NAME: &'static str = "poll";

    async fn receive(&mut self) -> Received {
        loop {
            match batch::take_first(&mut self.body, limits::CLIENT_FRAME_BYTES_MAX) {
                Ok(Some(frame)) => return Received::Frame(frame),
                Ok(None) => {}
                Err(fault) => {
                    self.body.clear();
                    return Received::Unusable(fault);
                }
            }
            tokio::select! {
                biased;
                () = self.lanes.broken() => return Received::Gone,
                upload = self.uploads.recv() => match upload {
                    Some(Upload::Frames(body)) => self.body = body,
                    Some(Upload::Unusable(fault)) => return Received::Unusable(fault),
                    None => return Received::Gone,
                },
                () = self.lanes.absent() => {
                    let text = "nobody has asked for the frames of this link for too long";
                    return Received::Unusable(Fault::new(ErrorCode::SlowReader, text));
                }
            }
        }
    }

    fn feed(&mut self, frame: &Bytes) -> bool {
        let is_taken = self.lanes.offer(frame);
        self.is_full = !is_taken;
        is_taken
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        if self.lanes.is_broken() {
            return Err(Gone);
        }
        if self.lanes.has_something() {
            self.lanes.wake();
        }
        // What fits waits to be fetched; what did not fit waits until something was.
        while self.is_full && self.lanes.has_something() {
            tokio::select! {
                () = self.lanes.fetched() => self.is_full = false,
                () = self.lanes.broken() => return Err(Gone),
            }
        }
        self.is_full = false;
        Ok(())
    }

    async fn farewell(self, last_frame: Option<Bytes>, fault: &Fault) {
        self.lanes.close(last_frame, fault.close_code());
        let told = async {
            while !self.lanes.is_told() {
                self.lanes.wake();
                tokio::select! {
                    () = self.lanes.fetched() => {}
                    () = self.lanes.broken() => return,
                }
            }
        };
        // Whether they are told or the patience ends makes no difference.
        let _elapsed = timeout(PATIENCE, told).await;
    }
}

impl Drop for PollCarrier {
    fn drop(&mut self) {
        self.lanes.break_off();
    }
}
