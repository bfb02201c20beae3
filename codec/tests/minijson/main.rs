//! The ways of reading minijson say the same of every input.

mod canonical;
mod generate;
mod typed;
mod walk;

use wigwag_codec::minijson::{Decoder, Error, Item, Limits};

/// What [`Decoder::next`] reads, up to the end or the error.
fn items(input: &[u8], limits: Limits) -> (Vec<Item<'_>>, Result<(), Error>) {
    let mut decoder = Decoder::with_limits(input, limits);
    let mut items = Vec::new();
    loop {
        match decoder.next() {
            Ok(Some(item)) => items.push(item),
            Ok(None) => return (items, Ok(())),
            Err(error) => {
                assert_eq!(decoder.position(), error.offset, "{input:02x?}");
                assert_eq!(decoder.next(), Err(error), "{input:02x?}");
                return (items, Err(error));
            }
        }
    }
}

/// Hands all inputs and limits of interest to `check`: whole documents, the same cut
/// short anywhere, spoilt anywhere, and under limits that just do or do not suffice.
fn everywhere(seed: u64, mut check: impl FnMut(&[u8], Limits)) {
    let mut numbers = generate::Numbers::new(seed);
    for _ in 0..300 {
        let mut document = Vec::new();
        while !(2..400).contains(&document.len()) {
            document.clear();
            generate::value(&mut numbers, 4, &mut document);
        }
        check(&document, Limits::new());
        for depth in 0..6 {
            check(&document, Limits::new().with_depth(depth));
        }
        for items in [0, 1, 2, 3, 5, 8, 13] {
            check(&document, Limits::new().with_items(items));
        }
        let shorter = document.len().saturating_sub(1);
        check(&document, Limits::new().with_length(shorter));
        let step = document.len() / 40 + 1;
        for end in (0..document.len()).step_by(step) {
            check(&document[..end], Limits::new());
        }
        for _ in 0..20 {
            let mut spoilt = document.clone();
            let at = numbers.below(spoilt.len());
            spoilt[at] = numbers.byte();
            check(&spoilt, Limits::new());
        }
        // Behind a document, what is there is nobody's affair but `finish`'s.
        document.extend([0xFF; 20]);
        check(&document, Limits::new());
    }
}
