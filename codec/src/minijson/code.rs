//! The type bytes. All lengths and numbers behind them are big-endian; lengths
//! count bytes, counts count elements.

/// Text, u8 length.
pub(crate) const TEXT8: u8 = 0x00;
/// i32.
pub(crate) const I32: u8 = 0x01;
/// i16.
pub(crate) const I16: u8 = 0x02;
/// i8.
pub(crate) const I8: u8 = 0x03;
/// u32.
pub(crate) const U32: u8 = 0x04;
/// u16.
pub(crate) const U16: u8 = 0x05;
/// u8.
pub(crate) const U8: u8 = 0x06;
/// List, u8 count.
pub(crate) const LIST8: u8 = 0x07;
/// null.
pub(crate) const NULL: u8 = 0x08;
/// IEEE 754 single.
pub(crate) const SINGLE: u8 = 0x09;
/// IEEE 754 double.
pub(crate) const DOUBLE: u8 = 0x0A;
/// Map with text keys, u8 count.
pub(crate) const MAP8: u8 = 0x0B;
/// u24; there is no i24.
pub(crate) const U24: u8 = 0x0C;
/// Text, u16 length.
pub(crate) const TEXT16: u8 = 0x0D;
/// Text, u32 length.
pub(crate) const TEXT32: u8 = 0x0E;
/// List, u16 count.
pub(crate) const LIST16: u8 = 0x0F;
/// List, u32 count.
pub(crate) const LIST32: u8 = 0x10;
/// Map with text keys, u16 count.
pub(crate) const MAP16: u8 = 0x11;
/// Map with text keys, u32 count.
pub(crate) const MAP32: u8 = 0x12;
/// Map with any keys, u32 count. The order of these three codes is 32, 8, 16.
pub(crate) const SDICT32: u8 = 0x13;
/// Map with any keys, u8 count.
pub(crate) const SDICT8: u8 = 0x14;
/// Map with any keys, u16 count.
pub(crate) const SDICT16: u8 = 0x15;
/// true.
pub(crate) const TRUE: u8 = 0x16;
/// false.
pub(crate) const FALSE: u8 = 0x17;
/// Two's complement integer, u8 length; no bytes at all is 0.
pub(crate) const BIG: u8 = 0x18;
/// Bytes, u8 length.
pub(crate) const BYTES8: u8 = 0x19;
/// Bytes, u16 length.
pub(crate) const BYTES16: u8 = 0x1A;
/// Bytes, u32 length.
pub(crate) const BYTES32: u8 = 0x1B;

/// List of 0 to 15, the count in the low four bits.
pub(crate) const LIST4: u8 = 0x40;
/// Map with text keys of 0 to 15 entries.
pub(crate) const MAP4: u8 = 0x50;
/// Map with any keys of 0 to 15 entries.
pub(crate) const SDICT4: u8 = 0x60;
/// Text of 0 to 127 bytes, the length in the low seven bits.
pub(crate) const TEXT7: u8 = 0x80;
