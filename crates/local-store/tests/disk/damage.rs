//! A damaged row is an error that names the column, never a panic, never a wrong value.

use anser_local_store::{DecodeError, Row, Value, events_from_rows, restore_statements, restored_from_rows};
use proptest::collection::vec;
use proptest::prelude::*;

fn event_row() -> Row {
    vec![
        Value::Integer(1),
        Value::Integer(7),
        Value::Integer(42),
        Value::Integer(1_000),
        Value::Integer(1),
        Value::Blob(b"body".to_vec()),
        Value::Integer(0),
        Value::Blob(vec![9; 16]),
    ]
}

/// The error for an event row with this column replaced.
fn damaged(index: usize, value: Value) -> String {
    let mut row = event_row();
    row[index] = value;
    events_from_rows(vec![row]).unwrap_err().to_string()
}

#[test]
fn the_column_is_named() {
    assert!(events_from_rows(vec![event_row()]).is_ok());
    assert_eq!(damaged(1, Value::Integer(-1)), "the local database is damaged: events.seq is negative");
    assert_eq!(
        damaged(4, Value::Integer(1 << 32)),
        "the local database is damaged: events.kind is too large"
    );
    assert_eq!(damaged(5, Value::Null), "the local database is damaged: events.body is not a blob");
    assert_eq!(
        damaged(6, Value::Integer(2)),
        "the local database is damaged: events.silent is neither 0 nor 1"
    );
    assert_eq!(
        damaged(7, Value::Blob(vec![9; 15])),
        "the local database is damaged: events.send_key is not 16 bytes long"
    );
}

#[test]
fn a_row_of_another_width_is_refused() {
    let mut short = event_row();
    short.pop();
    assert!(events_from_rows(vec![short]).is_err());
    let mut long = event_row();
    long.push(Value::Null);
    assert!(events_from_rows(vec![long]).is_err());
}

#[test]
fn every_question_wants_its_answer() {
    let answers = vec![Vec::new(); restore_statements().len() - 1];
    assert!(restored_from_rows(answers).is_err());
}

#[test]
fn an_unknown_reason_and_a_reversed_span_are_refused() {
    let mut outbox = vec![
        Value::Blob(vec![1; 16]),
        Value::Integer(1),
        Value::Integer(1),
        Value::Integer(1),
        Value::Blob(Vec::new()),
        Value::Integer(0),
        Value::Text("server".to_owned()),
        Value::Text(String::new()),
        Value::Integer(0),
    ];
    assert!(restore_one(6, outbox.clone()).is_ok());
    outbox[6] = Value::Text("mood".to_owned());
    assert!(restore_one(6, outbox).is_err());
    assert!(restore_one(5, vec![Value::Integer(1), Value::Integer(9), Value::Integer(8)]).is_err());
}

/// The answers at start, all empty but for one row in one of them.
fn restore_one(question: usize, row: Row) -> Result<(), DecodeError> {
    let mut answers = vec![Vec::new(); restore_statements().len()];
    answers[question].push(row);
    restored_from_rows(answers).map(drop)
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Integer),
        (0..3_i64).prop_map(Value::Integer),
        ".{0,4}".prop_map(Value::Text),
        vec(any::<u8>(), 0..20).prop_map(Value::Blob),
    ]
}

proptest! {
    #[test]
    fn no_rows_at_all_cause_a_panic(answers in vec(vec(vec(any_value(), 0..21), 0..3), 0..9)) {
        let _ = restored_from_rows(answers.clone());
        for rows in answers {
            let _ = events_from_rows(rows);
        }
    }
}
