//! Accounts and devices, in SQLite.

use anser_protocol::{AccountId, DeviceId, Moment, limits};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::{from_sql, number, to_sql};
use super::writing::Writing;
use super::{SqliteStore, Trouble};
use crate::accounts::{Account, Accounts, Device, NewAccount, NewDevice};
use crate::error::StoreError;

#[async_trait]
impl Accounts for SqliteStore {
    async fn create_account(
        &self,
        account: NewAccount,
        device: NewDevice,
        now: Moment,
    ) -> Result<DeviceId, StoreError> {
        self.writer.submit(move |writing| create_account(writing, &account, &device, now)).await
    }

    async fn account_by_handle(&self, handle: &str) -> Result<Option<Account>, StoreError> {
        let handle = handle.to_owned();
        self.readers
            .ask(move |connection| {
                let mut find = connection.prepare_cached(ACCOUNT_BY_HANDLE)?;
                Ok(find.query_row([&handle], account_from_row).optional()?)
            })
            .await
    }

    async fn accounts_by_id(&self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        let ids = ids.to_owned();
        self.readers
            .ask(move |connection| {
                let mut find = connection.prepare_cached(ACCOUNT_BY_ID)?;
                let mut found = Vec::new();
                for id in &ids {
                    found.extend(find.query_row([to_sql(id.0)], account_from_row).optional()?);
                }
                Ok(found)
            })
            .await
    }

    async fn add_device(
        &self,
        account: AccountId,
        device: NewDevice,
        now: Moment,
    ) -> Result<DeviceId, StoreError> {
        self.writer.submit(move |writing| add_device(writing, account, &device, now)).await
    }

    async fn device_by_token(&self, token_hash: &[u8; 32]) -> Result<Option<(Device, Account)>, StoreError> {
        let token_hash = *token_hash;
        self.readers.ask(move |connection| device_by_token(connection, &token_hash)).await
    }

    async fn touch_device(&self, device: DeviceId, now: Moment) -> Result<(), StoreError> {
        self.seen.note(device, now);
        Ok(())
    }

    async fn devices(&self, account: AccountId) -> Result<Vec<Device>, StoreError> {
        let seen = self.seen.clone();
        self.readers
            .ask(move |connection| {
                let mut list = connection.prepare_cached(DEVICES_OF_ACCOUNT)?;
                Ok(seen.with(|| list.query_map([to_sql(account.0)], device_from_row)?.collect())?)
            })
            .await
    }

    async fn revoke_device(&self, account: AccountId, device: DeviceId) -> Result<(), StoreError> {
        self.writer
            .submit(move |writing| {
                let mut delete = writing.connection.prepare_cached(DEVICE_DELETE)?;
                match delete.execute([to_sql(device.0), to_sql(account.0)])? {
                    0 => Err(Trouble::Refused(StoreError::NotFound)),
                    _ => Ok(()),
                }
            })
            .await
    }
}

impl SqliteStore {
    /// Whether anybody has an account here.
    pub async fn has_accounts(&self) -> Result<bool, StoreError> {
        self.readers.ask(|connection| Ok(connection.query_one(ANY_ACCOUNT, [], |row| row.get(0))?)).await
    }
}

const ANY_ACCOUNT: &str = "SELECT EXISTS (SELECT 1 FROM accounts)";

const ACCOUNT_BY_HANDLE: &str =
    "SELECT id, handle, display_name, password_hash, created_at FROM accounts WHERE handle = ?1";

const ACCOUNT_BY_ID: &str =
    "SELECT id, handle, display_name, password_hash, created_at FROM accounts WHERE id = ?1";

const ACCOUNT_INSERT: &str = "
    INSERT INTO accounts (id, handle, display_name, password_hash, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5)";

const DEVICES_OF_ACCOUNT: &str = "
    SELECT id, account_id, name, created_at, last_seen_at
    FROM devices WHERE account_id = ?1 ORDER BY id";

const DEVICE_COUNT: &str = "SELECT count(*) FROM devices WHERE account_id = ?1";

