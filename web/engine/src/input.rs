//! What happened, from JavaScript.

use anser_client_core::local::Loaded;
use anser_client_core::{Command, Input};
use anser_local_store::events_from_rows;
use wasm_bindgen::{JsError, JsValue};

use crate::object::{damaged, get, get_bytes, get_flag, get_number, get_text, wrong};
use crate::sql;

pub(crate) fn from_js(input: &JsValue) -> Result<Input, JsValue> {
    let kind = get_text(input, "type")?;
    match kind.as_str() {
        "command" => {
            let command = command_from_js(&get(input, "command"))?;
            Ok(Input::Command { id: get_number(input, "id")?, command })
        }
        "connected" => Ok(Input::Connected { connection: get_number(input, "connection")? }),
        "disconnected" => Ok(Input::Disconnected { connection: get_number(input, "connection")? }),
        "received" => {
            let connection = get_number(input, "connection")?;
            Ok(Input::Received { connection, bytes: get_bytes(input, "bytes")? })
        }
        "loaded" => {
            let rows = sql::rows_from_js(&get(input, "rows")).map_err(damaged)?;
            let events = events_from_rows(rows).map_err(damaged)?;
            Ok(Input::Loaded(Loaded { id: get_number(input, "id")?, events }))
        }
        "saveFailed" => Ok(Input::SaveFailed),
        "network" => Ok(Input::Network { up: get_flag(input, "up")? }),
        "tick" => Ok(Input::Tick),
        _ => Err(wrong("type", "one of those in engine.d.ts").into()),
    }
}

/// Commands cross as JSON text: one call instead of one for every field, and the parser checks all of it.
fn command_from_js(command: &JsValue) -> Result<Command, JsError> {
    let json = js_sys::JSON::stringify(command).map_err(|_| wrong("command", "plain data"))?;
    let json = json.as_string().ok_or_else(|| wrong("command", "plain data"))?;
    Ok(serde_json::from_str(&json)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names are the contract with TypeScript.
    #[test]
    fn commands_are_read_as_their_typescript_says() {
        let json =
            r#"{"type":"sendText","conversation":9007199254740991,"text":"早 \ud83d\ude00","sendKey":null}"#;
        let command = serde_json::from_str::<Command>(json).unwrap();
        let expected =
            Command::SendText { conversation: (1 << 53) - 1, text: "早 😀".to_owned(), send_key: None };
        assert_eq!(command, expected);
        let json = r#"{"type":"signIn","handle":"alice","password":"…","deviceName":"Chrome"}"#;
        assert!(serde_json::from_str::<Command>(json).is_ok());
        assert!(serde_json::from_str::<Command>(r#"{"type":"fly"}"#).is_err());
        assert!(
            serde_json::from_str::<Command>(r#"{"type":"markRead","conversation":1.5,"seq":1}"#).is_err()
        );
    }
}
