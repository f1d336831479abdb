#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_normalise to the folder given: one conversation a file."""
import pathlib
import struct
import sys

ALICE, SERVER = "192.168.1.2", "198.51.100.1"
SYN, ACK, FIN, RST = 2, 16, 1, 4


def ip(protocol, source, destination, payload, fragment=0x4000, identity=7):
    def packed(address):
        return bytes(int(part) for part in address.split("."))
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), identity, fragment, 64,
                       protocol, 0) + packed(source) + packed(destination) + payload


def tcp(flags, sequence, acknowledgment=0, payload=b"", options=b"", back=False):
    ports = (443, 4000) if back else (4000, 443)
    header = struct.pack("!HHIIBBHHH", *ports, sequence & 0xffffffff, acknowledgment,
                         (20 + len(options)) << 2, flags, 65535, 0, 0)
    segment = header + options + payload
    return ip(6, SERVER, ALICE, segment) if back else ip(6, ALICE, SERVER, segment)


def error(kind, code, quoted, back=True):
    message = struct.pack("!BBHI", kind, code, 0, 1200) + quoted
    return ip(1, SERVER, ALICE, message) if back else ip(1, ALICE, SERVER, message)


def out(packet):
    return struct.pack("!BH", 4, len(packet)) + packet


def back(packet):
    return struct.pack("!BH", 6, len(packet)) + packet


syn = out(tcp(SYN, -3))
data = tcp(ACK, -2, 901, b"hello, world")
udp = struct.pack("!HHHH", 5000, 3478, 40, 0) + bytes(32)
SEEDS = {
    "connection": [syn, back(tcp(SYN | ACK, 900, 1, back=True)), out(tcp(ACK, -2, 901)),
                   out(data), back(tcp(ACK, 901, 10, back=True)),
                   out(tcp(FIN | ACK, 10, 901)), back(tcp(FIN | ACK, 901, 11, back=True)),
                   out(tcp(ACK, 11, 902)), out(tcp(SYN, 5))],
    "retransmission": [syn, syn, out(data), out(data), out(tcp(ACK, 1, 901, b"hello, more"))],
    "reset": [out(tcp(RST | ACK, 0, 1)), syn, out(tcp(RST | ACK, 0, 1)), out(tcp(RST, 3))],
    "sack": [syn, back(tcp(ACK, 900, 1, b"", bytes([1, 5, 18]) + bytes(16) + b"\1", True))],
    "icmp": [syn, out(data), back(error(3, 4, data)), back(error(3, 1, data[:28])),
             out(data), out(error(3, 13, tcp(ACK, 901, 9, b"hi", back=True), False))],
    "fragments": [out(ip(17, ALICE, SERVER, udp[:24], 0x2000)),
                  out(ip(17, ALICE, SERVER, udp[:24], 0x2000, 8)),
                  out(ip(17, ALICE, SERVER, udp[24:], 3)),
                  out(ip(17, ALICE, SERVER, udp, 0))],
    "ipv6": [out(bytes([0x60, 0, 0, 0, 0, 16, 44, 64]) + bytes(32) +
                 bytes([17, 0, 0, 1, 1, 2, 3, 4]) + udp[:8])],
}
folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, records in SEEDS.items():
    (folder / name).write_bytes(b"".join(records))