const DEVICE_BY_TOKEN: &str =
    "SELECT id, account_id, name, created_at, last_seen_at FROM devices WHERE token_hash = ?1";

const DEVICE_INSERT: &str = "
    INSERT INTO devices (account_id, name, token_hash, created_at, last_seen_at)
    VALUES (?1, ?2, ?3, ?4, ?4)";

const DEVICE_DELETE: &str = "DELETE FROM devices WHERE id = ?1 AND account_id = ?2";

/// The statements whose plans a test looks at.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[ACCOUNT_BY_HANDLE, ACCOUNT_BY_ID, DEVICES_OF_ACCOUNT, DEVICE_COUNT, DEVICE_BY_TOKEN, DEVICE_DELETE];

fn create_account(
    writing: &mut Writing<'_>,
    account: &NewAccount,
    device: &NewDevice,
    now: Moment,
) -> Result<DeviceId, Trouble> {
    let connection = writing.connection;
    if connection.prepare_cached(ACCOUNT_BY_HANDLE)?.exists([&account.handle])? {
        return Err(Trouble::Refused(StoreError::HandleTaken));
    }
    if account_exists(connection, account.id)? {
        return Err(Trouble::Refused(StoreError::Busy));
    }
    connection.prepare_cached(ACCOUNT_INSERT)?.execute(params![
        to_sql(account.id.0),
        account.handle,
        account.display_name,
        account.password_hash,
        to_sql(now.0),
    ])?;
    insert_device(connection, account.id, device, now)
}

fn add_device(
    writing: &mut Writing<'_>,
    account: AccountId,
    device: &NewDevice,
    now: Moment,
) -> Result<DeviceId, Trouble> {
    let connection = writing.connection;
    if !account_exists(connection, account)? {
        return Err(Trouble::Refused(StoreError::NotFound));
    }
    let mut count = connection.prepare_cached(DEVICE_COUNT)?;
    let devices = count.query_row([to_sql(account.0)], |row| row.get::<_, i64>(0))?;
    if devices >= limits::DEVICES_PER_ACCOUNT_MAX as i64 {
        return Err(Trouble::Refused(StoreError::Full(limits::DEVICES_PER_ACCOUNT_MAX)));
    }
    insert_device(connection, account, device, now)
}

fn insert_device(
    connection: &Connection,
    account: AccountId,
    device: &NewDevice,
    now: Moment,
) -> Result<DeviceId, Trouble> {
    let mut insert = connection.prepare_cached(DEVICE_INSERT)?;
    let id = insert.insert(params![to_sql(account.0), device.name, device.token_hash, to_sql(now.0)])?;
    Ok(DeviceId(from_sql(id)))
}

fn device_by_token(
    connection: &Connection,
    token_hash: &[u8; 32],
) -> Result<Option<(Device, Account)>, Trouble> {
    let mut find = connection.prepare_cached(DEVICE_BY_TOKEN)?;
    let Some(device) = find.query_row([token_hash], device_from_row).optional()? else {
        return Ok(None);
    };
    let mut find = connection.prepare_cached(ACCOUNT_BY_ID)?;
    let account = find.query_row([to_sql(device.account.0)], account_from_row)?;
    Ok(Some((device, account)))
}

pub(super) fn account_exists(connection: &Connection, account: AccountId) -> rusqlite::Result<bool> {
    connection.prepare_cached(ACCOUNT_BY_ID)?.exists([to_sql(account.0)])
}

/// From a row of id, handle, display_name, password_hash, created_at.
fn account_from_row(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: AccountId(number(row, 0)?),
        handle: row.get(1)?,
        display_name: row.get(2)?,
        password_hash: row.get(3)?,
        created_at: Moment(number(row, 4)?),
    })
}

/// From a row of id, account_id, name, created_at, last_seen_at.
fn device_from_row(row: &Row<'_>) -> rusqlite::Result<Device> {
    Ok(Device {
        id: DeviceId(number(row, 0)?),
        account: AccountId(number(row, 1)?),
        name: row.get(2)?,
        created_at: Moment(number(row, 3)?),
        last_seen_at: Moment(number(row, 4)?),
    })
}
