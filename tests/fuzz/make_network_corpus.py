#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_network to the folder given: one conversation a file."""
import pathlib
import struct
import sys


def ip(protocol, source, destination, payload, fragment=0, ttl=64):
    def packed(address):
        return bytes(int(part) for part in address.split("."))
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 7, fragment, ttl,
                       protocol, 0) + packed(source) + packed(destination) + payload


def udp(source_port, destination_port, payload=b"hello"):
    return struct.pack("!HHHH", source_port, destination_port, 8 + len(payload),
                       0) + payload


def tcp(source_port, destination_port, flags):
    return struct.pack("!HHIIBBHHH", source_port, destination_port, 1, 1, 0x50, flags,
                       65535, 0, 0)


def icmp(kind, code, rest, payload=b""):
    return struct.pack("!BBHI", kind, code, 0, rest) + payload


def record(sender, packet, wait_ms=20):
    return struct.pack("!BBH", sender | 0x80, wait_ms, len(packet)) + packet


ALICE, BOB, SERVER, NAT = "192.168.1.2", "192.168.1.2", "198.51.100.1", "192.0.2.1"
out = ip(17, ALICE, SERVER, udp(5000, 3478))
seen = ip(17, NAT, SERVER, udp(5000, 3478))
big = udp(5000, 3478, bytes(1200))
SEEDS = {
    "udp-there-and-back": [record(1, out), record(4, ip(17, SERVER, NAT, udp(3478, 5000)))],
    "hairpin": [record(1, out), record(3, ip(17, BOB, SERVER, udp(6000, 3478))),
                record(1, ip(17, ALICE, NAT, udp(5000, 6000))),
                record(2, ip(17, "192.168.1.3", "100.64.0.1", udp(7000, 5000)))],
    "tcp": [record(1, ip(6, ALICE, SERVER, tcp(4000, 443, 2))),
            record(4, ip(6, SERVER, NAT, tcp(443, 4000, 18))),
            record(1, ip(6, ALICE, SERVER, tcp(4000, 443, 16))),
            record(4, ip(6, SERVER, NAT, tcp(443, 4000, 17)))],
    "unsolicited-syn": [record(4, ip(6, SERVER, NAT, tcp(443, 4000, 2)), 255)],
    "ping": [record(1, ip(1, ALICE, SERVER, icmp(8, 0, 0x00070001, b"ping")))],
    "icmp-error": [record(1, out), record(4, ip(1, SERVER, NAT, icmp(3, 3, 0, seen)))],
    "ttl": [record(1, ip(17, ALICE, SERVER, udp(5000, 3478), ttl=n)) for n in (1, 2, 3)],
    "fragments": [record(1, ip(17, ALICE, SERVER, big[600:], 75)),
                  record(1, ip(17, ALICE, SERVER, big[:600], 0x2000))],
    "too-big": [record(1, ip(17, ALICE, SERVER, big)),
                record(1, ip(17, ALICE, SERVER, big, 0x4000))],
    "tcp-late": [record(0x41, ip(6, ALICE, SERVER, tcp(4000, 443, 2)), 250)
                 for _ in range(60)] +
                [record(0x44, ip(6, SERVER, NAT, tcp(443, 4000, 18)), 250)
                 for _ in range(60)],
}
folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for variant, (name, records) in enumerate(SEEDS.items()):
    (folder / name).write_bytes(bytes([variant]) + b"".join(records))
