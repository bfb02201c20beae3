//! What the firmware's work costs, in the figures that have budgets.
//!
//! The harness runs the same trial on the emulated board several times over
//! (`wigwag firmware measure`); the device measures itself and tells in its
//! report, which comes here as JSON. QEMU runs with `-icount shift=0`, by which
//! its clock moves by a nanosecond an instruction: the report's nanoseconds are
//! instructions. When a frame arrives is left to the host's clock, and a busy host
//! makes the device wake up more often, or less often, for the same work: up to 5 %
//! either way. The least of several trials is told, which a busy host moves down more
//! easily than up; budgets are to be written on a machine that does nothing else.

use serde_json::Value;

use super::budget::Rows;
use super::build::Image;
use crate::run::Result;

/// How a figure is read from a report.
type Figure = fn(&Value) -> Result<u64>;

/// How often the trial is run.
pub const TRIALS: u32 = 5;

/// The rows of the budgets' table `instructions`, each the least of the
/// reports. Of NGTT:
///
/// - `key`: reading the device's private key, once at boot;
/// - `handshake`: the first connection, from the name's resolution through TCP
///   to the end of the TLS handshake;
/// - `reconnect`: the second one, to the same server;
/// - `order`: one order, from its frame to the proof that the server has read
///   the confirmation; the mean of a trial's;
/// - `data_frame`: one batch of 1 KiB, from the application's call to the
///   server's confirmation; the mean of a trial's.
///
/// Of NCP:
///
/// - `command`: a command of one parameter and its answer, from the
///   application's call until the answer is acknowledged; the mean of a trial's;
/// - `sweep`: the same for a command that is answered with 4 KiB of samples.
///
/// # Errors
///
/// There is no report, or one lacks a figure.
pub fn instructions(image: Image, reports: &[Value]) -> Result<Rows> {
    let ngtt: [(&str, Figure); 5] = [
        ("key", |report| number(report, "key")),
        ("handshake", |report| handshake(report, 0)),
        ("reconnect", |report| handshake(report, 1)),
        ("order", |report| mean(report, "orders")),
        ("data_frame", |report| mean(report, "batches")),
    ];
    let ncp: [(&str, Figure); 2] = [
        ("command", |report| mean(report, "commands")),
        ("sweep", |report| mean(report, "sweeps")),
    ];
    let rows = match image {
        Image::Ngtt => &ngtt[..],
        Image::Ncp => &ncp,
    };
    rows.iter()
        .map(|(name, figure)| {
            let figures = reports.iter().map(figure).collect::<Result<Vec<u64>>>()?;
            let least = figures.into_iter().min();
            let least = least.ok_or("there is no report of a trial")?;
            Ok(((*name).to_owned(), least))
        })
        .collect()
}

/// The row of the budgets' table `stack`: `peak`, the deepest of all trials, in
/// bytes.
///
/// # Errors
///
/// There is no report, or one lacks the figure.
pub fn stack(reports: &[Value]) -> Result<Rows> {
    let peaks = reports.iter().map(|report| number(report, "stack_peak"));
    let peaks = peaks.collect::<Result<Vec<u64>>>()?;
    let peak = peaks.into_iter().max();
    let peak = peak.ok_or("there is no report of a trial")?;
    Ok(Rows::from([("peak".to_owned(), peak)]))
}

fn number(report: &Value, name: &str) -> Result<u64> {
    report[name]
        .as_u64()
        .ok_or_else(|| format!("the report has no `{name}`: {report}"))
}

fn handshake(report: &Value, at: usize) -> Result<u64> {
    report["handshakes"][at]
        .as_u64()
        .ok_or_else(|| format!("the report has no handshake {}: {report}", at + 1))
}

fn mean(report: &Value, name: &str) -> Result<u64> {
    let work = &report[name];
    let (count, nanos) = (number(work, "count")?, number(work, "nanos")?);
    nanos
        .checked_div(count)
        .ok_or_else(|| format!("the trial had no {name}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(more: u64) -> Value {
        json!({
            "stack_peak": 17_000 + more, "stack_size": 65_536, "boot": 1, "key": 2_000_000 + more,
            "handshakes": [40_000_000 + more, 30_000_000 + more],
            "orders": {"count": 50, "nanos": 5_000_049 + 50 * more},
            "batches": {"count": 20, "nanos": 2_000_000 + 20 * more},
        })
    }

    #[test]
    fn figures_are_the_least_of_the_reports() {
        let rows = instructions(Image::Ngtt, &[report(9), report(3), report(5_000)]).unwrap();
        let expected = [
            ("data_frame", 100_003),
            ("handshake", 40_000_003),
            ("key", 2_000_003),
            ("order", 100_003),
            ("reconnect", 30_000_003),
        ];
        assert_eq!(
            rows,
            expected.map(|(name, it)| (name.to_owned(), it)).into()
        );
    }

    #[test]
    fn the_stack_is_as_deep_as_it_ever_was() {
        let rows = stack(&[report(0), report(7), report(3)]).unwrap();
        assert_eq!(rows["peak"], 17_007);
    }

    #[test]
    fn a_report_that_lacks_a_figure_is_refused() {
        for (name, value) in [
            ("orders", json!({"count": 0, "nanos": 0})),
            ("batches", json!({"count": 20})),
            ("batches", Value::Null),
            ("handshakes", json!([40_000_000])),
            ("key", json!("x")),
        ] {
            let mut lacking = report(0);
            lacking[name] = value;
            assert!(
                instructions(Image::Ngtt, &[report(0), lacking]).is_err(),
                "{name}"
            );
        }
        assert!(stack(&[json!({})]).is_err());
        assert!(stack(&[]).is_err());
        assert!(instructions(Image::Ngtt, &[]).is_err());
    }
}
