//! Items by their type against `next`.

use wigwag_codec::minijson::{Decoder, Error, ErrorKind, Item};

use crate::everywhere;

/// Reads the item that `next` reads, by its type; `None` for those that have no
/// method.
fn as_typed(decoder: &mut Decoder<'_>, item: &Item<'_>) -> Option<String> {
    let shown = |text: String| Some(text);
    match item {
        Item::Bool(_) => shown(format!("{:?}", decoder.bool().map(Item::Bool))),
        Item::Int(_) => shown(format!("{:?}", decoder.int().map(Item::Int))),
        Item::Single(_) => shown(format!("{:?}", decoder.f32().map(Item::Single))),
        Item::Double(_) => shown(format!("{:?}", decoder.f64().map(Item::Double))),
        Item::Text(_) => shown(format!("{:?}", decoder.text().map(Item::Text))),
        Item::Bytes(_) => shown(format!("{:?}", decoder.bytes().map(Item::Bytes))),
        Item::List(_) => shown(format!("{:?}", decoder.list().map(Item::List))),
        Item::Map(_) => shown(format!("{:?}", decoder.map().map(Item::Map))),
        Item::Sdict(_) => shown(format!("{:?}", decoder.sdict().map(Item::Sdict))),
        Item::Key(_) => shown(format!("{:?}", decoder.key().map(Item::Key))),
        _ => None,
    }
}

/// What each method says, in the order of the names below.
fn all_methods(decoder: &mut Decoder<'_>) -> [Result<(), Error>; 11] {
    fn said<'a, T>(
        decoder: &Decoder<'a>,
        method: impl FnOnce(&mut Decoder<'a>) -> Result<T, Error>,
    ) -> Result<(), Error> {
        let mut tried = decoder.clone();
        let said = method(&mut tried).map(|_| ());
        if said.is_err() {
            assert_eq!(tried.position(), decoder.position());
            assert_eq!(tried.depth(), decoder.depth());
            let (mut tried, mut decoder) = (tried, decoder.clone());
            // Whatever it was, the item is still there.
            assert_eq!(
                format!("{:?}", tried.next()),
                format!("{:?}", decoder.next())
            );
        }
        said
    }
    [
        said(decoder, |decoder| decoder.bool()),
        said(decoder, |decoder| decoder.int()),
        said(decoder, |decoder| decoder.f32()),
        said(decoder, |decoder| decoder.f64()),
        said(decoder, |decoder| decoder.text()),
        said(decoder, |decoder| decoder.str()),
        said(decoder, |decoder| decoder.bytes()),
        said(decoder, |decoder| decoder.list()),
        said(decoder, |decoder| decoder.map()),
        said(decoder, |decoder| decoder.sdict()),
        said(decoder, |decoder| decoder.key()),
    ]
}

/// Which of them may take an item.
fn fitting(item: &Item<'_>) -> &'static [usize] {
    match item {
        Item::Bool(_) => &[0],
        Item::Int(_) => &[1],
        Item::Single(_) => &[2, 3],
        Item::Double(_) => &[3],
        Item::Text(_) => &[4, 5],
        Item::Bytes(_) => &[6],
        Item::List(_) => &[7],
        Item::Map(_) => &[8],
        Item::Sdict(_) => &[9],
        Item::Key(_) => &[10],
        _ => &[],
    }
}

#[test]
fn each_type_takes_what_next_finds_and_nothing_else() {
    everywhere(0x5EED_0005, |input, limits| {
        let mut decoder = Decoder::with_limits(input, limits);
        let mut by_type = Decoder::with_limits(input, limits);
        loop {
            let offset = decoder.position();
            let said = all_methods(&mut by_type);
            let wrong = |kind| Err(Error { kind, offset });
            let item = match decoder.next() {
                Ok(Some(item)) => item,
                Ok(None) => {
                    assert_eq!(said, [wrong(ErrorKind::AlreadyComplete); 11]);
                    assert_eq!(by_type.finish(), decoder.finish(), "{input:02x?}");
                    return;
                }
                Err(error) => {
                    assert_eq!(said, [Err(error); 11], "{input:02x?}");
                    return;
                }
            };
            for (method, said) in said.into_iter().enumerate() {
                let text = match item {
                    Item::Text(text) => text.is_utf8(),
                    _ => true,
                };
                if fitting(&item).contains(&method) {
                    if method == 5 && !text {
                        assert_eq!(said, wrong(ErrorKind::InvalidUtf8), "{input:02x?}");
                    } else {
                        assert_eq!(said, Ok(()), "{method} of {item:?} in {input:02x?}");
                    }
                } else if method == 1 && matches!(item, Item::BigInt(_)) {
                    assert_eq!(said, wrong(ErrorKind::OutOfRange), "{input:02x?}");
                } else {
                    assert_eq!(said, wrong(ErrorKind::UnexpectedType), "{input:02x?}");
                }
            }
            match as_typed(&mut by_type, &item) {
                Some(typed) => assert_eq!(typed, format!("{:?}", Ok::<_, Error>(item))),
                None => drop(by_type.next()),
            }
            assert_eq!(by_type.position(), decoder.position(), "{input:02x?}");
            assert_eq!(by_type.depth(), decoder.depth(), "{input:02x?}");
        }
    });
}

#[test]
fn a_float_of_either_width_is_an_f64() {
    let single = [0x09, 0x40, 0x20, 0, 0];
    assert_eq!(Decoder::new(&single).f64(), Ok(2.5));
    assert_eq!(Decoder::new(&single).f32(), Ok(2.5));
    let double = [0x0A, 0x40, 0x04, 0, 0, 0, 0, 0, 0];
    assert_eq!(Decoder::new(&double).f64(), Ok(2.5));
}

#[test]
fn the_ends_of_the_integers_are_read() {
    let long = [0x18, 9, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    assert_eq!(Decoder::new(&long).int(), Ok(i64::MAX));
    let lowest = [0x18, 8, 0x80, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(Decoder::new(&lowest).int(), Ok(i64::MIN));
    assert_eq!(Decoder::new(&[0x18, 0]).int(), Ok(0));
    let beyond = [0x18, 9, 0, 0x80, 0, 0, 0, 0, 0, 0, 0];
    let error = Decoder::new(&beyond).int().unwrap_err();
    assert_eq!((error.kind, error.offset), (ErrorKind::OutOfRange, 0));
}

#[test]
fn a_single_that_is_no_number_is_widened_alike_everywhere() {
    // A signalling NaN: sign and payload stay, and it becomes quiet.
    let input = [0x09, 0xFF, 0x80, 0x00, 0x01];
    let double = Decoder::new(&input).f64().unwrap();
    assert_eq!(double.to_bits(), 0xFFF8_0000_2000_0000);
}
