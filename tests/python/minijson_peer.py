"""Runs the Python minijson on values that come over a pipe.

One JSON object a line on standard input:
    {"mode": "f32" or "f64", "value": V, "hex": our encoding of V}
and one a line on standard output:
    {"hex": Python's encoding of V, "value": what Python decodes from our hex,
     "consumed": bytes it took}
or {"error": "..."}.

V is the tagged form of the vectors: {"$int": "decimal"}, {"$f32": "8 hex"},
{"$f64": "16 hex"}, {"$bytes": "hex"}, {"$map": [[key, value], ..]}; the rest is
plain JSON. Python has one float type, so what it decodes comes back as $f64.
"""

import json
import struct
import sys

import minijson

LARGEST_PLAIN_INTEGER = 2**53 - 1


def untag(value):
    if isinstance(value, list):
        return [untag(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((tag, content),) = value.items()
    if tag == "$int":
        return int(content)
    if tag == "$f32":
        return struct.unpack(">f", bytes.fromhex(content))[0]
    if tag == "$f64":
        return struct.unpack(">d", bytes.fromhex(content))[0]
    if tag == "$bytes":
        return bytes.fromhex(content)
    if tag == "$map":
        result = {}
        for key, item in content:
            result[untag(key)] = untag(item)
        if len(result) != len(content):
            raise ValueError("two keys that Python takes for one")
        return result
    raise ValueError("unknown tag " + tag)


def tag(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if abs(value) <= LARGEST_PLAIN_INTEGER:
            return value
        return {"$int": str(value)}
    if isinstance(value, float):
        return {"$f64": struct.pack(">d", value).hex()}
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, (list, tuple)):
        return [tag(item) for item in value]
    if isinstance(value, dict):
        return {"$map": [[tag(key), tag(item)] for key, item in value.items()]}
    raise ValueError("unexpected type " + type(value).__name__)


def answer(request):
    if request["mode"] == "f64":
        minijson.switch_default_double()
    else:
        minijson.switch_default_float()
    ours = bytes.fromhex(request["hex"])
    consumed, decoded = minijson.parse(ours, 0)
    return {
        "hex": minijson.dumps(untag(request["value"])).hex(),
        "value": tag(decoded),
        "consumed": consumed,
    }


def main():
    # Integers of 255 bytes have 614 digits; the default limit is 4300.
    for line in sys.stdin:
        try:
            result = answer(json.loads(line))
        except Exception as error:  # reported to the test, which fails
            result = {"error": "%s: %s" % (type(error).__name__, error)}
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


main()
