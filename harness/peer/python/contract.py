# SPDX-License-Identifier: Apache-2.0
"""A peer's end of the contract (harness/peer/README.md), for peers in Python with asyncio.

What comes is not trusted: lines are bounded, and what cannot be read becomes a
peer.warning. What goes out is made such that the harness can read it, whatever a stack or
the other peer put into it.
"""

import asyncio
import json
import math
import os
import socket
import sys
import time

VERSION = 1
LINE_MAX_BYTES = 1024 * 1024
DEPTH_MAX = 16
VALUES_MAX = 16384
MESSAGE_SHOWN_BYTES = 4096
READ_BYTES = 65536
FOUND_MAX = 60
FLUSH_LIMIT_S = 1.0

EXIT_AS_EXPECTED = 0
EXIT_USAGE = 2


class Invalid(Exception):
    """A message that breaks the contract; its text says how."""


def require(holds, where, wanted, found):
    if not holds:
        raise Invalid(f"{where}: must be {wanted}, is {json.dumps(found)[:FOUND_MAX]}")


def _refuse_constant(name):
    raise Invalid(f"no JSON: {name}")


def _check_size(value):
    """Bounds a message as the harness' own reader does."""
    n_values = 0
    level = [value]
    for _ in range(DEPTH_MAX + 1):
        n_values += len(level)
        if n_values > VALUES_MAX:
            raise Invalid(f"a message of more than {VALUES_MAX} values")
        below = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return
        level = below
    raise Invalid(f"a message nested deeper than {DEPTH_MAX}")


def parse(line):
    """The JSON object of a line."""
    try:
        message = json.loads(line.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"no JSON: {error}"[:200]) from None
    if not isinstance(message, dict):
        raise Invalid("a message must be a JSON object")
    _check_size(message)
    return message


def _printable(value):
    """The harness takes no NULs, lone surrogates, or numbers that are none in its JSON."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value


def describe_message(message):
    """The data of peer.message: `message` is a str or bytes, as the channel brought it."""
    is_text = isinstance(message, str)
    octets = message.encode("utf-8", "replace") if is_text else message
    shown = octets[:MESSAGE_SHOWN_BYTES]
    data = {"size_bytes": len(octets)}
    if is_text and "\0" not in message:
        data["data"] = shown.decode("utf-8", "ignore")  # a cut may fall into a character
    else:
        data["data_hex"] = shown.hex()
    if not is_text:
        data["binary"] = True
    return data


class Contract:
    """Messages with the harness. Made in the loop that is to serve it."""

    def __init__(self, fd):
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(False)
        self._reader = None
        self._writer = None

    async def open(self):
        self._reader, self._writer = await asyncio.open_connection(sock=self._socket)
        self._writer.transport.set_write_buffer_limits(high=0)  # so that drain() is a flush

    def send(self, message):
        line = json.dumps(
            _printable(message), ensure_ascii=False, separators=(",", ":")).encode()
        if len(line) <= LINE_MAX_BYTES:
            self._writer.write(line + b"\n")
        else:
            self.warn(f"{message['type']}: a message of more than {LINE_MAX_BYTES} bytes")

    def report(self, kind, data):
        self.send({"type": "event", "kind": kind, "t_ns": time.monotonic_ns(), "data": data})

    def warn(self, what):
        self.report("peer.warning", {"what": what[:1000]})

    async def lines(self):
        """Each line that comes, until the harness closes its end; None for one too long."""
        pending = bytearray()
        is_too_long = False
        while octets := await self._read():
            *ends, rest = octets.split(b"\n")
            for end in ends:
                pending += end
                is_too_long |= len(pending) > LINE_MAX_BYTES
                yield None if is_too_long else bytes(pending)
                pending.clear()
                is_too_long = False
            pending += rest
            if len(pending) > LINE_MAX_BYTES:
                pending.clear()
                is_too_long = True

    async def _read(self):
        try:
            return await self._reader.read(READ_BYTES)
        except OSError:
            return b""

    async def messages(self):
        """Each message that can be read, as (message, None); what cannot, as (None, why)."""
        async for line in self.lines():
            try:
                if line is None:
                    raise Invalid(f"a message of more than {LINE_MAX_BYTES} bytes")
                yield parse(line), None
            except Invalid as error:
                yield None, str(error)

    async def flush(self):
        try:
            await asyncio.wait_for(self._writer.drain(), FLUSH_LIMIT_S)
        except (OSError, asyncio.TimeoutError):
            pass


def descriptor(program):
    """The contract's, as the environment names it; exits if there is none."""
    text = os.environ.get("RTCLAB_FD", "")
    try:
        fd = int(text)
        os.fstat(fd)
        return fd
    except (ValueError, OSError):
        sys.stderr.write(
            f"{program}: RTCLAB_FD must be the number of an open descriptor, is "
            f'"{text}"; this program is a peer, started by rtclab run\n'
        )
        sys.exit(EXIT_USAGE)


def leave(status):
    """Ends the process at once: threads of a stack are not waited for."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
