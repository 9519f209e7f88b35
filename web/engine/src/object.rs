//! Reading and building plain objects, with every read checked: what JavaScript hands over may be anything.

use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsError, JsValue};

/// All that JavaScript counts exactly.
const EXACT_MAX: f64 = ((1_u64 << 53) - 1) as f64;

/// The value under this key; `undefined` if there is none.
pub(crate) fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED)
}

pub(crate) fn get_number(object: &JsValue, key: &str) -> Result<u64, JsError> {
    get(object, key).as_f64().and_then(exact).ok_or_else(|| wrong(key, "a whole number from 0 on"))
}

pub(crate) fn get_text(object: &JsValue, key: &str) -> Result<String, JsError> {
    get(object, key).as_string().ok_or_else(|| wrong(key, "a string"))
}

pub(crate) fn get_flag(object: &JsValue, key: &str) -> Result<bool, JsError> {
    get(object, key).as_bool().ok_or_else(|| wrong(key, "true or false"))
}

pub(crate) fn get_bytes(object: &JsValue, key: &str) -> Result<Vec<u8>, JsError> {
    let value = get(object, key);
    let bytes = value.dyn_ref::<Uint8Array>().ok_or_else(|| wrong(key, "a Uint8Array"))?;
    Ok(bytes.to_vec())
}

/// A plain object with these fields.
pub(crate) fn build(kind: &str, fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    set(&object, "type", &JsValue::from_str(kind));
    for (key, value) in fields {
        set(&object, key, value);
    }
    object.into()
}

pub(crate) fn set(object: &Object, key: &str, value: &JsValue) {
    // Setting a field of an object that was made a moment ago cannot fail.
    let _ = Reflect::set(object, &JsValue::from_str(key), value);
}

/// A number as JavaScript has it; ids, positions and times are far below the limit of exactness.
pub(crate) fn number(number: u64) -> JsValue {
    JsValue::from_f64(number as f64)
}

/// A whole number that is exact in both worlds.
pub(crate) fn exact(number: f64) -> Option<u64> {
    let whole = number.fract() == 0.0 && (0.0..=EXACT_MAX).contains(&number);
    whole.then_some(number as u64)
}

/// The error that tells the worker to make the database anew: it knows it by this name.
pub(crate) fn damaged(error: impl Into<JsError>) -> JsValue {
    let error: js_sys::Error = JsValue::from(error.into()).unchecked_into();
    error.set_name("DamagedStore");
    error.into()
}

pub(crate) fn wrong(what: &str, expected: &str) -> JsError {
    JsError::new(&format!("{what} must be {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_that_are_exact_in_both_worlds_cross() {
        assert_eq!(exact(0.0), Some(0));
        assert_eq!(exact(9_007_199_254_740_991.0), Some((1 << 53) - 1));
        assert_eq!(exact(9_007_199_254_740_992.0), None);
        assert_eq!(exact(-1.0), None);
        assert_eq!(exact(0.5), None);
        assert_eq!(exact(f64::NAN), None);
        assert_eq!(exact(f64::INFINITY), None);
    }
}
