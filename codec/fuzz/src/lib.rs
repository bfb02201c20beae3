//! What the targets share. Each target is one way in or out of the codec, in
//! `fuzz_targets/`; it looks for broken promises, not only for panics.

use wigwag_codec::minijson::{Floats, Limits, Options, Value, canonical};

/// The deepest limits there are, so that nothing hides behind them.
pub fn deep() -> Limits {
    Limits::new().with_depth(128)
}

/// The shortest form of a value, floats as they are.
pub fn shortest(value: Value<'_>) -> Vec<u8> {
    let mut out = vec![0; value.raw().len()];
    let options = Options::new().with_floats(Floats::Kept);
    let length = canonical(value, &mut out, options).expect("no form is longer");
    out.truncate(length);
    out
}
