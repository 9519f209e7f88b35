//! Reading rows that may be damaged: every column is checked, and a wrong one is an error that names it.

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, DeviceId, SendKey, Seq};

use crate::value::{Row, Value};

/// The local database holds something that we never wrote. The remedy is to make it anew from the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the local database is damaged: {table}.{column} {problem}")]
pub struct DecodeError {
    /// Where.
    pub table: &'static str,
    /// Which column, or which part of the table.
    pub column: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// One row, taken apart from left to right.
pub(crate) struct Columns {
    table: &'static str,
    values: std::vec::IntoIter<Value>,
}

impl Columns {
    pub(crate) fn of(table: &'static str, row: Row) -> Columns {
        Columns { table, values: row.into_iter() }
    }

    /// To be called last: a row with more columns than were asked for is not ours.
    pub(crate) fn end(mut self) -> Result<(), DecodeError> {
        match self.values.next() {
            None => Ok(()),
            Some(_) => Err(self.error("(row)", "has too many columns")),
        }
    }

    pub(crate) fn number(&mut self, column: &'static str) -> Result<u64, DecodeError> {
        match self.next(column)? {
            Value::Integer(number) => u64::try_from(number).map_err(|_| self.error(column, "is negative")),
            _ => Err(self.error(column, "is not an integer")),
        }
    }

    pub(crate) fn small_number(&mut self, column: &'static str) -> Result<u32, DecodeError> {
        let number = self.number(column)?;
        u32::try_from(number).map_err(|_| self.error(column, "is too large"))
    }

    pub(crate) fn flag(&mut self, column: &'static str) -> Result<bool, DecodeError> {
        match self.next(column)? {
            Value::Integer(0) => Ok(false),
            Value::Integer(1) => Ok(true),
            _ => Err(self.error(column, "is neither 0 nor 1")),
        }
    }

    pub(crate) fn text(&mut self, column: &'static str) -> Result<String, DecodeError> {
        match self.next(column)? {
            Value::Text(text) => Ok(text),
            _ => Err(self.error(column, "is not text")),
        }
    }

    pub(crate) fn optional_text(&mut self, column: &'static str) -> Result<Option<String>, DecodeError> {
        match self.next(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            _ => Err(self.error(column, "is neither text nor null")),
        }
    }

    pub(crate) fn blob(&mut self, column: &'static str) -> Result<Vec<u8>, DecodeError> {
        match self.next(column)? {
            Value::Blob(bytes) => Ok(bytes),
            _ => Err(self.error(column, "is not a blob")),
        }
    }

    pub(crate) fn send_key(&mut self, column: &'static str) -> Result<SendKey, DecodeError> {
        let bytes = self.blob(column)?;
        SendKey::from_bytes(&bytes).ok_or_else(|| self.error(column, "is not 16 bytes long"))
    }

    pub(crate) fn optional_send_key(&mut self, column: &'static str) -> Result<Option<SendKey>, DecodeError> {
        if self.is_null() {
            self.values.next();
            return Ok(None);
        }
        self.send_key(column).map(Some)
    }

    pub(crate) fn account(&mut self, column: &'static str) -> Result<AccountId, DecodeError> {
        self.number(column).map(AccountId)
    }

    pub(crate) fn optional_account(
        &mut self,
        column: &'static str,
    ) -> Result<Option<AccountId>, DecodeError> {
        if self.is_null() {
            self.values.next();
            return Ok(None);
        }
        self.account(column).map(Some)
    }

    pub(crate) fn device(&mut self, column: &'static str) -> Result<DeviceId, DecodeError> {
        self.number(column).map(DeviceId)
    }

    pub(crate) fn conversation(&mut self, column: &'static str) -> Result<ConversationId, DecodeError> {
        self.number(column).map(ConversationId)
    }

    pub(crate) fn seq(&mut self, column: &'static str) -> Result<Seq, DecodeError> {
        self.number(column).map(Seq)
    }

    pub(crate) fn position(&mut self, column: &'static str) -> Result<Position, DecodeError> {
        self.number(column).map(Position)
    }

    pub(crate) fn error(&self, column: &'static str, problem: &'static str) -> DecodeError {
        DecodeError { table: self.table, column, problem }
    }

    fn is_null(&self) -> bool {
        matches!(self.values.as_slice().first(), Some(Value::Null))
    }

    fn next(&mut self, column: &'static str) -> Result<Value, DecodeError> {
        self.values.next().ok_or_else(|| self.error(column, "is missing"))
    }
}
