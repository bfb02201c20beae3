//! The figures as Markdown: two sections of BENCHMARKS.md.

use std::fmt::Write as _;

use crate::case::OURS;
use crate::document::{BIG, SMALL};
use crate::formats::{ACCESS, CANONICAL, CHECK, DECODE, ENCODE, LAZY, SKIP, WALK};
use crate::packets::{ARRAY, COMMAND, READ, SUM, SWEEP, VALUES, VIEW, WRITE};
use crate::python::{Python, Took};
use crate::results::{Figures, Results};
use crate::split::{BYTES, SPLIT};
use crate::{floor, machine, targets};

const PEERS: [&str; 10] = [
    "zerompk",
    "rmp-serde",
    "minicbor",
    "minicbor-serde",
    "cbor4ii",
    "ciborium",
    "postcard",
    "serde_json",
    "sonic-rs",
    "tokio-util",
];

/// Our codec beside other crates.
pub(crate) fn host(results: &Results) -> String {
    let mut text = format!(
        "## The codec, beside others

`cargo xtask bench` measures it. {}
The peers: {}.

**big** is {} pathpoints of {} readings and {} orders, {} bytes as minijson; **small**
the same in {} bytes. Each crate has them in its own format, and decodes into the same
types, which borrow text from the input (ciborium cannot lend any: it copies). \"×\" says
how many times as long as ours the crate takes with the same document. Instructions
that copy many bytes at once count as one for each byte.

### Targets

| | target | measured | |
|---|---|---|---|
",
        machine::description(),
        machine::versions(&PEERS),
        BIG.pathpoints,
        BIG.values,
        BIG.orders,
        bytes(results, BIG.name),
        bytes(results, SMALL.name),
    );
    for row in targets::rows(results) {
        let _ = writeln!(text, "{row}");
    }
    for operation in [DECODE, WALK, LAZY, CHECK, SKIP, ACCESS, ENCODE, CANONICAL] {
        documents(&mut text, results, operation);
    }
    frames(&mut text, results);
    packets(&mut text, results);
    if let (Some(memcpy), Some(utf8)) = (
        results.get(floor::FLOOR, BIG.name, "memcpy"),
        results.get(floor::FLOOR, BIG.name, "from_utf8"),
    ) {
        let _ = writeln!(
            text,
            "\nIn the same run memcpy moves 1 MiB at {:.1} GB/s, and `from_utf8` looks at 1 MiB of ASCII
at {:.1} GB/s.",
            memcpy.gigabytes_per_second(),
            utf8.gigabytes_per_second()
        );
    }
    text
}

fn bytes(results: &Results, document: &str) -> usize {
    results
        .get(DECODE, document, OURS)
        .map_or(0, |figures| figures.bytes)
}

