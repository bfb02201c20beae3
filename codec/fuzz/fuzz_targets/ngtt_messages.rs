#![no_main]
//! The typed readers take any payload, and what the typed writers make of it is
//! read as the same.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::ngtt::message::{
    BaobRequest, BaobRequestWriter, BaobResponse, Command, LogEntry, Logs, LogsWriter, Measured,
    Pathpoints, PathpointsWriter, Sections,
};
use wigwag_codec::ngtt::{Frame, FrameType};

fuzz_target!(|payload: &[u8]| {
    let _ = Frame {
        tid: 1,
        kind: FrameType::Order,
        payload,
    }
    .real_data();
    if let Ok(sections) = Sections::parse(payload) {
        for section in sections {
            let commands = section.commands().map(|command| match command {
                Command::Other(value) => value.raw().len(),
                Command::Write { value, .. } => value.raw().len(),
                _ => 0,
            });
            assert!(commands.sum::<usize>() <= payload.len());
            let _ = section.disposition();
        }
    }
    let mut out = vec![0; payload.len() * 9 + 64];
    if let Ok(pathpoints) = Pathpoints::parse(payload) {
        let known: Vec<_> = pathpoints.filter(|one| one.path().is_some()).collect();
        let mut writer = PathpointsWriter::new(&mut out, known.len()).expect("there is room");
        for pathpoint in &known {
            let path = pathpoint.path().expect("it was looked at");
            let readings = pathpoint
                .readings()
                .filter(|reading| reading.at_ms.is_some());
            writer
                .pathpoint(path, readings.clone().count())
                .expect("there is room");
            for reading in readings {
                let at_ms = reading.at_ms.expect("it was looked at");
                match reading.measured {
                    Measured::Value(value) => writer.value(at_ms, |encoder| encoder.raw(value)),
                    Measured::Failed(failure) => writer.failed(at_ms, failure),
                    Measured::Other(_) => panic!("a reading with a time is known"),
                }
                .expect("there is room");
            }
        }
        let length = writer.finish().expect("as many as were said");
        let again: Vec<_> = Pathpoints::parse(&out[..length]).expect("a list").collect();
        assert_eq!(again.len(), known.len());
        for (one, other) in known.iter().zip(&again) {
            assert_eq!(one.path(), other.path());
        }
    }
    if let Ok(logs) = Logs::parse(payload) {
        let known: Vec<LogEntry<'_>> = logs.flatten().collect();
        let mut writer = LogsWriter::new(&mut out, known.len()).expect("there is room");
        for entry in &known {
            writer.entry(entry).expect("there is room");
        }
        let length = writer.finish().expect("as many as were said");
        let again: Vec<_> = Logs::parse(&out[..length])
            .expect("a list")
            .flatten()
            .collect();
        assert_eq!(again, known);
    }
    if let Ok(request) = BaobRequest::parse(payload) {
        // Keys of more than 255 bytes come in maps of any keys only.
        let known: Vec<_> = request
            .flatten()
            .filter(|(name, _)| name.len() < 256)
            .collect();
        let mut writer = BaobRequestWriter::new(&mut out, known.len()).expect("there is room");
        for (name, version) in &known {
            writer.object(name, *version).expect("there is room");
        }
        let length = writer.finish().expect("as many as were said");
        let again: Vec<_> = BaobRequest::parse(&out[..length])
            .expect("a map")
            .flatten()
            .collect();
        assert_eq!(again, known);
    }
    if let Ok(reply) = BaobResponse::parse(payload) {
        let (download, upload): (Vec<_>, Vec<_>) =
            (reply.download().collect(), reply.upload().collect());
        let names = (download.iter().copied(), upload.iter().copied());
        let length = BaobResponse::write(&mut out, names.0, names.1).expect("there is room");
        let again = BaobResponse::parse(&out[..length]).expect("a map");
        assert!(again.download().eq(download) && again.upload().eq(upload));
    }
});
