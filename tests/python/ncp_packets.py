"""Runs ncplib's packets on bytes that come over a pipe.

One hex text a line on standard input, and one JSON object a line on standard
output: {"packet": what ncplib decodes, in the form of the vectors, "hex": what
it encodes that as, "warnings": how many} or {"error": the exception's class}.
A packet on which ncplib does not end is {"error": "Hang"}.
"""

import json
import signal
import sys
import warnings

from ncp_values import to_json
from ncplib.packets import decode_packet, encode_packet

# Seconds of this process's own time; a packet takes some ten microseconds.
LONGEST = 0.01


class Hang(BaseException):
    pass


def on_alarm(number, frame):
    raise Hang


def form(packet):
    kind, id_, time, info, fields = packet
    return {
        "type": kind,
        "id": id_,
        "secs": int(time.timestamp()),
        "nanos": time.microsecond * 1000,
        "info": info.hex(),
        "fields": [
            {"name": name, "id": id_, "params": [param(*each) for each in params]}
            for name, id_, params in fields
        ],
    }


def param(name, value):
    kind, value = to_json(value)
    return {"name": name, "t": kind, "v": value}


def answer(wire):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
        try:
            packet = decode_packet(wire)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    result = {"packet": form(packet), "warnings": len(told)}
    try:
        result["hex"] = encode_packet(*packet).hex()
    except Exception as error:
        result["encode_error"] = type(error).__name__
    return result


def main():
    signal.signal(signal.SIGVTALRM, on_alarm)
    for line in sys.stdin:
        try:
            result = answer(bytes.fromhex(line))
        except (Exception, Hang) as error:
            result = {"error": type(error).__name__}
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


main()