fn documents(text: &mut String, results: &Results, operation: &str) {
    let _ = write!(
        text,
        "\n### {}\n\n| | GB/s, big | × | instructions per byte | ns, small | × |\n\
         |---|---:|---:|---:|---:|---:|\n",
        capital(operation)
    );
    let ours = |document| results.get(operation, document, OURS);
    let (Some(big_ours), Some(small_ours)) = (ours(BIG.name), ours(SMALL.name)) else {
        return;
    };
    let mut rows: Vec<(&Figures, &Figures)> = results
        .0
        .iter()
        .filter(|it| it.operation == operation && it.document == BIG.name)
        .filter_map(|big| Some((big, results.get(operation, SMALL.name, big.who)?)))
        .collect();
    rows.sort_by(|(a, _), (b, _)| a.nanoseconds.total_cmp(&b.nanoseconds));
    for (big, small) in rows {
        let who = if big.who.starts_with(OURS) {
            format!("**{}**", big.who)
        } else {
            big.who.to_owned()
        };
        let _ = writeln!(
            text,
            "| {who} | {:.2} | {:.2} | {:.1} | {:.0} | {:.2} |",
            big.gigabytes_per_second(),
            big.nanoseconds / big_ours.nanoseconds,
            big.instructions_per_byte(),
            small.nanoseconds,
            small.nanoseconds / small_ours.nanoseconds,
        );
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn frames(text: &mut String, results: &Results) {
    text.push_str(
        "\n### Frames out of a stream

Received bytes are copied into the reader's buffer and cut there (or cut where they lie,
in one slice); a figure is of one frame, or of one byte that arrives alone.

| | | ns | × | instructions |
|---|---|---:|---:|---:|
",
    );
    for figures in &results.0 {
        if ![SPLIT, BYTES].contains(&figures.operation) {
            continue;
        }
        let Some(ours) = results.get(figures.operation, figures.document, OURS) else {
            continue;
        };
        let _ = writeln!(
            text,
            "| {}, {} | {} | {:.1} | {:.2} | {:.0} |",
            figures.operation,
            figures.document,
            figures.who,
            figures.nanoseconds,
            figures.nanoseconds / ours.nanoseconds,
            figures.instructions
        );
    }
}

fn packets(text: &mut String, results: &Results) {
    text.push_str(
        "\n### NCP packets

A command of 100 bytes and a sweep of 63,796 with 61,440 samples. **view** checks the
structure, **walk** takes every value too (arrays as views), **read** copies the arrays
out as numbers; **array** is 61,440 bytes that are not aligned.

| | | ns | instructions | GB/s |
|---|---|---:|---:|---:|
",
    );
    for figures in &results.0 {
        let [view, values, read, write] =
            [VIEW, VALUES, READ, WRITE].map(|it| figures.operation == it);
        let array = [ARRAY, SUM].contains(&figures.operation);
        if !(view || values || read || write || array) {
            continue;
        }
        let speed = if array || read {
            format!("{:.1}", figures.gigabytes_per_second())
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "| {}, {} | {} | {:.0} | {:.0} | {speed} |",
            figures.operation,
            figures.document,
            figures.who,
            figures.nanoseconds,
            figures.instructions
        );
    }
}

/// Our codec beside the Python packages of the same formats.
pub(crate) fn python(results: &Results, python: &Python) -> String {
    let mut text = format!(
        "## The codec, beside the Python packages

`cargo xtask bench` measures it, in the run of the tables above: minijson 3.1.1 (Cython)
and ncplib 6.1.0 in {}, on the very bytes that ours has.

| | theirs, µs | ours, µs | × | target | |
|---|---:|---:|---:|---|---|
",
        python.version
    );
    let mut row = |name: &str, theirs: f64, ours: Option<&Figures>, goal: f64, because: &str| {
        let Some(ours) = ours else { return };
        let ratio = theirs / ours.nanoseconds;
        let _ = writeln!(
            text,
            "| {name} | {:.2} | {:.3} | {ratio:.0} | {goal} × | {} |",
            theirs / 1000.0,
            ours.nanoseconds / 1000.0,
            targets::verdict(ratio >= goal, because)
        );
    };
    const NUMBERS: &str = "60 kB are copied on both sides, and that takes what memcpy takes";
    const ITEMS: &str = "our decoder takes some 150 instructions an item";
    for (document, Took { decode, encode }) in [(BIG.name, python.big), (SMALL.name, python.small)]
    {
        let ours = |operation| results.get(operation, document, OURS);
        row(
            &format!("minijson, decode, {document}"),
            decode,
            ours(DECODE),
            50.0,
            ITEMS,
        );
        row(
            &format!("minijson, encode, {document}"),
            encode,
            ours(ENCODE),
            50.0,
            ITEMS,
        );
    }
    let (command, sweep) = (python.command, python.sweep);
    let ours = |operation, document| results.get(operation, document, OURS);
    let goal = 100.0;
    row(
        "ncplib, decode, command",
        command.decode,
        ours(VALUES, COMMAND),
        goal,
        ITEMS,
    );
    row(
        "ncplib, encode, command",
        command.encode,
        ours(WRITE, COMMAND),
        goal,
        ITEMS,
    );
    row(
        "ncplib, decode, sweep",
        sweep.decode,
        ours(VALUES, SWEEP),
        goal,
        ITEMS,
    );
    row(
        "ncplib, decode, sweep copied out",
        sweep.decode,
        ours(READ, SWEEP),
        goal,
        NUMBERS,
    );
    row(
        "ncplib, encode, sweep",
        sweep.encode,
        ours(WRITE, SWEEP),
        goal,
        NUMBERS,
    );
    text
}
