//! Between minijson and JSON text (RFC 8259), without loss in either direction
//! except where stated.
//!
//! | minijson | JSON text |
//! |---|---|
//! | null, true, false, text, list, map with text keys | the same |
//! | integer of any size | its decimal digits |
//! | float, finite | the shortest decimal that gives the same float in its width, with a point or an exponent: `1.0`, `0.1`, `1e16` |
//! | float, NaN or infinite | `{"$f32":"7fc00000"}` or `{"$f64":"7ff8000000000000"}`: its bits |
//! | bytes | `{"$bytes":"00ff"}` |
//! | map with any keys | `{"$map":[[key,value],[key,value]]}` |
//! | map with text keys whose first key is one of these five markers | the same form |
//!
//! There is no white space in what [`write()`] makes. The form is stable.
//!
//! What JSON text loses is the width of a finite float, and nothing else.

mod write;

pub use write::{to_slice, write};
