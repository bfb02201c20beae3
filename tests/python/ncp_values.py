"""NCP values and fields of ncplib as JSON, in the form of the test vectors:
integers as decimal text, floats as the hex of their bits, raw bytes as hex.
"""

import struct
from array import array

from ncplib import f64, i64, u32, u64

ARRAYS = {
    "u8[]": "B",
    "u16[]": "H",
    "u32[]": "I",
    "i8[]": "b",
    "i16[]": "h",
    "i32[]": "i",
    "u64[]": "L",
    "i64[]": "l",
    "f32[]": "f",
    "f64[]": "d",
}
NAMES = {code: name for name, code in ARRAYS.items()}
INTEGERS = {"i32": int, "u32": u32, "i64": i64, "u64": u64}
FLOATS = {"f32": ">f", "f64": ">d"}


def bits(form, number):
    return struct.pack(form, number).hex()


def number(form, text):
    return struct.unpack(form, bytes.fromhex(text))[0]


def to_python(kind, value):
    if kind in INTEGERS:
        return INTEGERS[kind](value)
    if kind in FLOATS:
        number_ = number(FLOATS[kind], value)
        return f64(number_) if kind == "f64" else number_
    if kind == "string":
        return value
    if kind == "raw":
        return bytes.fromhex(value)
    if kind[:-2] in FLOATS:
        items = [number(FLOATS[kind[:-2]], item) for item in value]
    else:
        items = [int(item) for item in value]
    return array(ARRAYS[kind], items)


def to_json(value):
    """The type's name and the value."""
    for name, class_ in (("u32", u32), ("i64", i64), ("u64", u64), ("i32", int)):
        if isinstance(value, class_):
            return name, str(int(value))
    if isinstance(value, f64):
        return "f64", bits(">d", value)
    if isinstance(value, float):
        return "f32", bits(">f", value)
    if isinstance(value, str):
        return "string", value
    if isinstance(value, array):
        name = NAMES[value.typecode]
        if name[:-2] in FLOATS:
            return name, [bits(FLOATS[name[:-2]], item) for item in value]
        return name, [str(item) for item in value]
    return "raw", bytes(value).hex()


def params_to_python(params):
    return {param["name"]: to_python(param["t"], param["v"]) for param in params}


def field_to_json(field):
    params = []
    for name, value in field.items():
        kind, value = to_json(value)
        params.append({"name": name, "t": kind, "v": value})
    return {
        "packet": field.packet_type,
        "packet_id": field.packet_id,
        "secs": int(field.packet_timestamp.timestamp()),
        "name": field.name,
        "id": field.id,
        "params": params,
    }


async def lines(loop, limit=1 << 26):
    """Standard input as a stream of lines."""
    import asyncio
    import sys

    reader = asyncio.StreamReader(limit=limit)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader
