//! The contract suite on every store of this crate.

use std::ops::Deref;

use anser_store::memory::MemoryStore;
use anser_store::sqlite::SqliteStore;
use tempfile::TempDir;

anser_store::contract_suite!(memory, crate::in_memory);
anser_store::contract_suite!(sqlite, crate::on_disk);

fn in_memory() -> Box<MemoryStore> {
    Box::new(MemoryStore::new())
}

/// A store in a directory that goes with it.
struct OnDisk {
    store: SqliteStore,
    _dir: TempDir,
}

impl Deref for OnDisk {
    type Target = SqliteStore;

    fn deref(&self) -> &SqliteStore {
        &self.store
    }
}

fn on_disk() -> OnDisk {
    let dir = TempDir::new().expect("tests may write to the temporary directory");
    let store = SqliteStore::open(dir.path()).expect("an empty directory becomes a store");
    OnDisk { store, _dir: dir }
}

/// A check that the suite does not list would never run.
#[test]
fn every_check_is_in_the_suite() {
    let suite = include_str!("../src/contract/mod.rs");
    let rooms = [
        include_str!("../src/contract/accounts.rs"),
        include_str!("../src/contract/appending.rs"),
        include_str!("../src/contract/changes.rs"),
        include_str!("../src/contract/direct.rs"),
        include_str!("../src/contract/groups.rs"),
        include_str!("../src/contract/model.rs"),
        include_str!("../src/contract/positions.rs"),
        include_str!("../src/contract/ranges.rs"),
        include_str!("../src/contract/spans.rs"),
        include_str!("../src/contract/unread.rs"),
    ];
    for room in rooms {
        for check in room.split("\npub async fn ").skip(1) {
            let name = check.split('<').next().unwrap_or(check);
            assert!(suite.contains(name), "{name} is not listed in contract/mod.rs");
        }
    }
}
