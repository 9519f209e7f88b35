//! The sync engine as WebAssembly: `client-core` and `local-store` behind one JavaScript class.
//!
//! The worker of the web client is the driver: it owns the socket, the clock and the database, and hands everything
//! that happens to [`WebEngine`]. What crosses is declared, with the worker's duties, in `engine.d.ts`.
//!
//! | module | what crosses |
//! |---|---|
//! | `input` | what happened, from JavaScript |
//! | `output` | what to do, to JavaScript |
//! | `sql` | statements and rows, both ways |
//! | `object` | reading and building plain objects |

mod engine;
mod input;
mod object;
mod output;
mod sql;

pub use engine::WebEngine;

use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("../engine.d.ts");

/// What brings a database of this `user_version` to the present schema.
#[wasm_bindgen(js_name = migrationScripts, skip_typescript)]
pub fn migration_scripts(user_version: f64) -> Result<Vec<String>, JsError> {
    let scripts = anser_local_store::migration_scripts(user_version as i64)?;
    Ok(scripts.iter().map(|script| (*script).to_owned()).collect())
}

/// The questions whose answers the constructor of [`WebEngine`] wants.
#[wasm_bindgen(js_name = restoreStatements, skip_typescript)]
pub fn restore_statements() -> js_sys::Array {
    sql::statements_to_js(&anser_local_store::restore_statements())
}

/// The questions to ask a damaged database.
#[wasm_bindgen(js_name = salvageStatements, skip_typescript)]
pub fn salvage_statements() -> js_sys::Array {
    sql::statements_to_js(&anser_local_store::salvage_statements())
}

/// What writes their answers into a new one.
#[wasm_bindgen(js_name = salvagedStatements, skip_typescript)]
pub fn salvaged_statements(answers: &JsValue) -> Result<js_sys::Array, JsError> {
    let answers = sql::readable_answers_from_js(answers)?;
    Ok(sql::statements_to_js(&anser_local_store::salvaged_statements(answers)))
}
