//! Statements to JavaScript, rows from it.

use anser_local_store::{Row, Statement, Value};
use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::{JsCast, JsError, JsValue};

use crate::object;

pub(crate) fn statements_to_js(statements: &[Statement]) -> Array {
    statements.iter().map(statement_to_js).collect()
}

pub(crate) fn statement_to_js(statement: &Statement) -> JsValue {
    let params: Array = statement.params.iter().map(value_to_js).collect();
    let object = Object::new();
    object::set(&object, "sql", &JsValue::from_str(statement.sql));
    object::set(&object, "params", &params);
    object.into()
}

/// One list of rows for each question.
pub(crate) fn answers_from_js(answers: &JsValue) -> Result<Vec<Vec<Row>>, JsError> {
    list(answers, "restored")?.iter().map(|rows| rows_from_js(&rows)).collect()
}

/// The same of a damaged database: rows that hold what we never write are left out.
pub(crate) fn readable_answers_from_js(answers: &JsValue) -> Result<Vec<Vec<Row>>, JsError> {
    let readable = |rows: JsValue| -> Result<Vec<Row>, JsError> {
        Ok(list(&rows, "rows")?.iter().filter_map(|row| row_from_js(&row).ok()).collect())
    };
    list(answers, "answers")?.iter().map(readable).collect()
}

pub(crate) fn rows_from_js(rows: &JsValue) -> Result<Vec<Row>, JsError> {
    list(rows, "rows")?.iter().map(|row| row_from_js(&row)).collect()
}

fn row_from_js(row: &JsValue) -> Result<Row, JsError> {
    list(row, "a row")?.iter().map(|value| value_from_js(&value)).collect()
}

fn list<'a>(value: &'a JsValue, what: &str) -> Result<&'a Array, JsError> {
    value.dyn_ref::<Array>().ok_or_else(|| object::wrong(what, "an array"))
}

fn value_to_js(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        Value::Integer(number) => JsValue::from_f64(*number as f64),
        Value::Text(text) => JsValue::from_str(text),
        Value::Blob(bytes) => Uint8Array::from(bytes.as_slice()).into(),
    }
}

fn value_from_js(value: &JsValue) -> Result<Value, JsError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    if let Some(number) = value.as_f64() {
        let number =
            object::exact(number).ok_or_else(|| object::wrong("an integer", "exact and not negative"))?;
        return Ok(Value::Integer(number as i64));
    }
    if let Some(text) = value.as_string() {
        return Ok(Value::Text(text));
    }
    if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
        return Ok(Value::Blob(bytes.to_vec()));
    }
    Err(object::wrong("a column", "null, a number, a string or a Uint8Array"))
}
