//! Recordings that are damaged on their way, by accident or on purpose.

use proptest::prelude::*;
use proptest::sample::Index;
use wigwag_inspect::{Direction, Table};

use crate::common::{Told, feed, file, read, text};

const FILES: [(&str, &str); 5] = [
    ("suites_tls_swapped.pcap", "suites_tls.keys"),
    ("suites_tls_secrets.pcapng", ""),
    ("ncp_tls.pcapng", "ncp_tls.keys"),
    ("ncp_plain_cut.pcapng", ""),
    ("suites_tls_lost.pcap", "suites_tls.keys"),
];

/// What happens to a file.
#[derive(Clone, Debug)]
enum Accident {
    Flip(Index, u8),
    Cut(Index),
    Word(Index, u32),
    Remove(Index, usize),
    Repeat(Index, Index, usize),
}

fn accident() -> impl Strategy<Value = Accident> {
    let word = prop_oneof![
        Just(0),
        Just(u32::MAX),
        Just(1 << 31),
        0..100_000_u32,
        any::<u32>()
    ];
    prop_oneof![
        4 => (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Accident::Flip(at, 1 << bit)),
        1 => any::<Index>().prop_map(Accident::Cut),
        3 => (any::<Index>(), word).prop_map(|(at, word)| Accident::Word(at, word)),
        2 => (any::<Index>(), 1..200_usize).prop_map(|(at, length)| Accident::Remove(at, length)),
        2 => (any::<Index>(), any::<Index>(), 1..2000_usize)
            .prop_map(|(from, to, length)| Accident::Repeat(from, to, length)),
    ]
}

/// The first byte that is not as it was.
fn happen(file: &mut Vec<u8>, accident: &Accident) -> usize {
    if file.is_empty() {
        return 0;
    }
    match accident {
        Accident::Flip(at, bits) => {
            let at = at.index(file.len());
            file[at] ^= bits;
            at
        }
        Accident::Cut(at) => {
            let at = at.index(file.len());
            file.truncate(at);
            at
        }
        Accident::Word(at, word) => {
            // Where headers are: at multiples of four.
            let at = at.index(file.len()) / 4 * 4;
            let end = file.len().min(at + 4);
            file[at..end].copy_from_slice(&word.to_le_bytes()[..end - at]);
            at
        }
        Accident::Remove(at, length) => {
            let at = at.index(file.len());
            file.drain(at..file.len().min(at + length));
            at
        }
        Accident::Repeat(from, to, length) => {
            let (from, to) = (from.index(file.len()), to.index(file.len()));
            let again = file[from..file.len().min(from + length)].to_vec();
            file.splice(to..to, again);
            to
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_accident_is_too_much(
        which in 0..FILES.len(),
        accidents in proptest::collection::vec(accident(), 1..6),
        chunk in prop_oneof![Just(1 << 20), 1..3000_usize],
    ) {
        let (name, keys) = FILES[which];
        let mut damaged = file(name);
        for accident in &accidents {
            happen(&mut damaged, accident);
        }
        let mut told = Told::default();
        feed(&damaged, &text(keys), chunk, &mut told);
        // No byte comes twice, and none from nowhere.
        prop_assert!(told.bytes() <= damaged.len() * 2);
        prop_assert!(told.problems.len() <= 300);
        let mut table = Table::default();
        feed(&damaged, &text(keys), 1 << 20, &mut table);
        table.finish();
        while table.examine(1000) {}
    }

    #[test]
    fn what_precedes_the_damage_is_shown(
        which in 0..FILES.len(),
        accident in accident(),
    ) {
        let (name, keys) = FILES[which];
        let mut damaged = file(name);
        let first = happen(&mut damaged, &accident);
        let mut before = Told::default();
        let mut input = wigwag_inspect::input::Input::new(wigwag_inspect::input::Options {
            key_log: text(keys),
            ..Default::default()
        });
        // Not finished: only what is certain at that place.
        input.push(&file(name)[..first], &mut before);
        let after = read(&damaged, &text(keys));
        for connection in 0..4 {
            for direction in [Direction::ToServer, Direction::ToDevice] {
                let certain = before.stream(connection, direction);
                let shown = after.stream(connection, direction);
                prop_assert!(shown.starts_with(certain), "{} of {}", shown.len(), certain.len());
            }
        }
    }
}

/// The packets of a little-endian pcap file in another order.
fn reordered(file: &[u8], order: &[Index]) -> Vec<u8> {
    let mut packets = Vec::new();
    let mut at = 24;
    while at < file.len() {
        let length = u32::from_le_bytes(file[at + 8..at + 12].try_into().expect("four bytes"));
        let end = at + 16 + length as usize;
        packets.push(&file[at..end]);
        at = end;
    }
    let order = order
        .iter()
        .map(|index| packets[index.index(packets.len())]);
    [&file[..24]]
        .into_iter()
        .chain(order)
        .flatten()
        .copied()
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn packets_may_come_in_any_order_any_number_of_times(
        order in proptest::collection::vec(any::<Index>(), 1..400),
    ) {
        let file = file("suites_tls_swapped.pcap");
        let told = read(&reordered(&file, &order), &text("suites_tls.keys"));
        let good = read(&file, &text("suites_tls.keys"));
        // A connection may be taken for several, but nothing is made up.
        prop_assert!(told.bytes() <= good.bytes() * 400);
    }
}
