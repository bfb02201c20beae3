//! Names: what is sent is checked, what is received is taken as it comes.

use std::collections::HashSet;

use wigwag_codec::ncp::{Ident, IdentError};

#[test]
fn names_that_are_sent_have_upper_case_letters_and_digits() {
    for good in ["A", "A1", "DSP", "TIME", "0", "9999"] {
        let ident = Ident::new(good).unwrap();
        assert_eq!(ident.to_string(), good);
        let mut bytes = [0; 4];
        bytes[..good.len()].copy_from_slice(good.as_bytes());
        assert_eq!(ident.bytes(), bytes);
    }
    for (bad, why) in [
        ("", IdentError::Length),
        ("SWEEP", IdentError::Length),
        ("ABCDE", IdentError::Length),
        ("time", IdentError::Character),
        ("A B", IdentError::Character),
        ("A\0", IdentError::Character),
        ("A_B", IdentError::Character),
        // ncplib sends two bytes for it, and cuts what is more than four.
        ("É", IdentError::Character),
    ] {
        assert_eq!(Ident::new(bad), Err(why), "{bad:?}");
    }
}

#[test]
fn spaces_and_nuls_at_the_end_count_for_nothing() {
    let same = [*b"DSP ", *b"DSP\0"].map(Ident::from_wire);
    assert_eq!(same[0], same[1]);
    assert_eq!(same[0], "DSP");
    assert_eq!(HashSet::from(same).len(), 1);
    // The bytes stay what they were.
    assert_ne!(same[0].bytes(), same[1].bytes());
    let mixed = Ident::from_wire([b'A', 0, b' ', 0]);
    assert_eq!(mixed, "A");
    // Not at the start, and not inside.
    assert_ne!(Ident::from_wire([b' ', b'A', 0, 0]), "A");
    assert_eq!(Ident::from_wire([b'A', 0, b'B', 0]), "A\0B");
    assert_eq!(Ident::from_wire([0; 4]), "");
    assert_eq!(Ident::from_wire(*b"    ").trimmed(), b"");
}

#[test]
fn a_name_from_outside_does_not_reach_a_terminal_raw() {
    let hostile = Ident::from_wire([0x1b, b'[', b'J', b'\n']);
    assert_eq!(format!("{hostile:?}"), r"\x1b[J\n");
    assert_eq!(format!("{:?}", Ident::LINK), "LINK");
    // As Latin-1, which loses nothing.
    let latin = Ident::from_wire([0xe9, 0xff, 0, 0]);
    assert_eq!(latin.to_string(), "éÿ");
    assert_eq!(format!("{latin:?}"), r"\xe9\xff");
}
