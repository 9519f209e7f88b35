//! How long links may be silent in each network this device was in, by the name that the system gives it.

use std::collections::BTreeMap;

use anser_protocol::link::Learned;
use anser_protocol::{Moment, limits};

use crate::local::{NetworkRow, Save};

/// The networks this device remembers, and the one it is in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Networks {
    rows: BTreeMap<String, NetworkRow>,
    /// `None` until a driver names one: beats do not adapt then.
    here: Option<String>,
}

impl Networks {
    pub(crate) fn restore(rows: &[NetworkRow]) -> Networks {
        let rows = rows.iter().map(|row| (row.name.clone(), row.clone())).collect();
        Networks { rows, here: None }
    }

    /// The device is in this network now. Returns what is known of it; `None` for a name that is too long to be kept.
    pub(crate) fn enter(&mut self, name: String) -> Option<Learned> {
        self.here = (name.len() <= limits::NETWORK_NAME_BYTES_MAX).then_some(name);
        self.here()
    }

    /// What is known of the network we are in; `None` if that has no name.
    pub(crate) fn here(&self) -> Option<Learned> {
        let here = self.here.as_ref()?;
        Some(self.rows.get(here).map(|row| row.learned).unwrap_or_default())
    }

    /// This was learned of the network we are in: what has to be saved. The one not seen for longest makes room.
    pub(crate) fn learn(&mut self, learned: Learned, now: Moment) -> Vec<Save> {
        let Some(name) = self.here.clone() else { return Vec::new() };
        let row = NetworkRow { name: name.clone(), learned, seen_at_ms: now.0 };
        let mut saves = vec![Save::Network(row.clone())];
        self.rows.insert(name.clone(), row);
        if self.rows.len() > limits::NETWORKS_REMEMBERED_MAX {
            let others = self.rows.values().filter(|row| row.name != name);
            if let Some(oldest) = others.min_by_key(|row| row.seen_at_ms).map(|row| row.name.clone()) {
                self.rows.remove(&oldest);
                saves.push(Save::NetworkGone(oldest));
            }
        }
        saves
    }

    /// Signed out: where this device was is nobody's business any more.
    pub(crate) fn forget(&mut self) {
        self.rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(held_ms: u64) -> Learned {
        Learned { held_ms, ..Learned::default() }
    }

    #[test]
    fn each_network_has_its_own_memory() {
        let mut networks = Networks::default();
        assert_eq!(networks.here(), None);
        assert_eq!(networks.learn(held(1), Moment(1)), [], "nobody knows where that was");
        assert_eq!(networks.enter("home".into()), Some(Learned::default()));
        networks.learn(held(30_000), Moment(1));
        assert_eq!(networks.enter("train".into()), Some(Learned::default()));
        networks.learn(held(45_000), Moment(2));
        assert_eq!(networks.enter("home".into()), Some(held(30_000)));
        networks.forget();
        assert_eq!(networks.here(), Some(Learned::default()));
    }

    #[test]
    fn only_so_many_are_remembered() {
        let mut networks = Networks::default();
        let mut saved = Vec::new();
        for number in 0..=limits::NETWORKS_REMEMBERED_MAX as u64 {
            networks.enter(format!("network {number}"));
            saved = networks.learn(held(30_000), Moment(number));
        }
        assert_eq!(saved[1], Save::NetworkGone("network 0".into()));
        assert_eq!(networks.enter("network 0".into()), Some(Learned::default()));
        assert_eq!(networks.enter("network 1".into()), Some(held(30_000)));
    }

    #[test]
    fn a_name_that_is_too_long_is_none() {
        let mut networks = Networks::default();
        assert_eq!(networks.enter("n".repeat(limits::NETWORK_NAME_BYTES_MAX + 1)), None);
        assert_eq!(networks.learn(held(30_000), Moment(1)), []);
    }
}
