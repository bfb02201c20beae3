//! ncplib 6.1.0 and we read the same packets as the same and write the same
//! bytes; and where it reads something that we refuse, it is one of the faults
//! that `ncp_faults.rs` names.

mod packets;

use std::time::Duration;

use serde_json::{Value as Json, json};
use wigwag_codec::ncp::{NcpError, NcpErrorKind, Packet};
use wigwag_harness::tagged::{self, ncp};
use wigwag_tests::peer::Peer;
use wigwag_tests::runner::{Outcome, Suite, tools};
use wigwag_tests::{campaign, vectors};

fn main() {
    let needs = [tools::PYTHON_PEERS];
    Suite::new()
        .test("campaign_packets_agree", &needs, packets_agree)
        .test("campaign_damaged_packets_agree", &needs, damaged_agree)
        .run();
}

/// What ncplib says of a packet.
fn ask(peer: &mut Peer, wire: &[u8]) -> Result<Json, String> {
    peer.send(&tagged::to_hex(wire))
        .map_err(|error| error.to_string())?;
    let line = peer
        .line()
        .map_err(|error| error.to_string())?
        .ok_or("the peer has ended")?;
    serde_json::from_str(&line).map_err(|error| error.to_string())
}

/// What we read, as far as Python keeps it: microseconds, and quiet NaNs.
fn read(packet: &Packet<'_>) -> Result<Json, NcpError> {
    let mut json = ncp::from_packet(packet)?;
    json["nanos"] = json!(packet.header().time.nanos() / 1000 * 1000);
    let fields = json["fields"].as_array_mut().into_iter().flatten();
    for param in fields.flat_map(|field| field["params"].as_array_mut().into_iter().flatten()) {
        let kind = param["t"].clone();
        match &mut param["v"] {
            Json::Array(numbers) if kind == "f32[]" => numbers.iter_mut().for_each(quiet),
            number if kind == "f32" => quiet(number),
            _ => {}
        }
    }
    Ok(json)
}

/// Python's floats are doubles: a signalling NaN has become a quiet one.
fn quiet(number: &mut Json) {
    let bits = number.as_str().map(|hex| u32::from_str_radix(hex, 16));
    if let Some(Ok(bits)) = bits
        && f32::from_bits(bits).is_nan()
    {
        *number = json!(format!("{:08x}", bits | 0x0040_0000));
    }
}

/// 5,000 packets, always all of them: they take a few seconds.
fn packets_agree() -> Outcome {
    let mut peer = Peer::start("ncp_packets.py", &[], Duration::from_secs(300))?;
    for seed in campaign::all_seeds("NCP packets against ncplib", 5_000) {
        let wire = packets::packet(&mut campaign::rng(seed));
        let told = ask(&mut peer, &wire).map_err(|error| format!("seed {seed}: {error}"))?;
        let packet = Packet::decode(&wire).map_err(|error| format!("seed {seed}: {error}"))?;
        let ours = read(&packet).map_err(|error| format!("seed {seed}: {error}"))?;
        let wanted = json!({"packet": ours, "hex": tagged::to_hex(&wire), "warnings": 0});
        if told != wanted {
            return Err(format!("seed {seed}: ncplib {told}\nours {wanted}").into());
        }
    }
    Ok(())
}

/// Packets of ours and of the vectors, each damaged.
fn damaged_agree() -> Outcome {
    let mut peer = Peer::start("ncp_packets.py", &[], Duration::from_secs(600))?;
    let rows = vectors::rows("ncp.jsonl");
    let wires: Vec<Vec<u8>> = rows
        .iter()
        .map(|row| vectors::hex(row, "hex"))
        .filter(|wire| wire.len() < 400)
        .collect();
    let (mut same, mut refused, mut more, mut hangs) = (0, 0, 0, 0);
    let seeds = campaign::seeds("damaged NCP packets against ncplib", 20_000);
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let rng = &mut campaign::rng(seed);
        let mut wire = match packets::below(rng, 2) {
            0 => packets::packet(rng),
            _ => wires[packets::below(rng, wires.len())].clone(),
        };
        packets::damage(rng, &mut wire);
        let told = ask(&mut peer, &wire).map_err(|error| format!("seed {seed}: {error}"))?;
        match judge(&wire, &told) {
            Ok(Verdict::Same) => same += 1,
            Ok(Verdict::Refused) => {
                refused += 1;
                hangs += u64::from(told["error"] == "Hang");
            }
            Ok(Verdict::More) => more += 1,
            Err(why) => {
                let hex = tagged::to_hex(&wire);
                return Err(format!("seed {seed}: {why}\nncplib {told}\n{hex}").into());
            }
        }
    }
    println!("same {same}, refused by both {refused} ({hangs} hang it), misread by it {more}");
    // Else it tests less than it says.
    if same.min(refused).min(more) < count / 50 {
        return Err(format!("too few: {same} {refused} {more}").into());
    }
    Ok(())
}

enum Verdict {
    /// Both read the same.
    Same,
    /// Both refuse it.
    Refused,
    /// Ours warns, or refuses what ncplib misreads.
    More,
}

fn judge(wire: &[u8], told: &Json) -> Result<Verdict, String> {
    let packet = Packet::decode(wire);
    let ours = packet.and_then(|packet| read(&packet).map(|json| (packet, json)));
    match (ours, told.get("packet")) {
        // An unknown type, or a footer in the middle: the others read on, or not.
        (Ok((packet, _)), _) if packet.warnings().next().is_some() => Ok(Verdict::More),
        (Ok((_, ours)), Some(theirs)) if ours == *theirs => Ok(Verdict::Same),
        (Ok((_, ours)), _) => Err(format!("we read {ours}")),
        (Err(_), None) => Ok(Verdict::Refused),
        (Err(error), Some(_)) if misread(error.kind) => Ok(Verdict::More),
        (Err(error), Some(_)) => Err(format!("we refuse it: {error}")),
    }
}

/// What ncplib takes although it is wrong: sizes that do not fit each other, and
/// integers of any length.
fn misread(kind: NcpErrorKind) -> bool {
    match kind {
        NcpErrorKind::TooShort(_)
        | NcpErrorKind::TooLong(_)
        | NcpErrorKind::Trailing
        | NcpErrorKind::Truncated
        // It looks for the footer at the end of what it was given.
        | NcpErrorKind::Footer
        | NcpErrorKind::ValueSize(0x00 | 0x01 | 0x03 | 0x04) => true,
        _ => false,
    }
}
