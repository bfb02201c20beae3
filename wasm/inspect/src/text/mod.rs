//! Reading and writing text: what inputs, exports and the editor share.

pub mod hex;
pub mod json;
pub mod time;
