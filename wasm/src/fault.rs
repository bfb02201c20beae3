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
