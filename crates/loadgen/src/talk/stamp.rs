//! What stands in a message of a light client: when it was written, and which it is.

use anser_protocol::wire;
use prost::Message;

/// Which book a message belongs to, when it was written, by the run's clock, and its number among its writer's, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) book: u64,
    pub(crate) written_us: u64,
    pub(crate) number: u64,
}

impl Stamp {
    /// As the body of a text of so many characters; a stamp that is longer stays whole.
    pub(crate) fn to_body(self, chars: usize) -> Vec<u8> {
        let Stamp { book, written_us, number } = self;
        let text = format!("{:.<chars$}", format!("{book} {written_us} {number} "));
        wire::Text { text }.encode_to_vec()
    }

    /// `None` for what somebody else wrote.
    pub(crate) fn of_body(body: &[u8]) -> Option<Stamp> {
        let text = wire::Text::decode(body).ok()?.text;
        let mut words = text.split(' ');
        let mut next = || words.next()?.parse().ok();
        Some(Stamp { book: next()?, written_us: next()?, number: next()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_from_the_text_that_it_was_written_into() {
        for (book, written_us, number) in [(0, 0, 1), (u64::MAX, u64::MAX, u64::MAX)] {
            let stamp = Stamp { book, written_us, number };
            let body = stamp.to_body(100);
            assert_eq!(Stamp::of_body(&body), Some(stamp));
            assert_eq!(wire::Text::decode(body.as_slice()).unwrap().text.len(), 100);
        }
    }

    #[test]
    fn what_has_no_stamp_gives_none() {
        let text = wire::Text { text: "hello".to_owned() }.encode_to_vec();
        assert_eq!(Stamp::of_body(&text), None);
        assert_eq!(Stamp::of_body(b"\xff\xff"), None);
    }
}
