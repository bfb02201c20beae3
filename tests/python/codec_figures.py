"""Times minijson and ncplib: `codec_figures.py FILE...`, with documents (.mjson)
and packets (.ncp).

The interpreter's name and version on standard output, then a line a file:
nanoseconds to decode it and to encode it again, each the least of many rounds.
"""

import platform
import sys
import time

import minijson
from ncplib.packets import decode_packet, encode_packet

ROUNDS = 25
ROUND_NS = 20_000_000


def best(operation):
    count = 1
    while True:
        began = time.perf_counter_ns()
        for _ in range(count):
            operation()
        took = time.perf_counter_ns() - began
        if took >= ROUND_NS:
            break
        count *= 2
    rounds = [took / count]
    for _ in range(ROUNDS):
        began = time.perf_counter_ns()
        for _ in range(count):
            operation()
        rounds.append((time.perf_counter_ns() - began) / count)
    return min(rounds)


def operations(path, wire):
    """What decodes the file, and what encodes it again."""
    if path.endswith(".mjson"):
        value = minijson.loads(wire)
        return lambda: minijson.loads(wire), lambda: minijson.dumps(value)
    packet = decode_packet(wire)
    return lambda: decode_packet(wire), lambda: encode_packet(*packet)


def main():
    print(platform.python_implementation(), platform.python_version())
    for path in sys.argv[1:]:
        with open(path, "rb") as file:
            wire = file.read()
        decode, encode = operations(path, wire)
        if encode() != wire:
            sys.exit(path + ": the peer writes other bytes")
        print(f"{best(decode):.1f} {best(encode):.1f}", flush=True)


main()
