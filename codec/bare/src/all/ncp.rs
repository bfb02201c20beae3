//! NCP's packets.

use core::hash::Hash as _;

use wigwag_codec::ncp::{
    Array, Element, Elements, Field, Fields, Header, Ident, NcpErrorKind, Packet, PacketWriter,
    Param, Params, Time, ToValue, Value, ValueType, Warnings, packet,
};

fn sum<T: Element + Into<f64>>(array: Array<'_, T>) -> f64 {
    // Elements::fold
    array
        .into_iter()
        .fold(0.0, |sum, number| sum + number.into())
}

fn equal<'a, T: Element + PartialEq>(
    array: &Array<'a, T>,
    others: &[T; 4],
    all: &[T],
    same: &Array<'a, T>,
) -> bool {
    // Array::eq
    array == others || array == all || array == same
}

fn hash(ident: &Ident) -> u64 {
    // Ident::hash
    struct Sum(u64);
    impl core::hash::Hasher for Sum {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0 ^= bytes.len() as u64;
        }
    }
    let mut sum = Sum(0);
    ident.hash(&mut sum);
    sum.0
}

fn param<'p, V: ToValue>(writer: PacketWriter<'p>, name: &str, value: V) -> PacketWriter<'p> {
    // PacketWriter::param
    writer.param(name, value)
}

fn param_as<V: ToValue>(writer: PacketWriter<'_>, name: Ident, value: V) -> PacketWriter<'_> {
    // PacketWriter::param_as
    writer.param_as(name, value)
}

/// What an array of numbers does.
macro_rules! arrays {
    ($($number:ty),*) => {
        super::functions![
            $(
                Array::<'_, $number>::bytes,
                Array::<'_, $number>::copy_to,
                Array::<'_, $number>::get,
                Array::<'_, $number>::into_iter,
                Array::<'_, $number>::is_empty,
                Array::<'_, $number>::iter,
                Array::<'_, $number>::len,
                Array::<'_, $number>::new,
                Elements::<'_, $number>::next,
                Elements::<'_, $number>::next_back,
                Elements::<'_, $number>::nth,
                Elements::<'_, $number>::size_hint,
                sum::<$number>,
                equal::<$number>,
                param::<&[$number]>,
                param::<&[$number; 3]>,
                param::<Array<'_, $number>>,
            )*
            <Ident as PartialEq<&str>>::eq,
            <Ident as PartialEq<str>>::eq,
            <Ident as PartialEq>::eq,
            Field::error,
            Field::get,
            Field::is_acknowledgement,
            Field::param,
            Field::params,
            Field::range,
            Field::warning,
            Fields::fault,
            Fields::new,
            Fields::next,
            Header::new,
            Ident::bytes,
            Ident::from_wire,
            Ident::new,
            Ident::trimmed,
            <Ident as TryFrom<&str>>::try_from,
            NcpErrorKind::name,
            Packet::decode,
            Packet::decode_prefix,
            Packet::field,
            Packet::fields,
            Packet::from_parts,
            Packet::header,
            Packet::kind,
            Packet::warnings,
            PacketWriter::at,
            PacketWriter::field,
            PacketWriter::field_as,
            PacketWriter::finish,
            PacketWriter::from,
            PacketWriter::id,
            PacketWriter::new,
            PacketWriter::numbered_field,
            Param::bytes,
            Param::range,
            Param::value,
            Params::fault,
            Params::next,
            Time::from_secs,
            Time::nanos,
            Time::new,
            Time::secs,
            Value::as_f64,
            Value::as_i64,
            Value::as_str,
            Value::as_u64,
            Value::kind,
            Value::parse,
            ValueType::from_u8,
            ValueType::name,
            Warnings::next,
            hash,
            packet,
            param::<&[u8]>,
            param::<&str>,
            param::<Value<'_>>,
            param::<bool>,
            param::<f32>,
            param::<f64>,
            param::<i32>,
            param::<i64>,
            param::<u32>,
            param::<u64>,
            param_as::<Value<'_>>,
        ];
    };
}

arrays![i8, u8, i16, u16, i32, u32, f32, f64];
