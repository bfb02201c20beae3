//! Frames that the tests share.

use wigwag_codec::minijson::{Encoder, Error};
use wigwag_codec::ncp::packet;

/// An NGTT frame of transaction 7.
pub(crate) fn ngtt(payload: &[u8], kind: u8) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes().to_vec();
    bytes.extend([0, 7, 0, kind]);
    bytes.extend(payload);
    bytes
}

/// A packet with values of many types, and names that come twice.
pub(crate) fn sweep() -> Vec<u8> {
    let mut place = [0; 512];
    let wire = packet(&mut place, "DSPC")
        .numbered_field("SWEP", 9)
        .param("FSTA", 100_u64)
        .param("DATA", &[1.0_f32, 2.5, f32::NAN][..])
        .param("BITS", &[1_u16, 2, 3][..])
        .param("NAME", "node")
        .field("SWEP")
        .param("ID", -1)
        .field("LINK")
        .param("A", 1)
        .param("A", 2)
        .finish();
    wire.unwrap().to_vec()
}

/// `{"path": "W1", "a b": [1, 2.5, null], ..}`, and a map with keys of all kinds.
pub(crate) fn mixed() -> Vec<u8> {
    fn write(encoder: &mut Encoder<'_>) -> Result<(), Error> {
        encoder.list(2)?.map(3)?.key("path")?.str("W1")?;
        encoder.key("a b")?.list(3)?.int(1)?.f32(2.5)?.null()?;
        encoder.key("big")?.big_int(&[1; 20])?;
        encoder
            .sdict(6)?
            .int(5)?
            .bool(true)?
            .f64(0.5)?
            .bytes(&[0, 255])?;
        encoder.null()?.str("x")?.bytes(&[1])?.f32(f32::NAN)?;
        encoder.str("t")?.int(3)?.f32(0.1)?.int(1 << 40)?;
        Ok(())
    }
    let mut place = [0; 256];
    let mut encoder = Encoder::new(&mut place);
    write(&mut encoder).unwrap();
    encoder.finish().unwrap().to_vec()
}
