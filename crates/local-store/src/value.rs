//! SQL as data: a statement, its parameters, a row that came back.

/// The largest integer stored: every JavaScript number up to here is exact, and the browser's SQLite speaks in
/// those. No honest id, position or time comes near; what a broken server sends beyond is cut to this, which at
/// least keeps the order of rows.
const INTEGER_MAX: u64 = (1 << 53) - 1;

/// What SQLite stores in one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// None.
    Null,
    /// Ids, positions, times, counts, yes and no.
    Integer(i64),
    /// Words.
    Text(String),
    /// Keys and bodies.
    Blob(Vec<u8>),
}

impl Value {
    pub(crate) fn number(number: u64) -> Value {
        Value::Integer(number.min(INTEGER_MAX) as i64)
    }

    pub(crate) fn flag(flag: bool) -> Value {
        Value::Integer(i64::from(flag))
    }

    pub(crate) fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    pub(crate) fn blob(bytes: &[u8]) -> Value {
        Value::Blob(bytes.to_vec())
    }
}

/// One row: its columns in the order in which the statement names them.
pub type Row = Vec<Value>;

/// One SQL statement. `params[0]` is `?1`, and so on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// One statement, never a script; always the same text for the same deed, so that it can be kept prepared.
    pub sql: &'static str,
    /// As many as the text has.
    pub params: Vec<Value>,
}
