use super::*;
use crate::mock_ncp::Answer;
use wigwag_codec::ncp::{Packet, PacketWriter, Time, packet};

const NOW: Time = Time::from_secs(1_600_000_000);

/// Asks the node for a field of a packet, and shows `look` its answers.
fn ask<T>(
    kind: &str,
    name: &str,
    write: impl Fn(PacketWriter<'_>) -> PacketWriter<'_>,
    look: impl FnOnce(&[Answer]) -> T,
) -> T {
    let mut place = [0; 512];
    let wire = write(packet(&mut place, kind).numbered_field(name, 77));
    let packet = Packet::decode(wire.finish().unwrap()).unwrap();
    let field = packet.fields().next().unwrap();
    let answers = answer(&Asked::by_hand(packet, field, NOW)).unwrap();
    for answer in &answers {
        let (packet, mut fields) = (answer.packet(), answer.packet().fields());
        let field = fields.next().unwrap();
        assert_eq!(
            (packet.header().time, packet.kind().to_string()),
            (NOW, kind.into())
        );
        assert_eq!((field.name.to_string(), field.id), (name.into(), 77));
        assert!(fields.next().is_none());
    }
    look(&answers)
}

fn error_of(name: &str, write: impl Fn(PacketWriter<'_>) -> PacketWriter<'_>) -> (String, i64) {
    ask("DSPC", name, write, |answers| {
        let packet = answers[0].packet();
        let error = packet.field(name).unwrap().error().unwrap();
        assert_eq!(answers.len(), 1);
        (error.detail.to_owned(), error.code)
    })
}

fn array_length(name: &str, param: &'static str, count: u32) -> usize {
    ask(
        "DSPC",
        name,
        |field| field.param(param, count),
        |answers| {
            let packet = answers[0].packet();
            let data = packet.field(name).unwrap().param("PDAT").unwrap();
            match data.value().unwrap() {
                Value::I16s(array) => array.len(),
                Value::U8s(array) => array.len(),
                other => panic!("{other:?}"),
            }
        },
    )
}

#[test]
fn samples_and_sweeps_are_as_long_as_wanted() {
    for count in [2, 1024, 65_536, 1_000_000] {
        assert_eq!(array_length("TIME", "SAMP", count), count as usize);
        assert_eq!(array_length("SWEP", "POIN", count * 2), count as usize * 2);
    }
    for (name, param) in [("TIME", "SAMP"), ("SWEP", "POIN")] {
        for count in [0, MOST + 1, u32::MAX] {
            let (detail, code) = error_of(name, |field| field.param(param, count));
            assert!(detail.starts_with(param), "{detail}");
            assert_eq!(code, 422);
        }
    }
}

fn ranged(field: PacketWriter<'_>, start: u32, stop: u32) -> PacketWriter<'_> {
    field.param("FSTA", start).param("FSTO", stop)
}

#[test]
fn a_sweep_shows_its_carriers_and_only_those_in_it() {
    let levels = |start: u32, stop: u32| {
        let of_carriers = |answers: &[Answer]| {
            let packet = answers[0].packet();
            let field = packet.field("SWEP").unwrap();
            match field.param("PDAT").unwrap().value() {
                Ok(Value::U8s(array)) => array.iter().filter(|level| *level > 100).count(),
                other => panic!("{other:?}"),
            }
        };
        ask(
            "DSPC",
            "SWEP",
            |field| ranged(field, start, stop).param("POIN", 1000),
            of_carriers,
        )
    };
    assert_eq!(levels(97, 99), 500);
    assert_eq!(levels(99, 101), 0);
    let (detail, _) = error_of("SWEP", |field| field.param("FSTA", 500).param("FSTO", 500));
    assert_eq!(detail, "FSTO is above FSTA, and at most 6000 MHz");
    let (detail, _) = error_of("SWEP", |field| field.param("FSTA", "low"));
    assert_eq!(detail, "FSTA is a whole number");
}

#[test]
fn a_long_command_is_acknowledged_first() {
    ask(
        "DSPC",
        "LONG",
        |field| field.param("DURA", 2500),
        |answers| {
            let [first, second] = answers else {
                panic!("{answers:?}");
            };
            let acknowledges =
                |answer: &Answer| answer.packet().field("LONG").unwrap().is_acknowledgement();
            assert_eq!((acknowledges(first), acknowledges(second)), (true, false));
            assert_eq!(first.delay(), Duration::ZERO);
            assert_eq!(second.delay(), Duration::from_millis(2500));
        },
    );
    assert_eq!(error_of("LONG", |field| field.param("DURA", -1)).1, 422);
}

#[test]
fn a_gain_out_of_range_is_set_with_a_warning() {
    let set = |wanted: i32| {
        let of_gain = |answers: &[Answer]| {
            let packet = answers[0].packet();
            let field = packet.field("GAIN").unwrap();
            let gain = field.param("GAIN").unwrap().value().unwrap() == Value::I32(wanted);
            (gain, field.warning().map(|warning| warning.code))
        };
        ask("DSPC", "GAIN", |field| field.param("GAIN", wanted), of_gain)
    };
    assert_eq!(set(30), (true, None));
    assert_eq!(set(31), (false, Some(1)));
    assert_eq!(set(i32::MIN), (false, Some(1)));
    assert_eq!(error_of("GAIN", |field| field).0, "GAIN is given in dB");
}

#[test]
fn what_is_unknown_is_an_error_and_an_echo_is_the_same() {
    assert_eq!(
        error_of("NOPE", |field| field),
        ("Unknown command".into(), 400)
    );
    fn write(field: PacketWriter<'_>) -> PacketWriter<'_> {
        let field = field.param("A", "text").param("B", 1.5_f64);
        field.param("C", &[1_i64, -1][..]).param("D", &b"raw."[..])
    }
    let mut place = [0; 512];
    let wire = write(packet(&mut place, "ANY").numbered_field("ECHO", 77));
    let asked = Packet::decode(wire.finish().unwrap()).unwrap();
    ask("ANY", "ECHO", write, |answers| {
        let packet = answers[0].packet();
        let (a, b) = (asked.field("ECHO").unwrap(), packet.field("ECHO").unwrap());
        let values = |field: &wigwag_codec::ncp::Field<'_>| {
            let params = field.params();
            let each = params.map(|param| format!("{} {:?}", param.name, param.value()));
            each.collect::<Vec<_>>()
        };
        assert_eq!(values(&a), values(&b));
        assert_eq!(values(&a).len(), 4);
    });
    ask(
        "DSPC",
        "STAT",
        |field| field,
        |answers| {
            let packet = answers[0].packet();
            let names: Vec<_> = packet
                .field("STAT")
                .unwrap()
                .params()
                .map(|param| param.name)
                .collect();
            assert_eq!(names, ["TEMP", "LATI", "LONG", "GFIX", "STRN"]);
        },
    );
}
