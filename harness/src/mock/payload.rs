//! What the server has to understand of payloads: how much is in them, and
//! what a device says about its binary objects.

use std::collections::BTreeMap;
use wigwag_codec::ngtt::message::{BaobRequest, BaobResponse, Logs, Measured, Pathpoints};

/// The most entries in a request about binary objects. Far beyond any device.
const MAX_BAOBS: usize = 10_000;

/// How many readings a batch of pathpoints has.
pub(super) fn count_points(payload: &[u8]) -> Result<u64, String> {
    let mut points = 0;
    let pathpoints = Pathpoints::parse(payload).map_err(|error| error.to_string())?;
    for (index, pathpoint) in pathpoints.enumerate() {
        if pathpoint.path().is_none() || pathpoint.value().get("values").is_none() {
            return Err(format!("pathpoint {index} has no path or no values"));
        }
        for reading in pathpoint.readings() {
            if let Measured::Other(_) = reading.measured {
                return Err(format!("pathpoint {index} has a reading of unknown shape"));
            }
            points += 1;
        }
    }
    Ok(points)
}

/// How many entries a frame of logs has.
pub(super) fn count_logs(payload: &[u8]) -> Result<u64, String> {
    let mut logs = Logs::parse(payload).map_err(|error| error.to_string())?;
    let entries = logs.len() as u64;
    match logs.position(|entry| entry.is_err()) {
        Some(index) => Err(format!("log entry {index} has an unknown shape")),
        None => Ok(entries),
    }
}

/// What a device has: names and versions.
pub(super) fn parse_baobs(payload: &[u8]) -> Result<Vec<(String, i64)>, String> {
    let objects = BaobRequest::parse(payload).map_err(|error| error.to_string())?;
    if objects.len() > MAX_BAOBS {
        return Err(format!("{} binary objects are too many", objects.len()));
    }
    objects
        .map(|object| match object {
            Some((name, version)) => Ok((name.to_owned(), version)),
            None => Err("a binary object needs a text name and an integer version".to_owned()),
        })
        .collect()
}

/// What a device with `has` must download and upload to be like `table`: the
/// higher version wins. A version below zero is an object that the device wants
/// and does not have.
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
    let newer_there = |(name, version): &(&&str, &i64)| {
        **version >= 0 && table.get(**name).is_none_or(|ours| ours < *version)
    };
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

/// The payload of SYNC_BAOB_RESPONSE.
pub(super) fn encode_baobs(download: &[String], upload: &[String]) -> Vec<u8> {
    // Five bytes are the most that minijson puts before a text or a list.
    let names = download.iter().chain(upload);
    let mut out = vec![0; 64 + names.map(|name| name.len() + 5).sum::<usize>()];
    let download = download.iter().map(String::as_str);
    let length = BaobResponse::write(&mut out, download, upload.iter().map(String::as_str));
    out.truncate(length.expect("room for every name was made"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_counted_over_all_paths() {
        // [{"path": "W1", "values": [[7, 1], [false, 7, "timeout"]]},
        //  {"path": "W2", "values": []}]
        let batch = b"\x42\x52\x04path\x82W1\x06values\x42\
                      \x42\x03\x07\x03\x01\x43\x17\x03\x07\x87timeout\
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
    fn log_entries_are_counted() {
        use wigwag_codec::ngtt::message::{LogEntry, LogsWriter};
        let mut logs = [0; 128];
        let mut writer = LogsWriter::new(&mut logs, 2).unwrap();
        let entry = LogEntry::text("pump", 1, 20, "started");
        writer.entry(&entry).unwrap().entry(&entry).unwrap();
        let length = writer.finish().unwrap();
        assert_eq!(count_logs(&logs[..length]), Ok(2));
        assert_eq!(count_logs(b"\x40"), Ok(0));
        assert!(count_logs(b"\x41\x51\x07message\x82hi").is_err());
        assert!(count_logs(b"\x41\x50").is_err());
        assert!(count_logs(b"\x82hi").is_err());
    }

    #[test]
    fn the_higher_version_wins() {
        let has = b"\x54\x01a\x03\x01\x01b\x03\x02\x01c\x03\x03\x01e\x03\xff";
        let has = parse_baobs(has).unwrap();
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
