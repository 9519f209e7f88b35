//! Checks that no statement of a deed reads a whole table, and that none is planned more than once.

use rusqlite::{Connection, StatementStatus, params_from_iter};

use super::{accounts, conversations, heads, journal, log, open, rows, schema, seen, tips};

/// SQLite may plan a statement anew for other values, which costs ten times the statement.
#[test]
fn a_statement_is_planned_once_whatever_is_asked() {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection, 0).unwrap();
    open::configure(&connection, 1_000).unwrap();
    for text in everywhere() {
        let mut statement = connection.prepare(text).unwrap();
        for value in [1, 1_000_000, 0] {
            let values = vec![value; statement.parameter_count()];
            let mut rows = statement.query(params_from_iter(values)).unwrap();
            while rows.next().unwrap().is_some() {}
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0, "{text}");
    }
}

#[test]
fn no_statement_scans_a_table() {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection, 0).unwrap();
    for statement in everywhere() {
        let plan = plan_of(&connection, statement);
        let scans = plan.iter().filter(|step| step.starts_with("SCAN") && !step.contains("(subquery-"));
        assert_eq!(scans.count(), 0, "{statement}\nis done by\n{}", plan.join("\n"));
    }
}

#[test]
fn the_logs_are_read_by_place() {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection, 0).unwrap();
    let of_events = [log::STATEMENTS, heads::STATEMENTS, tips::STATEMENTS, &[rows::PLACE]].concat();
    let of_events: Vec<_> =
        of_events.into_iter().filter(|it| it.contains("FROM events") || it.contains("JOIN events")).collect();
    assert_eq!(of_events.len(), 11);
    for statement in of_events {
        let plan = plan_of(&connection, statement).join("\n");
        assert!(plan.contains("events_by_place (conversation_id=?"), "{statement}\n{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{statement}\n{plan}");
    }
}

fn everywhere() -> Vec<&'static str> {
    [
        accounts::STATEMENTS,
        conversations::STATEMENTS,
        heads::STATEMENTS,
        journal::STATEMENTS,
        log::STATEMENTS,
        seen::STATEMENTS,
        tips::STATEMENTS,
        &[rows::PLACE],
    ]
    .concat()
}

fn plan_of(connection: &Connection, statement: &str) -> Vec<String> {
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    // A plan does not depend on what is asked for.
    let values = vec![1; explain.parameter_count()];
    let steps = explain.query_map(params_from_iter(values), |row| row.get("detail")).unwrap();
    steps.collect::<Result<_, _>>().unwrap()
}
