//! Whatever is saved comes back: random changes on SQLite and on the model, compared.

use anser_client_core::local::{Load, Restored, Save, SpanRow};
use anser_local_store::{
    events_from_rows, load_statement, restore_statements, restored_from_rows, statements_for,
};
use anser_protocol::ids::Position;
use anser_protocol::{ConversationId, Seq};
use proptest::prelude::*;
use rusqlite::Connection;

use crate::model::Model;
use crate::{database, execute, generate, query};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_was_saved_is_restored(saves in generate::saves()) {
        let disk = database();
        let mut model = Model::default();
        for save in saves {
            apply(&disk, &save);
            model.apply(save);
        }
        prop_assert_eq!(restore(&disk), model.restored());
    }

    #[test]
    fn a_stretch_of_the_log_is_loaded_in_order(
        saves in generate::saves(),
        conversation in generate::conversation(),
        first in generate::seq(),
        length in 0..30_u64,
    ) {
        let disk = database();
        let mut model = Model::default();
        for save in saves {
            apply(&disk, &save);
            model.apply(save);
        }
        let last = Seq(first.0 + length);
        let load = Load { id: 1, conversation, first, last };
        let events = events_from_rows(query(&disk, &load_statement(&load))).unwrap();
        prop_assert_eq!(events, model.events(conversation, first, last));
    }
}

#[test]
fn an_empty_database_restores_to_nothing() {
    assert_eq!(restore(&database()), Restored::default());
}

#[test]
fn the_schema_names_its_version() {
    let version: i64 = database().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, anser_local_store::SCHEMA_VERSION);
}

/// A broken server's numbers must neither fail a transaction nor turn negative.
#[test]
fn numbers_beyond_the_exact_ones_are_cut_to_the_largest() {
    let disk = database();
    apply(&disk, &Save::Synced(Position(u64::MAX)));
    let spans = vec![SpanRow { first: Seq(3), last: Seq(u64::MAX) }];
    apply(&disk, &Save::Spans { conversation: ConversationId(1), spans });
    let restored = restore(&disk);
    assert_eq!(restored.synced, Position((1 << 53) - 1));
    assert_eq!(restored.spans[0].1, SpanRow { first: Seq(3), last: Seq((1 << 53) - 1) });
}

fn apply(disk: &Connection, save: &Save) {
    for statement in statements_for(save) {
        execute(disk, &statement);
    }
}

fn restore(disk: &Connection) -> Restored {
    let answers = restore_statements().iter().map(|question| query(disk, question)).collect();
    restored_from_rows(answers).unwrap()
}
