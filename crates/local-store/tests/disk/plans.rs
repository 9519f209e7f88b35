//! The statements that run for every message find their rows by key: no scan, no sorting.

use anser_client_core::local::Load;
use anser_local_store::load_statement;
use anser_protocol::{ConversationId, Seq};

use crate::database;

fn plan(sql: &str) -> String {
    let disk = database();
    let mut prepared = disk.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let count = prepared.parameter_count();
    let zeros = rusqlite::params_from_iter(vec![0_i64; count]);
    let steps = prepared.query_map(zeros, |row| row.get::<_, String>(3)).unwrap();
    steps.map(|step| step.unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_page_of_a_timeline_is_one_search() {
    let load = Load { id: 1, conversation: ConversationId(1), first: Seq(1), last: Seq(9) };
    let plan = plan(load_statement(&load).sql);
    assert_eq!(plan, "SEARCH events USING PRIMARY KEY (conversation=? AND seq>? AND seq<?)");
}

#[test]
fn spans_are_replaced_by_a_search() {
    let plan = plan("DELETE FROM spans WHERE conversation = ?1");
    assert_eq!(plan, "SEARCH spans USING PRIMARY KEY (conversation=?)");
}

#[test]
fn a_sent_message_leaves_the_outbox_by_a_search() {
    let plan = plan("DELETE FROM outbox WHERE send_key = ?1");
    assert!(plan.starts_with("SEARCH outbox USING INDEX"), "{plan}");
}
