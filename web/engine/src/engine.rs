//! The class that the worker holds.

use anser_client_core::Engine;
use anser_client_core::local::Restored;
use anser_local_store::restored_from_rows;
use anser_protocol::Moment;
use anser_protocol::link::Carrier;
use wasm_bindgen::prelude::*;

use crate::object::damaged;
use crate::{input, output, sql};

/// One engine. `handle` what happened, then `poll` until it says `wait`.
#[wasm_bindgen(skip_typescript)]
pub struct WebEngine {
    engine: Engine,
}

#[wasm_bindgen]
impl WebEngine {
    /// An engine that goes on where the rows of the local database end, or begins with nothing.
    #[wasm_bindgen(constructor, skip_typescript)]
    pub fn new(seed: &[u8], restored: &JsValue, now_ms: f64) -> Result<WebEngine, JsValue> {
        let seed = <[u8; 32]>::try_from(seed).map_err(|_| JsError::new("the seed must have 32 bytes"))?;
        let restored = if restored.is_null() {
            Restored::default()
        } else {
            restored_from_rows(sql::answers_from_js(restored).map_err(damaged)?).map_err(damaged)?
        };
        Ok(WebEngine { engine: Engine::with_carriers(seed, Carrier::ALL, restored, moment(now_ms)) })
    }

    /// One thing happened.
    #[wasm_bindgen(skip_typescript)]
    pub fn handle(&mut self, input: &JsValue, now_ms: f64) -> Result<(), JsValue> {
        let input = input::from_js(input)?;
        self.engine.handle(input, moment(now_ms));
        Ok(())
    }

    /// The next thing to do.
    #[wasm_bindgen(skip_typescript)]
    pub fn poll(&mut self) -> Result<JsValue, JsError> {
        output::to_js(self.engine.poll())
    }
}

/// `Date.now()` as a moment. (`as` stops at the ends of the range; a clock before 1970 is 1970.)
fn moment(now_ms: f64) -> Moment {
    Moment(now_ms as u64)
}
