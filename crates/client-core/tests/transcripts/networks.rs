//! L2: what a network bears is learned, is on disk, and is known when the device comes back there.

use anser_client_core::{Command, Input};

use crate::device::{Device, changes};

fn alice_at_home() -> Device {
    let mut alice = Device::with(vec![]);
    alice.is_in("home");
    alice
}

impl Device {
    fn is_in(&mut self, network: &str) {
        self.input(Input::InNetwork { name: network.to_owned() });
    }

    /// The longest silence that is known to be survived there, by what is on disk.
    fn held_ms(&self, network: &str) -> Option<u64> {
        self.disk.networks.get(network).map(|row| row.learned.held_ms)
    }
}

#[test]
fn what_a_network_bears_is_on_disk_under_its_name() {
    let mut alice = alice_at_home();
    // The server's beat first, since it was told of no other yet; then half a minute.
    alice.waits(25_000);
    assert_eq!(alice.held_ms("home"), Some(25_000));
    alice.waits(30_000);
    assert_eq!(alice.held_ms("home"), Some(30_000));
}

#[test]
fn after_a_restart_it_goes_on_from_there() {
    let mut alice = alice_at_home();
    alice.waits(55_000);
    let mut alice = alice.restart();
    alice.is_in("home");
    alice.link(changes(101, vec![]));
    alice.waits(25_000 + 45_000);
    assert_eq!(alice.held_ms("home"), Some(45_000));
    alice.is_in("train");
    alice.waits(30_000);
    assert_eq!((alice.held_ms("train"), alice.held_ms("home")), (Some(30_000), Some(45_000)));
}

#[test]
fn a_device_that_names_no_network_learns_nothing() {
    let mut alice = Device::with(vec![]);
    alice.waits(120_000);
    assert!(alice.disk.networks.is_empty());
}

#[test]
fn where_a_device_was_is_forgotten_with_everything_else() {
    let mut alice = alice_at_home();
    alice.waits(55_000);
    alice.command(Command::SignOut);
    assert!(alice.disk.networks.is_empty());
}
