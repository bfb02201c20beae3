//! What the server has to understand of payloads: how much is in them, and
//! what a device says about its binary objects.

use std::collections::BTreeMap;
use wigwag_codec::minijson::{Encoder, Kind, Value};

/// The most entries in a request about binary objects. Far beyond any device.
const MAX_BAOBS: usize = 10_000;

fn parse(payload: &[u8]) -> Result<Value<'_>, String> {
    Value::parse(payload).map_err(|error| error.to_string())
}

/// How many values a batch of pathpoints has: `[{"path": .., "values": [..]}]`.
pub(super) fn count_points(payload: &[u8]) -> Result<u64, String> {
    let value = parse(payload)?;
    if !is_list(&value) {
        return Err("a batch of pathpoints must be a list".into());
    }
    let mut points = 0;
    for (index, point) in value.items().enumerate() {
        let values = point.get("values").filter(is_list);
        let path = point.get("path").and_then(|path| path.as_str());
        let (Some(values), Some(_)) = (values, path) else {
            return Err(format!(
                "pathpoint {index} has no text \"path\" or no list \"values\""
            ));
        };
        points += values.len() as u64;
    }
    Ok(points)
}

/// How many entries a frame of logs has: a list of maps.
pub(super) fn count_logs(payload: &[u8]) -> Result<u64, String> {
    let value = parse(payload)?;
    if !is_list(&value) {
        return Err("logs must be a list".into());
    }
    match value
        .items()
        .position(|entry| entry.get("message").is_none())
    {
        Some(index) => Err(format!("log entry {index} has no \"message\"")),
        None => Ok(value.len() as u64),
    }
}

/// What a device has: a map of names and versions.
pub(super) fn parse_baobs(payload: &[u8]) -> Result<Vec<(String, i64)>, String> {
    let value = parse(payload)?;
    if value.kind() != Kind::Map && value.kind() != Kind::Sdict {
        return Err("a request about binary objects must be a map".into());
    }
    if value.len() > MAX_BAOBS {
        return Err(format!("{} binary objects are too many", value.len()));
    }
    value
        .entries()
        .map(|(name, version)| match (name.as_str(), version.as_i64()) {
            (Some(name), Some(version)) => Ok((name.to_owned(), version)),
            _ => Err("a binary object needs a text name and an integer version".to_owned()),
        })
        .collect()
}

/// What a device with `has` must download and upload to be like `table`: the
/// higher version wins.
pub(super) fn compare_baobs(
    has: &[(String, i64)],
    table: &BTreeMap<String, i64>,
) -> (Vec<String>, Vec<String>) {
    let has: BTreeMap<&str, i64> = has
        .iter()
        .map(|(name, version)| (&**name, *version))
        .collect();
    let newer_here = |(name, version): &(&String, &i64)| {
        has.get(name.as_str())
            .is_none_or(|theirs| *theirs < **version)
    };
    let newer_there =
        |(name, version): &(&&str, &i64)| table.get(**name).is_none_or(|ours| ours < *version);
    (
        table
            .iter()
            .filter(newer_here)
            .map(|(name, _)| name.clone())
            .collect(),
        has.iter()
            .filter(newer_there)
            .map(|(name, _)| (*name).to_owned())
            .collect(),
    )
}

/// `{"download": [..], "upload": [..]}` in minijson.
pub(super) fn encode_baobs(download: &[String], upload: &[String]) -> Vec<u8> {
    // Five bytes are the most that minijson puts before a text or a list.
    let names = download.iter().chain(upload);
    let room = 64 + names.map(|name| name.len() + 5).sum::<usize>();
    let mut out = vec![0; room];
    let mut encoder = Encoder::new(&mut out);
    let mut write = || {
        encoder.map(2)?;
        for (key, names) in [("download", download), ("upload", upload)] {
            encoder.key(key)?.list(names.len())?;
            for name in names {
                encoder.str(name)?;
            }
        }
        Ok::<_, wigwag_codec::minijson::Error>(encoder.len())
    };
    let length = write().expect("room for every name was made");
    out.truncate(length);
    out
}

fn is_list(value: &Value<'_>) -> bool {
    value.kind() == Kind::List
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_counted_over_all_paths() {
        // [{"path": "W1", "values": [1, 2]}, {"path": "W2", "values": []}]
        let batch = b"\x42\x52\x04path\x82W1\x06values\x42\x03\x01\x03\x02\
                      \x52\x04path\x82W2\x06values\x40";
        assert_eq!(count_points(batch), Ok(2));
        assert_eq!(count_points(&[0x40]), Ok(0));
        for bad in [
            &b"\x50"[..],
            b"\x41\x50",
            b"\x41\x08",
            b"\x41",
            b"",
            b"\x40\x08",
        ] {
            assert!(count_points(bad).is_err(), "{bad:02x?}");
        }
    }

    #[test]
    fn logs_are_maps_with_a_message() {
        assert_eq!(count_logs(b"\x41\x51\x07message\x82hi"), Ok(1));
        assert_eq!(count_logs(b"\x40"), Ok(0));
        assert!(count_logs(b"\x41\x50").is_err());
        assert!(count_logs(b"\x82hi").is_err());
    }

    #[test]
    fn the_higher_version_wins() {
        let has = parse_baobs(b"\x53\x01a\x03\x01\x01b\x03\x02\x01c\x03\x03").unwrap();
        let table = [("a", 2), ("b", 2), ("c", 2), ("d", 1)];
        let table = table
            .map(|(name, version)| (name.to_owned(), version))
            .into();
        let (download, upload) = compare_baobs(&has, &table);
        assert_eq!(
            (&download[..], &upload[..]),
            (&["a".into(), "d".into()][..], &["c".into()][..])
        );
        let encoded = encode_baobs(&download, &upload);
        assert_eq!(
            encoded,
            b"\x52\x08download\x42\x81a\x81d\x06upload\x41\x81c"
        );
    }

    #[test]
    fn what_is_no_map_of_versions_is_refused() {
        for bad in [
            &b"\x40"[..],
            b"\x51\x01a\x81x",
            b"\x61\x03\x01\x03\x01",
            b"",
        ] {
            assert!(parse_baobs(bad).is_err(), "{bad:02x?}");
        }
    }
}
