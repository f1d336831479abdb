#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_probe_server to the folder given: one conversation a file."""
import pathlib
import struct
import sys

COOKIE = 0x2112a442
BINDING, ALLOCATE, REFRESH, SEND, PERMISSION, BIND, CONNECT, CONNECTION_BIND = (
    1, 3, 4, 6, 8, 9, 10, 11)
NO_DEFECT = 0xffff


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def peer(address=(127, 77, 0, 10), port=9):
    number, = struct.unpack("!I", bytes(address))
    return attribute(0x12, struct.pack("!BBHI", 0, 1, port ^ 0x2112, number ^ COOKIE))


def message(method, body=b"", indication=False, transaction=b"transaction!"):
    kind = (method & 0xf) | (method & 0x70) << 1 | (0x10 if indication else 0)
    return struct.pack("!HHI", kind, len(body), COOKIE) + transaction + body


def said(text, who=0, later=0):
    return struct.pack("!BH", later << 2 | who, len(text)) + text


def conversation(*messages, defect=NO_DEFECT, old=False):
    return struct.pack("!HB", defect, old) + b"".join(messages)


TRANSPORT = attribute(0x19, bytes((17, 0, 0, 0)))
TCP = attribute(0x19, bytes((6, 0, 0, 0)))
LIFETIME = attribute(0x0d, struct.pack("!I", 777))
CHANNEL = attribute(0x0c, struct.pack("!HH", 0x4000, 0))
allocate = said(message(ALLOCATE, TRANSPORT + LIFETIME))
send = message(SEND, peer() + attribute(0x13, b"hello"), indication=True)

SEEDS = {
    "binding": conversation(said(message(
        BINDING, attribute(3, bytes((0, 0, 0, 6))) + attribute(0x26, bytes(40))))),
    "relay": conversation(allocate, said(message(PERMISSION, peer() + peer(port=10))),
                          said(send), said(send, later=20)),
    "channel": conversation(allocate, said(message(BIND, CHANNEL + peer())),
                            said(b"\x40\0\0\5hello\0\0\0"), said(b"\x40\0\0\5he")),
    "families": conversation(said(message(
        ALLOCATE, TRANSPORT + attribute(0x8000, bytes((2, 0, 0, 0)))))),
    "reservation": conversation(said(message(ALLOCATE, TRANSPORT + attribute(0x18, b"\x80"))),
                                said(message(ALLOCATE, TRANSPORT + attribute(0x22, bytes(8))),
                                     who=1)),
    "mobility": conversation(said(message(ALLOCATE, TRANSPORT + attribute(0x8030, b""))),
                             said(message(REFRESH, attribute(0x8030, bytes(32))), who=1)),
    "refresh": conversation(allocate, said(message(REFRESH, LIFETIME), later=20),
                            said(message(REFRESH, attribute(0x0d, bytes(4))))),
    "tcp": conversation(said(message(ALLOCATE, TCP), who=2),
                        said(message(CONNECT, peer()), who=2),
                        said(message(CONNECTION_BIND, attribute(0x2a, bytes(4))), who=3)),
    "old": conversation(allocate, said(message(BIND, attribute(
        0x0c, struct.pack("!HH", 0x7ffe, 0)) + peer())), old=True),
    "overrun": conversation(allocate, said(send[:-6]), said(send[:18])),
    "proof": conversation(said(message(
        ALLOCATE, TRANSPORT + attribute(6, b"alice") + attribute(0x14, b"rtclab.test") +
        attribute(0x15, b"obMatJos2wAAA0123456789abcdefghi") +
        attribute(0x1d, bytes((0, 2, 0, 0))) + attribute(8, bytes(20))))),
}

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, seed in SEEDS.items():
    (folder / name).write_bytes(seed)
