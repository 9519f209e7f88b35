//! The links that are made of HTTP exchanges, each under the name by which its exchanges find it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::lanes::Lanes;
use crate::gateway::limiter::Place;

const NAME_BYTES: usize = 16;

/// What an exchange says to belong to a link. Whoever knows it can take the link's frames, so it is as random as a
/// token, is never part of an address, and is not shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Name([u8; NAME_BYTES]);

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name")
    }
}

impl Name {
    fn random() -> Result<Name, getrandom::Error> {
        let mut name = [0; NAME_BYTES];
        getrandom::fill(&mut name)?;
        Ok(Name(name))
    }

    /// From 32 hexadecimal digits.
    pub(super) fn parse(text: &str) -> Option<Name> {
        let mut name = [0; NAME_BYTES];
        if text.len() != 2 * NAME_BYTES || !text.is_ascii() {
            return None;
        }
        for (at, byte) in name.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(Name(name))
    }

    pub(super) fn to_text(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// All of them. As many as the limiter has places for: each holds one.
#[derive(Default)]
pub(in crate::gateway) struct Polled {
    by_name: Mutex<HashMap<Name, Known>>,
}

/// A link as its exchanges find it.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) lanes: Arc<Lanes>,
    pub(super) place: Arc<Place>,
}

/// A link's entry in the list; dropping it is leaving.
pub(super) struct Listed {
    polled: Arc<Polled>,
    name: Name,
}

impl Polled {
    /// Lists a new link under a new name.
    pub(super) fn list(
        self: &Arc<Polled>,
        lanes: &Arc<Lanes>,
        place: &Arc<Place>,
    ) -> Result<(Name, Listed), getrandom::Error> {
        let name = Name::random()?;
        self.by_name().insert(name, Known { lanes: lanes.clone(), place: place.clone() });
        Ok((name, Listed { polled: self.clone(), name }))
    }

    pub(super) fn find(&self, name: Name) -> Option<Known> {
        self.by_name().get(&name).cloned()
    }

    fn by_name(&self) -> MutexGuard<'_, HashMap<Name, Known>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.polled.by_name().remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written_and_nothing_else_is() {
        let name = Name::random().unwrap();
        assert!(Name::parse(&name.to_text()) == Some(name));
        for wrong in
            ["", "0", &"0".repeat(31), &"0".repeat(33), &"g".repeat(32), &"+".repeat(32), &"é".repeat(16)]
        {
            assert!(Name::parse(wrong).is_none(), "{wrong}");
        }
        assert_eq!(format!("{name:?}"), "Name");
    }
}
