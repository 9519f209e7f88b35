//! What moves the frames of one link: the only thing a link's task knows of WebSocket and of polling.

use anser_protocol::Fault;
use bytes::Bytes;

/// What comes from the other end.
#[derive(Debug)]
pub(super) enum Received {
    /// One frame, whole, within `limits::CLIENT_FRAME_BYTES_MAX`.
    Frame(Bytes),
    /// What came is no frame, or nobody takes what we write: the link is to end for this reason.
    Unusable(Fault),
    /// The other end went, with or without saying so.
    Gone,
}

/// The other end went while it was written to.
#[derive(Debug)]
pub(super) struct Gone;

/// Moves frames both ways, in order. Until it ends it loses nothing; what was under way when it ends is lost, and the
/// client cannot tell what of it arrived.
///
/// It holds a bounded number of bytes; `flush` waits while the other end takes nothing, and the link's task decides how
/// long that may be.
pub(super) trait Carrier: Send {
    /// What an operator calls it.
    const NAME: &'static str;

    /// The next thing that comes. Dropping the future loses nothing.
    fn receive(&mut self) -> impl Future<Output = Received> + Send;

    /// Puts one frame behind those that wait to be written; `false` if there is no room for it before they are.
    fn feed(&mut self, frame: &Bytes) -> bool;

    /// Sends off what was fed. Then there is room for a frame again. Dropping the future loses nothing.
    fn flush(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;

    /// The link ends: lets the other end have what was fed, `last_frame` and the reason, if it takes them soon.
    fn farewell(self, last_frame: Option<Bytes>, fault: &Fault) -> impl Future<Output = ()> + Send;
}
