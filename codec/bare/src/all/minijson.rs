//! minijson, but for serde.

use core::hash::Hash as _;
use core::str::FromStr as _;

use wigwag_codec::minijson::{
    BigInt, BigIntBuf, Bytes, Decoder, Encode, Encoder, Entries, Error, ErrorKind, Items, Key,
    Limits, Options, Text, Value, canonical, cbor, json,
};

/// Takes what it is given.
struct Sink(usize);

impl core::fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0 = self.0.wrapping_add(text.len());
        Ok(())
    }
}

struct Sum(u64);

impl core::hash::Hasher for Sum {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(5) ^ u64::from(*byte);
        }
    }
}

fn json_write(value: Value<'_>) -> Result<usize, Error> {
    // json::write
    let mut sink = Sink(0);
    json::write(value, &mut sink)?;
    Ok(sink.0)
}

fn for_each(input: &[u8]) -> Result<usize, Error> {
    // Decoder::for_each
    let mut count = 0_usize;
    Decoder::new(input).for_each(|item| {
        core::hint::black_box(&item);
        count = count.wrapping_add(1);
        Ok::<_, Error>(())
    })?;
    Ok(count)
}

fn hash(number: &BigInt<'_>) -> u64 {
    // BigInt::hash
    let mut sum = Sum(0);
    number.hash(&mut sum);
    sum.0
}

super::functions![
    <BigInt<'_> as Ord>::cmp,
    <BigInt<'_> as PartialEq>::eq,
    <BigInt<'_> as PartialOrd>::partial_cmp,
    BigInt::as_i128,
    BigInt::as_i64,
    BigInt::as_u128,
    BigInt::as_u64,
    BigInt::from_be_bytes,
    BigInt::from_unsigned_be_bytes,
    BigInt::is_negative,
    BigInt::signed_len,
    BigInt::write_signed,
    BigIntBuf::as_be_bytes,
    <BigIntBuf as PartialEq>::eq,
    <BigIntBuf as From<i64>>::from,
    BigIntBuf::from_magnitude,
    BigIntBuf::from_str,
    BigIntBuf::from_view,
    BigIntBuf::view,
    Decoder::bool,
    Decoder::bytes,
    Decoder::depth,
    Decoder::f32,
    Decoder::f64,
    Decoder::finish,
    Decoder::int,
    Decoder::key,
    Decoder::list,
    Decoder::map,
    Decoder::new,
    Decoder::next,
    Decoder::position,
    Decoder::sdict,
    Decoder::skip,
    Decoder::str,
    Decoder::text,
    Decoder::with_limits,
    <bool as Encode>::encode,
    <f32 as Encode>::encode,
    <f64 as Encode>::encode,
    <i8 as Encode>::encode,
    <i16 as Encode>::encode,
    <i32 as Encode>::encode,
    <i64 as Encode>::encode,
    <str as Encode>::encode,
    <u8 as Encode>::encode,
    <u16 as Encode>::encode,
    <u32 as Encode>::encode,
    <u64 as Encode>::encode,
    <&u64 as Encode>::encode,
    <[i64; 2] as Encode>::encode,
    Option::<i64>::encode,
    Value::encode,
    <(i64, f32) as Encode>::encode,
    <Bytes<'_> as Encode>::encode,
    <[Option<u64>] as Encode>::encode,
    Encoder::big_int,
    Encoder::bool,
    Encoder::bytes,
    Encoder::entry::<[(i64, &str)]>,
    Encoder::f32,
    Encoder::f64,
    Encoder::finish,
    Encoder::float,
    Encoder::int,
    Encoder::int128,
    Encoder::is_empty,
    Encoder::key,
    Encoder::len,
    Encoder::list,
    Encoder::map,
    Encoder::new,
    Encoder::null,
    Encoder::raw,
    Encoder::sdict,
    Encoder::str,
    Encoder::uint,
    Encoder::value::<[(i64, &str)]>,
    Encoder::with_floats,
    Entries::next,
    Entries::size_hint,
    <ErrorKind as From<core::fmt::Error>>::from,
    ErrorKind::name,
    Items::next,
    Items::size_hint,
    Key::as_bytes_of_text,
    Key::as_str,
    Limits::default,
    Limits::new,
    Limits::with_depth,
    Limits::with_items,
    Limits::with_length,
    Options::new,
    Options::with_floats,
    Options::with_strict_order,
    <Text<'_> as PartialEq<str>>::eq,
    <Text<'_> as PartialEq<&str>>::eq,
    Text::as_bytes,
    Text::is_utf8,
    Text::to_str,
    Value::as_big_int,
    Value::as_bool,
    Value::as_bytes,
    Value::as_f32,
    Value::as_f64,
    Value::as_i128,
    Value::as_i64,
    Value::as_str,
    Value::as_text,
    Value::as_u64,
    Value::at,
    Value::entries,
    Value::get,
    Value::is_empty,
    Value::is_null,
    Value::items,
    Value::kind,
    Value::len,
    Value::parse,
    Value::parse_prefix,
    Value::parse_structure,
    Value::parse_with,
    Value::raw,
    canonical,
    cbor::read,
    cbor::read_with,
    cbor::write,
    for_each,
    hash,
    json::read,
    json::read_with,
    json::to_slice,
    json_write,
];
