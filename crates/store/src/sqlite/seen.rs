//! When devices were last here: noted in memory, and written late.
//!
//! A commit for each Hello would buy nothing, since losing a note loses nothing: so many are written at once, in the
//! order in which their rows lie.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anser_protocol::{DeviceId, Moment};
use rusqlite::Connection;

use super::rows::to_sql;
use crate::accounts::Device;

/// How long a note may wait to be written.
pub(super) const WRITTEN_EVERY: Duration = Duration::from_secs(20);
/// Written at once: a few milliseconds of the writer's.
const WRITTEN_AT_ONCE: usize = 512;
/// A device that was seen this recently is not noted again.
const GRAIN_MS: u64 = 60_000;
/// Notes that wait; more are not taken. A few megabytes.
const WAITING_MAX: usize = 65_536;

const DEVICE_TOUCH: &str = "UPDATE devices SET last_seen_at = ?2 WHERE id = ?1 AND last_seen_at <= ?3";

/// The statements whose plans a test looks at.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[DEVICE_TOUCH];

/// The notes that are not yet written.
#[derive(Debug, Default)]
pub(super) struct Seen {
    waiting: Mutex<BTreeMap<DeviceId, Moment>>,
}

impl Seen {
    pub(super) fn note(&self, device: DeviceId, now: Moment) {
        let mut waiting = self.waiting();
        if waiting.len() < WAITING_MAX || waiting.contains_key(&device) {
            let noted = waiting.entry(device).or_insert(now);
            *noted = now.max(*noted);
        }
    }

    /// The devices that `read` finds, with what waits for them. What is not written by then is still here.
    pub(super) fn with<E>(&self, read: impl FnOnce() -> Result<Vec<Device>, E>) -> Result<Vec<Device>, E> {
        let waiting = self.waiting();
        let mut devices = read()?;
        for device in &mut devices {
            let noted = waiting.get(&device.id).filter(|noted| device.last_seen_at <= **noted - GRAIN_MS);
            device.last_seen_at = *noted.unwrap_or(&device.last_seen_at);
        }
        Ok(devices)
    }

    /// Writes some of what waits; false if nothing is left. What cannot be written is forgotten.
    pub(super) fn write(&self, connection: &Connection) -> bool {
        let notes: Vec<_> = self.waiting().iter().take(WRITTEN_AT_ONCE).map(|(id, at)| (*id, *at)).collect();
        if notes.is_empty() {
            return false;
        }
        // A disk that fails is told by the commits of deeds.
        let _ = write(connection, &notes);
        let mut waiting = self.waiting();
        for (device, at) in notes {
            // It may have been seen again meanwhile.
            if waiting.get(&device) == Some(&at) {
                waiting.remove(&device);
            }
        }
        !waiting.is_empty()
    }

    /// Guards nothing that a panic could have left half done.
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<DeviceId, Moment>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(connection: &Connection, notes: &[(DeviceId, Moment)]) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    {
        let mut touch = transaction.prepare_cached(DEVICE_TOUCH)?;
        for (device, at) in notes {
            touch.execute([to_sql(device.0), to_sql(at.0), to_sql((*at - GRAIN_MS).0)])?;
        }
    }
    transaction.commit()
}
