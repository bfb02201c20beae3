//! What a trial of the firmware costs, in the figures that have budgets.
//!
//! A trial is a fixed amount of work for the emulated board, done over the
//! virtual network against the mock server. The harness runs it; the device
//! measures itself and tells in its report, which comes here as JSON. With
//! `-icount shift=0` QEMU's clock moves by a nanosecond an instruction, so the
//! report's busy nanoseconds are instructions.

use serde_json::Value;

use super::budget::Rows;
use crate::run::Result;

/// Orders of a trial, delivered one after the other.
pub const ORDERS: u32 = 50;

/// Batches of 1 KiB of pathpoints of a trial, one after the other.
pub const BATCHES: u32 = 20;

/// The rows of the budgets' table `instructions`:
///
/// - `key`: reading the device's private key, once at boot;
/// - `handshake`: the first connection, from the name's resolution through TCP
///   to the end of the TLS handshake;
/// - `order`: one order, from its frame to the proof that the server has read
///   the confirmation; the mean of [`ORDERS`];
/// - `data_frame`: one batch of 1 KiB, from the application's call to the
///   server's confirmation; the mean of [`BATCHES`].
///
/// # Errors
///
/// The report lacks a figure, or the trial did less than it should.
pub fn instructions(report: &Value) -> Result<Rows> {
    let handshake = report["handshakes"]
        .get(0)
        .and_then(Value::as_u64)
        .ok_or("the report has no handshake")?;
    Ok(Rows::from([
        ("key".to_owned(), number(report, "key")?),
        ("handshake".to_owned(), handshake),
        ("order".to_owned(), mean(report, "orders", ORDERS)?),
        ("data_frame".to_owned(), mean(report, "batches", BATCHES)?),
    ]))
}

/// The row of the budgets' table `stack`: `peak`, in bytes.
///
/// # Errors
///
/// The report lacks the figure.
pub fn stack(report: &Value) -> Result<Rows> {
    Ok(Rows::from([(
        "peak".to_owned(),
        number(report, "stack_peak")?,
    )]))
}

fn number(report: &Value, name: &str) -> Result<u64> {
    report[name]
        .as_u64()
        .ok_or_else(|| format!("the report has no `{name}`: {report}"))
}

fn mean(report: &Value, name: &str, expected: u32) -> Result<u64> {
    let work = &report[name];
    let count = number(work, "count")?;
    if count != u64::from(expected) {
        return Err(format!(
            "the trial did {count} {name} instead of {expected}"
        ));
    }
    Ok(number(work, "nanos")? / count)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report() -> Value {
        json!({
            "stack_peak": 17_000, "stack_size": 65_536, "boot": 1, "key": 2_000_000,
            "handshakes": [40_000_000, 30_000_000],
            "orders": {"count": 50, "nanos": 5_000_049},
            "batches": {"count": 20, "nanos": 2_000_000},
        })
    }

    #[test]
    fn figures_are_the_means_of_the_report() {
        let rows = instructions(&report()).unwrap();
        let expected = [
            ("data_frame", 100_000),
            ("handshake", 40_000_000),
            ("key", 2_000_000),
            ("order", 100_000),
        ];
        assert_eq!(
            rows,
            expected.map(|(name, it)| (name.to_owned(), it)).into()
        );
        assert_eq!(stack(&report()).unwrap()["peak"], 17_000);
    }

    #[test]
    fn a_report_of_less_work_is_refused() {
        for (name, value) in [
            ("orders", json!({"count": 49, "nanos": 1})),
            ("batches", json!({"count": 0, "nanos": 0})),
            ("batches", Value::Null),
            ("handshakes", json!([])),
            ("key", json!("x")),
        ] {
            let mut report = report();
            report[name] = value;
            assert!(instructions(&report).is_err(), "{name}");
        }
        assert!(stack(&json!({})).is_err());
    }
}
