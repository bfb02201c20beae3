#![no_main]
//! Requests, answers and those who wait for them in any order: each field comes
//! out once and at the right place, or is counted as lost; nothing grows.

use std::collections::{HashSet, VecDeque};

use libfuzzer_sys::fuzz_target;
use wigwag_codec::ncp::exchange::{Exchange, Offer, OpenError, Request, Taken, Who};
use wigwag_codec::ncp::{FOOTER_LEN, HEADER_LEN, Header, Ident, Packet, packet};
use wigwag_codec_fuzz::Script;

const REQUESTS: usize = 4;
const KEPT: usize = 200;
const NAMES: [&str; 3] = ["SWEP", "TIME", "STAT"];

fn ident(name: &str) -> Ident {
    Ident::new(name).expect("four letters")
}

/// A packet with up to four fields, each with a number of its own.
fn sent(script: &mut Script<'_>, count: &mut i32) -> (Header, Vec<u8>) {
    let mut place = [0; 512];
    let mut writer = packet(&mut place, "DSPC");
    for _ in 0..script.below(5) {
        let (name, id) = (NAMES[script.below(3)], script.below(6) as u32);
        *count += 1;
        writer = writer.numbered_field(name, id).param("NUMB", *count);
        if script.below(4) == 0 {
            writer = writer.param("LONG", &"long ".repeat(5)[..]);
        }
    }
    let wire = writer.finish().expect("it fits");
    let header = *Packet::decode(wire).expect("it was just written").header();
    let body = &wire[HEADER_LEN..wire.len() - FOOTER_LEN];
    (header, body.to_vec())
}

/// The number of a field, which stands behind its header and its only parameter's
/// head.
fn number(field: &[u8]) -> i32 {
    let bytes = field.get(20..24).expect("it has a number");
    i32::from_le_bytes(bytes.try_into().expect("four bytes"))
}

fn who(script: &mut Script<'_>, open: &[Request]) -> Who {
    match (script.below(3), open) {
        (0, _) | (_, []) => Who::Recv,
        (1, open) => Who::Request(open[script.below(open.len())]),
        (_, open) => Who::Field(
            open[script.below(open.len())],
            ident(NAMES[script.below(3)]),
        ),
    }
}

fuzz_target!(|input: &[u8]| {
    let mut script = Script::new(input);
    let mut exchange: Exchange<REQUESTS, KEPT> = Exchange::new();
    let mut desk = exchange.desk();
    let mut open: Vec<Request> = Vec::new();
    let mut waiting: Vec<Who> = Vec::new();
    let mut queue: VecDeque<(Header, Vec<u8>)> = VecDeque::new();
    let mut count = 0;
    let mut seen = HashSet::new();
    let mut buffer = [0; 128];
    while !script.is_empty() {
        match script.below(9) {
            0 => {
                let fields: Vec<_> = (0..script.below(4))
                    .map(|_| (ident(NAMES[script.below(3)]), script.below(6) as u32))
                    .collect();
                let before = desk.in_use();
                match desk.open(ident("DSPC"), fields.iter().copied()) {
                    Ok(request) => {
                        assert_eq!(desk.in_use().0, before.0 + fields.len());
                        open.push(request);
                    }
                    Err(error) => {
                        assert_eq!(desk.in_use(), before);
                        assert_eq!(error == OpenError::NoField, fields.is_empty());
                    }
                }
            }
            1 if !open.is_empty() => {
                let request = open.remove(script.below(open.len()));
                desk.close(request);
                // Twice is as good as once.
                desk.close(request);
                assert_eq!(
                    desk.take(&Who::Request(request), &mut buffer),
                    Taken::Nothing
                );
            }
            2 => {
                let who = who(&mut script, &open);
                desk.wait(&who);
                waiting.push(who);
            }
            3 if !waiting.is_empty() => {
                let who = waiting.remove(script.below(waiting.len()));
                desk.leave(&who);
            }
            4 if queue.len() < 8 => queue.push_back(sent(&mut script, &mut count)),
            5 => {
                let length = script.below(129);
                let who = who(&mut script, &open);
                match desk.take(&who, &mut buffer[..length]) {
                    Taken::Field { length, .. } => {
                        assert!(seen.insert(number(&buffer[..length])), "handed out twice");
                    }
                    Taken::TooSmall { needed } => assert!(needed > length),
                    Taken::Lost(lost) => assert!(lost > 0),
                    Taken::Nothing => {}
                }
            }
            6 => {
                let Some((header, body)) = queue.front() else {
                    continue;
                };
                let length = script.below(129);
                let who = who(&mut script, &open);
                match desk.offer(header, body, &who, &mut buffer[..length], |_| {}) {
                    Offer::Field { length, is_done } => {
                        assert!(seen.insert(number(&buffer[..length])), "handed out twice");
                        if is_done {
                            queue.pop_front();
                        }
                    }
                    Offer::TooSmall { needed } => assert!(needed > length),
                    Offer::Done => drop(queue.pop_front()),
                    Offer::Stays => {}
                }
            }
            7 => {
                let Some((header, body)) = queue.front() else {
                    continue;
                };
                if desk.distribute(header, body, |_| {}) == Offer::Done {
                    queue.pop_front();
                }
            }
            _ if script.below(16) == 0 => {
                desk.reset(script.below(256) as u32);
                open.clear();
                waiting.clear();
                queue.clear();
            }
            _ => {}
        }
        let (requests, kept) = desk.in_use();
        assert!(requests <= REQUESTS && kept <= KEPT);
        assert_eq!(desk.is_waited_for(), !waiting.is_empty());
    }
});
