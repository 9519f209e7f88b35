//! Checks that no statement of a deed reads a whole table.

use rusqlite::Connection;

use super::{accounts, conversations, heads, log, rows, schema, tips};

#[test]
fn no_statement_scans_a_table() {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection, 0).unwrap();
    let everywhere = [
        accounts::STATEMENTS,
        conversations::STATEMENTS,
        heads::STATEMENTS,
        log::STATEMENTS,
        tips::STATEMENTS,
        &[rows::PLACE],
    ];
    for statement in everywhere.concat() {
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
    assert_eq!(of_events.len(), 10);
    for statement in of_events {
        let plan = plan_of(&connection, statement).join("\n");
        assert!(plan.contains("events_by_place (conversation_id=?"), "{statement}\n{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{statement}\n{plan}");
    }
}

fn plan_of(connection: &Connection, statement: &str) -> Vec<String> {
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    // A plan does not depend on what is asked for.
    let values = vec![1; explain.parameter_count()];
    let steps = explain.query_map(rusqlite::params_from_iter(values), |row| row.get("detail")).unwrap();
    steps.collect::<Result<_, _>>().unwrap()
}
