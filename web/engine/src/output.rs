//! What to do, to JavaScript.

use anser_client_core::{Event, Output};
use anser_local_store::{load_statement, statements_for};
use anser_protocol::Moment;
use anser_protocol::link::Carrier;
use js_sys::Uint8Array;
use wasm_bindgen::{JsError, JsValue};

use crate::object::{build, number, wrong};
use crate::sql;

pub(crate) fn to_js(output: Output) -> Result<JsValue, JsError> {
    Ok(match output {
        Output::Save(saves) => {
            let statements: Vec<_> = saves.iter().flat_map(statements_for).collect();
            build("save", &[("statements", sql::statements_to_js(&statements).into())])
        }
        Output::Load(load) => {
            let statement = sql::statement_to_js(&load_statement(&load));
            build("load", &[("id", number(load.id)), ("statement", statement)])
        }
        Output::Connect { connection, carrier } => {
            let carrier = JsValue::from_str(carrier_name(carrier));
            build("connect", &[("connection", number(connection)), ("carrier", carrier)])
        }
        Output::Disconnect { connection } => build("disconnect", &[("connection", number(connection))]),
        Output::Transmit { connection, bytes } => {
            let bytes = Uint8Array::from(bytes.as_slice()).into();
            build("transmit", &[("connection", number(connection)), ("bytes", bytes)])
        }
        Output::Emit(event) => build("emit", &[("event", event_to_js(&event)?)]),
        Output::Wait(moment) => build("wait", &[("untilMs", wait_to_js(moment))]),
    })
}

fn carrier_name(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::WebSocket => "webSocket",
        Carrier::LongPoll => "longPoll",
        Carrier::ShortPoll => "shortPoll",
    }
}

/// Events cross as JSON text: a timeline is thousands of fields, and the browser's own parser is the fastest way in.
fn event_to_js(event: &Event) -> Result<JsValue, JsError> {
    let json = serde_json::to_string(event)?;
    js_sys::JSON::parse(&json).map_err(|_| wrong("event", "JSON"))
}

fn wait_to_js(moment: Moment) -> JsValue {
    if moment == Moment::NEVER { JsValue::NULL } else { number(moment.0) }
}
