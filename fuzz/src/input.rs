//! Random bytes read as a script: each deed takes what it needs, and an empty rest ends the play.

/// The rest of the script.
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Input<'a> {
        Input { rest: data }
    }

    /// The next byte; `None` ends the play.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// A number of up to four bytes; small ones are as likely as large ones.
    pub(crate) fn number(&mut self) -> Option<u32> {
        let size = self.byte()? % 5;
        let mut number = 0;
        for _ in 0..size {
            number = number << 8 | u32::from(self.byte()?);
        }
        Some(number)
    }

    /// Up to 255 bytes, fewer at the end.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.byte()?).min(self.rest.len());
        let (bytes, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(bytes)
    }
}
