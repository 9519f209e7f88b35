//! Accounts, devices, tokens.

use anser_protocol::{AccountId, DeviceId, Moment, limits};

use super::fixture::{NOW, new_account, new_device, people, person};
use crate::{Account, NewAccount, Store, StoreError};

/// Both are there, as given.
pub async fn an_account_comes_with_its_first_device<S: Store>(store: &S) {
    let new = new_account("alice");
    let id = new.id;
    let device = store.create_account(new, new_device("Firefox on Linux"), NOW).await.unwrap();

    let alice = store.account_by_handle("alice").await.unwrap().unwrap();
    let expected = Account {
        id,
        handle: "alice".to_owned(),
        display_name: "alice the tester".to_owned(),
        password_hash: "$argon2id$".to_owned(),
        created_at: NOW,
    };
    assert_eq!(alice, expected);
    let devices = store.devices(id).await.unwrap();
    assert_eq!(devices.len(), 1);
    assert_eq!((devices[0].id, devices[0].account), (device, id));
    assert_eq!(devices[0].name, "Firefox on Linux");
    assert_eq!((devices[0].created_at, devices[0].last_seen_at), (NOW, NOW));
}

/// The second one gets nothing, not even the device.
pub async fn a_handle_belongs_to_one<S: Store>(store: &S) {
    store.create_account(new_account("alice"), new_device("phone"), NOW).await.unwrap();
    let second = new_account("alice");
    let (id, device) = (second.id, new_device("phone"));
    let token = device.token_hash;
    assert_eq!(store.create_account(second, device, NOW).await, Err(StoreError::HandleTaken));
    assert_eq!(store.accounts_by_id(&[id]).await.unwrap(), []);
    assert_eq!(store.device_by_token(&token).await.unwrap(), None);
}

/// The ids are random: whoever hits a known one chooses another.
pub async fn an_account_id_belongs_to_one<S: Store>(store: &S) {
    let alice = person(store).await;
    let bob = NewAccount { id: alice, ..new_account("bob") };
    assert_eq!(store.create_account(bob, new_device("phone"), NOW).await, Err(StoreError::Busy));
    assert_eq!(store.account_by_handle("bob").await.unwrap(), None);
}

/// No prefix, no other case, no pattern.
pub async fn an_account_is_found_by_its_exact_handle_only<S: Store>(store: &S) {
    store.create_account(new_account("alice"), new_device("phone"), NOW).await.unwrap();
    for other in ["alic", "alicee", "Alice", "ali%", "_lice", ""] {
        assert_eq!(store.account_by_handle(other).await.unwrap(), None, "{other}");
    }
}

/// Those that exist, in any order.
pub async fn accounts_are_found_by_id<S: Store>(store: &S) {
    let [alice, bob, _carol] = people(store).await;
    let asked = [bob, AccountId(u64::MAX), alice, AccountId(0)];
    let mut found: Vec<_> = store.accounts_by_id(&asked).await.unwrap().iter().map(|it| it.id).collect();
    found.sort();
    assert_eq!(found, [alice, bob]);
    assert_eq!(store.accounts_by_id(&[]).await.unwrap(), []);
}

/// Each token leads to its own device and account.
pub async fn a_device_is_found_by_its_token<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    for (account, name) in [(alice, "laptop"), (bob, "tablet")] {
        let new = new_device(name);
        let token = new.token_hash;
        let id = store.add_device(account, new, NOW).await.unwrap();
        let (device, owner) = store.device_by_token(&token).await.unwrap().unwrap();
        assert_eq!((device.id, device.account, device.name.as_str()), (id, account, name));
        assert_eq!(owner.id, account);
    }
    assert_eq!(store.device_by_token(&[0; 32]).await.unwrap(), None);
}

/// From the moment the call returns.
pub async fn a_revoked_token_is_worthless<S: Store>(store: &S) {
    let alice = person(store).await;
    let new = new_device("laptop");
    let token = new.token_hash;
    let device = store.add_device(alice, new, NOW).await.unwrap();
    store.revoke_device(alice, device).await.unwrap();
    assert_eq!(store.device_by_token(&token).await.unwrap(), None);
    assert_eq!(store.revoke_device(alice, device).await, Err(StoreError::NotFound));
    assert!(store.devices(alice).await.unwrap().iter().all(|it| it.id != device));
}

/// A foreign device is as one that does not exist.
pub async fn a_device_is_revoked_by_its_account_only<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let device = store.devices(alice).await.unwrap()[0].id;
    assert_eq!(store.revoke_device(bob, device).await, Err(StoreError::NotFound));
    assert_eq!(store.revoke_device(bob, DeviceId(u64::MAX)).await, Err(StoreError::NotFound));
    assert_eq!(store.devices(alice).await.unwrap().len(), 1);
}

/// And only the account's own.
pub async fn devices_are_listed_oldest_first<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    store.add_device(alice, new_device("laptop"), NOW + 1).await.unwrap();
    store.add_device(bob, new_device("desktop"), NOW + 2).await.unwrap();
    store.add_device(alice, new_device("tablet"), NOW + 3).await.unwrap();
    let devices = store.devices(alice).await.unwrap();
    let names: Vec<_> = devices.iter().map(|device| device.name.as_str()).collect();
    assert_eq!(names, ["a phone", "laptop", "tablet"]);
    assert!(devices.is_sorted_by_key(|device| device.id));
}

/// Not even that of the newest, once it is gone.
pub async fn device_ids_are_never_reused<S: Store>(store: &S) {
    let alice = person(store).await;
    let gone = store.add_device(alice, new_device("laptop"), NOW).await.unwrap();
    store.revoke_device(alice, gone).await.unwrap();
    let next = store.add_device(alice, new_device("laptop"), NOW).await.unwrap();
    assert!(next > gone);
}

/// One more is refused, until one is revoked.
pub async fn an_account_has_so_many_devices_at_most<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    for _ in 1..limits::DEVICES_PER_ACCOUNT_MAX {
        store.add_device(alice, new_device("laptop"), NOW).await.unwrap();
    }
    assert_eq!(
        store.add_device(alice, new_device("one more"), NOW).await,
        Err(StoreError::Full(limits::DEVICES_PER_ACCOUNT_MAX))
    );
    store.add_device(bob, new_device("laptop"), NOW).await.unwrap();

    let oldest = store.devices(alice).await.unwrap()[0].id;
    store.revoke_device(alice, oldest).await.unwrap();
    store.add_device(alice, new_device("one more"), NOW).await.unwrap();
}

/// There is no such account.
pub async fn a_device_of_nobody_is_not_added<S: Store>(store: &S) {
    for nobody in [AccountId(0), AccountId(u64::MAX)] {
        assert_eq!(store.add_device(nobody, new_device("phone"), NOW).await, Err(StoreError::NotFound));
    }
}

/// A clock that was set back moves nothing; a device that is gone is nobody's concern.
pub async fn being_seen_moves_forward_only<S: Store>(store: &S) {
    let alice = person(store).await;
    let device = store.devices(alice).await.unwrap()[0].id;
    let later = NOW + 24 * 60 * 60 * 1_000;
    for (now, seen) in [(later, later), (NOW, later), (Moment(0), later)] {
        store.touch_device(device, now).await.unwrap();
        assert_eq!(store.devices(alice).await.unwrap()[0].last_seen_at, seen);
    }
    store.touch_device(DeviceId(u64::MAX), NOW).await.unwrap();
}
