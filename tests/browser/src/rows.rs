//! Rows of the page, and the same rows as the command line tells them.

use serde_json::{Map, Value as Json, json};

use crate::Result;

/// Bits of the flags column (`wasm/inspect/src/table/columns.rs`), with the words of
/// the command line, in its order.
const FLAGS: [(u64, &str); 9] = [
    (1 << 0, "malformed"),
    (1 << 5, "error"),
    (1 << 4, "gap"),
    (1 << 3, "resync"),
    (1 << 1, "unanswered"),
    (1 << 2, "late"),
    (1 << 6, "warning"),
    (1 << 7, "repeated"),
    (1 << 9, "not_kept"),
];

/// In the pair column: none.
const NO_ROW: u64 = u32::MAX as u64;

/// A number of a row.
///
/// # Errors
///
/// It has none of that name.
pub fn number(row: &Json, name: &str) -> Result<u32> {
    let number = row[name].as_u64().and_then(|it| u32::try_from(it).ok());
    Ok(number.ok_or_else(|| format!("{name} of {row}"))?)
}

/// A row of the page's worker, in the form of `wigwag decode auto --json` but without
/// its offset and its frame.
#[must_use]
pub fn told(row: &Json, times: bool) -> Json {
    let number = |name: &str| row[name].as_u64().unwrap_or(u64::MAX);
    let name = |names: &[&'static str], at: u64| {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        names.get(at).copied().unwrap_or("?")
    };
    let protocols = ["unknown", "ngtt", "ncp", "prefix", "minijson"];
    let mut object = Map::new();
    let mut put = |name: &str, value: Json| object.insert(name.to_owned(), value);
    put("row", row["rows"].clone());
    if times && let Some(time) = row["time"].as_f64() {
        put("time", json!(time as u64));
    }
    put("connection", row["connection"].clone());
    let direction = name(&["to_server", "to_device"], number("direction"));
    put("direction", json!(direction));
    put("protocol", json!(name(&protocols, number("protocol"))));
    if row["typeName"] != "" {
        put("type", row["typeName"].clone());
    }
    put("id", row["id"].clone());
    put("length", row["length"].clone());
    if number("pair") != NO_ROW {
        put("pair", row["pair"].clone());
    }
    if let Some(latency) = row["latency"].as_f64().filter(|_| times) {
        put("latency", json!(latency.round() as u64));
    }
    let set = FLAGS.iter().filter(|(bit, _)| number("flags") & bit != 0);
    let words: Vec<&str> = set.map(|(_, word)| *word).collect();
    if !words.is_empty() {
        put("flags", json!(words));
    }
    Json::Object(object)
}

/// That rows of the page are those of the command line.
///
/// # Errors
///
/// The first that differ.
pub fn same(what: &str, page: &[Json], command: &[Json]) -> Result {
    let command: Vec<&Json> = command.iter().filter(|row| row["row"].is_u64()).collect();
    for (ours, theirs) in page.iter().zip(&command) {
        let mut theirs = (*theirs).clone();
        let object = theirs.as_object_mut().ok_or("a row is an object")?;
        let times = object.contains_key("time");
        object.remove("offset");
        object.remove("frame");
        let ours = told(ours, times);
        if ours != theirs {
            return Err(format!("{what}: the page has\n{ours}, the command\n{theirs}").into());
        }
    }
    if page.len() != command.len() {
        let (ours, theirs) = (page.len(), command.len());
        return Err(
            format!("{what}: {ours} rows in the page, {theirs} on the command line").into(),
        );
    }
    Ok(())
}
