//! Errors with their places.

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// JavaScript's `Error`, with what we add to it.
    #[wasm_bindgen(js_name = Error)]
    pub(crate) type Fault;

    #[wasm_bindgen(constructor, js_class = "Error")]
    fn new(message: &str) -> Fault;

    #[wasm_bindgen(method, setter)]
    fn set_offset(this: &Fault, offset: usize);

    #[wasm_bindgen(method, setter)]
    fn set_start(this: &Fault, start: usize);

    #[wasm_bindgen(method, setter)]
    fn set_end(this: &Fault, end: usize);
}

/// An error that has no place.
pub(crate) fn plain(message: &str) -> JsValue {
    Fault::new(message).into()
}

/// A row, as JavaScript gives it. (As a `u32` it would be taken for row 0 if it is
/// forgotten.)
pub(crate) fn row(number: f64) -> Result<u32, JsValue> {
    whole(number).ok_or_else(|| {
        let told = match number.is_nan() {
            true => "undefined or no number".to_owned(),
            false => number.to_string(),
        };
        plain(&format!(
            "a row is a whole number from 0 on, this is {told}"
        ))
    })
}

/// The number, if it is one that a row can have.
fn whole(number: f64) -> Option<u32> {
    let is_whole = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    is_whole.then_some(number as u32)
}

/// An error at a byte of a text.
pub(crate) fn at(message: &str, offset: usize) -> JsValue {
    let fault = Fault::new(message);
    fault.set_offset(offset);
    fault.into()
}

/// An error in a part of a text, in bytes.
pub(crate) fn between(message: &str, start: usize, end: usize) -> JsValue {
    let fault = Fault::new(message);
    fault.set_start(start);
    fault.set_end(end);
    fault.into()
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn only_whole_numbers_of_32_bits_are_rows() {
        for (number, row) in [(0.0, 0), (7.0, 7), (4_294_967_295.0, u32::MAX)] {
            assert_eq!(whole(number), Some(row));
        }
        for number in [f64::NAN, -1.0, 0.5, 4_294_967_296.0, f64::INFINITY] {
            assert_eq!(whole(number), None, "{number}");
        }
    }
}
