#!/usr/bin/env python3
"""Disturbs a pcap file (little-endian), as networks and recorders do.

usage: disorder.py swap|lose IN OUT

swap: every fifth packet with a payload comes after the next packet, every seventh
comes twice. lose: every ninth packet with a payload of less than 200 bytes is not
there.
"""
import struct
import sys

HEADER, RECORD = 24, 16


def packets(data):
    at = HEADER
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at : at + RECORD + length]
        at += RECORD + length


def payload(record):
    """Bytes behind the headers of Ethernet, IPv4 and TCP."""
    frame = record[RECORD:]
    ip = (frame[14] & 15) * 4
    total = struct.unpack_from(">H", frame, 16)[0]
    return total - ip - (frame[14 + ip + 12] >> 4) * 4


def swap(records):
    out, count, late = [], 0, None
    for record in records:
        full = payload(record) > 0
        count += full
        if full and count % 5 == 0 and late is None:
            late = record
            continue
        out.append(record)
        if late is not None:
            out.append(late)
            late = None
        if full and count % 7 == 0:
            out.append(record)
    return out + ([late] if late is not None else [])


def lose(records):
    out, count = [], 0
    for record in records:
        small = 0 < payload(record) < 200
        count += small
        if not (small and count % 9 == 0):
            out.append(record)
    return out


def main():
    how, source, target = sys.argv[1:]
    with open(source, "rb") as file:
        data = file.read()
    records = {"swap": swap, "lose": lose}[how](list(packets(data)))
    with open(target, "wb") as file:
        file.write(data[:HEADER] + b"".join(records))


main()
