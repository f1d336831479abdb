# SPDX-License-Identifier: Apache-2.0
"""What the aiortc peer sends of its own: a tone, and a picture that moves.

One defect of aiortc 1.4.0 is mended here, as without that no call with audio and video
bundled lives: its offers give two RTP header extensions the identifier 2, audio's level and
video's abs-send-time, though BUNDLE wants one meaning for one identifier (RFC 9143 section
15; RFC 8285 section 5). An aiortc that gets such a packet ends its DTLS transport with a
struct.error, and libwebrtc refuses the offer. Later versions offer 3, and so does this.
"""

import array
import asyncio
import fractions
import math

from aiortc import MediaStreamTrack
from aiortc.codecs import HEADER_EXTENSIONS
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

TONE_HZ = 500  # whole periods in one frame
TONE_RATE_HZ = 48000
TONE_SAMPLES = 960  # 20 ms
TONE_AMPLITUDE = 8000

PICTURE_WIDTH, PICTURE_HEIGHT = 160, 120
PICTURE_CLOCK_HZ = 90000
PICTURE_RATE_HZ = 15
BAR_WIDTH = 16
BAR_STEP = 4
GREY, WHITE = b"\x60", b"\xeb"


class PacedTrack(MediaStreamTrack):
    """Makes a frame each time that one is due."""

    def __init__(self, kind, clock_hz, ticks):
        self.kind = kind
        super().__init__()
        self._clock_hz = clock_hz
        self._ticks = ticks
        self._n_made = 0
        self._start = None

    async def recv(self):
        if self.readyState != "live":
            raise MediaStreamError
        loop = asyncio.get_running_loop()
        if self._start is None:
            self._start = loop.time()
        due = self._start + self._n_made * self._ticks / self._clock_hz
        await asyncio.sleep(due - loop.time())
        frame = self.make(self._n_made)
        frame.pts = self._n_made * self._ticks
        frame.time_base = fractions.Fraction(1, self._clock_hz)
        self._n_made += 1
        return frame


class Tone(PacedTrack):
    def __init__(self):
        super().__init__("audio", TONE_RATE_HZ, TONE_SAMPLES)
        self._octets = array.array("h", (
            int(TONE_AMPLITUDE * math.sin(2 * math.pi * TONE_HZ * i / TONE_RATE_HZ))
            for i in range(TONE_SAMPLES))).tobytes()

    def make(self, _):
        frame = AudioFrame(format="s16", layout="mono", samples=TONE_SAMPLES)
        frame.sample_rate = TONE_RATE_HZ
        frame.planes[0].update(self._octets)
        return frame


def _fill(plane, row):
    plane.update(row.ljust(plane.line_size, b"\0") * (plane.buffer_size // plane.line_size))


class Picture(PacedTrack):
    """A white bar that goes from left to right over grey."""

    def __init__(self):
        super().__init__("video", PICTURE_CLOCK_HZ, PICTURE_CLOCK_HZ // PICTURE_RATE_HZ)

    def make(self, number):
        frame = VideoFrame(PICTURE_WIDTH, PICTURE_HEIGHT, "yuv420p")
        at = number * BAR_STEP % (PICTURE_WIDTH - BAR_WIDTH)
        row = GREY * at + WHITE * BAR_WIDTH + GREY * (PICTURE_WIDTH - BAR_WIDTH - at)
        _fill(frame.planes[0], row)
        for plane in frame.planes[1:]:
            _fill(plane, b"\x80" * plane.width)
        return frame


def tell_header_extensions_apart():
    """One identifier for one URI, over all kinds of media."""
    uris = {}
    for extension in HEADER_EXTENSIONS["audio"] + HEADER_EXTENSIONS["video"]:
        while uris.setdefault(extension.id, extension.uri) != extension.uri:
            extension.id += 1


def make_track(kind):
    return Tone() if kind == "audio" else Picture()
