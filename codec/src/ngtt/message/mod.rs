//! What the payloads mean: orders, pathpoints, logs, binary objects.
//!
//! Readers are views over a checked [`Value`]: nothing is copied, and what has
//! an unknown shape can still be reached as the `Value` that it is. Writers put
//! the same bytes into a slice as the protocol's other client makes.

mod baobs;
mod logs;
mod pathpoints;
mod sections;

pub use baobs::{BaobRequest, BaobRequestWriter, BaobResponse};
pub use logs::{LogEntry, LogMessage, Logs, LogsWriter};
pub use pathpoints::{Failure, Measured, Pathpoint, Pathpoints, PathpointsWriter, Reading};
pub use sections::{Advise, Command, Disposition, Section, Sections};

use super::NgttError;
use crate::minijson::{Kind, Limits, Value};

/// The limits of the typed readers: the default depth, and as many items as fit
/// into the payload.
const LIMITS: Limits = Limits::new();

/// The payload as one value of this kind.
fn parse(payload: &[u8], kind: Kind) -> Result<Value<'_>, NgttError> {
    let value = Value::parse_with(payload, LIMITS)?;
    if value.kind() == kind || (kind == Kind::Map && value.kind() == Kind::Sdict) {
        Ok(value)
    } else {
        Err(NgttError::InvalidFrame { offset: 0 })
    }
}

/// An integer or a float.
fn number(value: Value<'_>) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_i64().map(|int| int as f64))
}
