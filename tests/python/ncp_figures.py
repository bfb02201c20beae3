"""Times ncplib on packets: `ncp_figures.py FILE...`.

One line a file on standard output: nanoseconds to decode it and to encode it
again, each the least of many rounds.
"""

import sys
import time

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


def main():
    for path in sys.argv[1:]:
        with open(path, "rb") as file:
            wire = file.read()
        packet = decode_packet(wire)
        if encode_packet(*packet) != wire:
            sys.exit(path + ": ncplib writes other bytes")
        decoding = best(lambda: decode_packet(wire))
        encoding = best(lambda: encode_packet(*packet))
        print(f"{decoding:.1f} {encoding:.1f}", flush=True)


main()
