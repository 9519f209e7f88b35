//! Push frames of one link, lost, repeated and swapped behind the count that heartbeats tell.

use anser_protocol::wire::{Frame, frame};
use bytes::Bytes;
use prost::Message;

use super::dice::{Dice, Fate};

/// Stands between a link's session and its carrier.
#[derive(Debug)]
pub(crate) struct LinkTrouble {
    dice: Option<Dice>,
    /// Comes after the next frame, whatever that is: a beat at the latest.
    held_back: Option<Bytes>,
}

impl LinkTrouble {
    pub(crate) fn new() -> LinkTrouble {
        LinkTrouble { dice: Dice::of_environment(), held_back: None }
    }

    /// What is written instead of this frame.
    pub(crate) fn pass(&mut self, frame: Bytes) -> Vec<Bytes> {
        let Some(dice) = &mut self.dice else { return vec![frame] };
        let fate = if is_push(&frame) { dice.next() } else { Fate::Passes };
        let mut written = match fate {
            Fate::Passes => vec![frame],
            Fate::Lost => Vec::new(),
            Fate::Repeated => vec![frame.clone(), frame],
            Fate::HeldBack if self.held_back.is_none() => {
                self.held_back = Some(frame);
                return Vec::new();
            }
            Fate::HeldBack => vec![frame],
        };
        written.extend(self.held_back.take());
        written
    }
}

fn is_push(frame: &Bytes) -> bool {
    Frame::decode(frame.clone()).is_ok_and(|frame| matches!(frame.body, Some(frame::Body::Push(_))))
}

#[cfg(test)]
mod tests {
    use anser_protocol::codec;
    use anser_protocol::wire::{Beat, Reached, push};

    use super::super::dice::always;
    use super::*;

    fn push(account: u64) -> Bytes {
        codec::encode_push(push::What::Reached(Reached { account, position: None, from_seq: 0 }))
    }

    fn beat() -> Bytes {
        codec::encode(frame::Body::Beat(Beat { pushes: 2, resync: false })).into()
    }

    fn written(fate: Fate, frames: [Bytes; 3]) -> Vec<Bytes> {
        let mut trouble = LinkTrouble { dice: Some(always(fate)), held_back: None };
        frames.into_iter().flat_map(|frame| trouble.pass(frame)).collect()
    }

    #[test]
    fn only_pushes_suffer() {
        let frames = || [push(1), push(2), beat()];
        assert_eq!(written(Fate::Passes, frames()), [push(1), push(2), beat()]);
        assert_eq!(written(Fate::Lost, frames()), [beat()]);
        assert_eq!(written(Fate::Repeated, frames()), [push(1), push(1), push(2), push(2), beat()]);
        assert_eq!(written(Fate::HeldBack, frames()), [push(2), push(1), beat()]);
    }

    #[test]
    fn what_is_held_back_comes_with_the_next_frame() {
        let frames = [push(1), beat(), beat()];
        assert_eq!(written(Fate::HeldBack, frames), [beat(), push(1), beat()]);
    }
}
