//! What is read of a body that is not sound.

use wigwag_codec::ncp::{Fields, HEADER_LEN, NcpErrorKind, Packet, packet};

fn wire() -> Vec<u8> {
    let mut place = [0; 256];
    let wire = packet(&mut place, "DSPC")
        .field("ONE")
        .param("A", 1)
        .param("B", "text")
        .field("TWO")
        .param("C", 3)
        .finish();
    wire.unwrap().to_vec()
}

/// The fields between header and footer.
fn fields(wire: &[u8]) -> Fields<'_> {
    Fields::new(&wire[HEADER_LEN..wire.len() - 8])
}

#[test]
fn ranges_are_where_the_parts_stand() {
    let wire = wire();
    let mut end = HEADER_LEN;
    for field in Packet::decode(&wire).unwrap().fields() {
        assert_eq!(field.range().start, end);
        end += 12;
        for param in field.params() {
            assert_eq!(param.range().start, end);
            end = param.range().end;
            assert_eq!(wire[param.range()][8..], *param.bytes());
        }
        assert_eq!(field.range().end, end);
        assert_eq!(field.params().fault(), None);
    }
    assert_eq!(end, wire.len() - 8);
}

#[test]
fn what_stands_before_a_fault_is_read_and_the_fault_is_told() {
    let mut wire = wire();
    let two = wire.windows(3).position(|name| name == b"TWO").unwrap();
    wire[two + 4] = 99;
    let mut walk = fields(&wire);
    assert_eq!(walk.fault(), None);
    assert!(walk.next().is_some_and(|field| field.params().count() == 2));
    assert!(walk.next().is_none());
    let fault = walk.fault().unwrap();
    assert_eq!(
        (fault.kind, fault.offset),
        (NcpErrorKind::TooLong(99), two + 4)
    );
    assert_eq!(Packet::decode(&wire).unwrap_err(), fault);
}

#[test]
fn a_fault_in_a_field_does_not_hide_the_next() {
    let mut wire = wire();
    let b = wire.windows(4).position(|name| name == b"B\0\0\0").unwrap();
    wire[b + 4] = 1;
    let mut walk = fields(&wire);
    let mut params = walk.next().unwrap().params();
    assert!(params.next().is_some_and(|param| param.name == *"A"));
    assert!(params.next().is_none());
    let fault = params.fault().unwrap();
    assert_eq!(
        (fault.kind, fault.offset),
        (NcpErrorKind::TooShort(1), b + 4)
    );
    assert!(walk.next().is_some_and(|field| field.name == *"TWO"));
    assert_eq!(walk.fault(), None);
}
