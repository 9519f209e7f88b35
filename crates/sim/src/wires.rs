//! The network between devices and server: ordered pipes that delay, lose what was in them when cut, and lie about it.

use std::collections::BTreeMap;

use anser_protocol::Moment;

/// One connection of one run of one device's engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WireId {
    /// Whose.
    pub device: usize,
    /// Which run of its engine.
    pub run: u64,
    /// The engine's number for it.
    pub connection: u64,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the device.
    Up,
    /// To the device.
    Down,
}

#[derive(Debug, Default)]
struct Wire {
    /// When the last thing in each pipe arrives: nothing overtakes.
    busy_until_up: Moment,
    busy_until_down: Moment,
}

/// All wires that carry something.
#[derive(Debug, Default)]
pub struct Wires {
    by_id: BTreeMap<WireId, Wire>,
}

impl Wires {
    /// A new wire.
    pub fn open(&mut self, id: WireId) {
        self.by_id.insert(id, Wire::default());
    }

    /// The wire carries nothing any more, and whatever was in it is lost.
    pub fn cut(&mut self, id: WireId) -> bool {
        self.by_id.remove(&id).is_some()
    }

    /// Whether the wire still carries.
    pub fn is_open(&self, id: WireId) -> bool {
        self.by_id.contains_key(&id)
    }

    /// All open wires.
    pub fn open_ids(&self) -> Vec<WireId> {
        self.by_id.keys().copied().collect()
    }

    /// When something arrives that leaves at `now` and takes `delay_ms`; `None` if the wire is cut.
    pub fn arrival(&mut self, id: WireId, way: Way, now: Moment, delay_ms: u64) -> Option<Moment> {
        let wire = self.by_id.get_mut(&id)?;
        let busy_until = match way {
            Way::Up => &mut wire.busy_until_up,
            Way::Down => &mut wire.busy_until_down,
        };
        *busy_until = (*busy_until).max(now + delay_ms);
        Some(*busy_until)
    }
}
