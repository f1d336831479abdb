# SPDX-License-Identifier: Apache-2.0
"""aiortc's statistics as W3C has them (webrtc-stats): times in seconds, timestamps in
milliseconds, and identifiers that are the same in each call, as aiortc's are addresses.

Two things of aiortc 1.4.0 are made good: it does not count the bytes that it receives, and
it gives all streams of a receiver one identifier, so that the retransmissions of a picture
(RTX) take the place of its own numbers as soon as there are any."""

import dataclasses
import datetime

import aiortc.rtcpeerconnection
from aiortc.rtcrtpreceiver import RTCRtpReceiver

CLOCK_RATES_HZ = {"audio": 48000, "video": 90000}  # Opus, VP8


class CountingReceiver(RTCRtpReceiver):
    n_octets = 0  # of payload, without headers and padding: W3C's bytesReceived

    async def _handle_rtp_packet(self, packet, *args, **kwargs):
        self.n_octets += len(packet.payload)
        await super()._handle_rtp_packet(packet, *args, **kwargs)

    async def getStats(self):
        report = await super().getStats()
        streams = self._RTCRtpReceiver__remote_streams  # the first one is not of retransmissions
        for stats in report.values():
            if stats.type == "inbound-rtp":
                stats.ssrc, stream = next(iter(streams.items()))
                stats.packetsReceived = stream.packets_received
                stats.packetsLost = stream.packets_lost
                stats.jitter = stream.jitter
        return report


def count_octets():
    """From now on, of all connections that are made."""
    aiortc.rtcpeerconnection.RTCRtpReceiver = CountingReceiver


def _plain(stats):
    entry = {key: value for key, value in dataclasses.asdict(stats).items() if value is not None}
    entry.pop("trackId", None)
    if "jitter" in entry:
        entry["jitter"] /= CLOCK_RATES_HZ[entry["kind"]]
    if "fractionLost" in entry:
        entry["fractionLost"] /= 256  # of RTCP's octet (RFC 3550 section 6.4.1)
    for key, value in entry.items():
        if isinstance(value, datetime.datetime):
            entry[key] = value.timestamp() * 1000
    return entry


def _rename(entries):
    names, counts = {}, {}
    for entry in entries:
        number = counts[entry["type"]] = counts.get(entry["type"], 0) + 1
        names[entry["id"]] = f"{entry['type']}-{number}"
    for entry in entries:
        for key in ("id", "transportId"):
            if key in entry:
                entry[key] = names.get(entry[key], entry[key])


async def collect(pc, n_frames_decoded):
    """A list of W3C's statistics; `n_frames_decoded`: by kind of media."""
    entries = [_plain(stats) for stats in (await pc.getStats()).values()]
    _rename(entries)
    octets = {receiver.track.kind: receiver.n_octets
              for receiver in pc.getReceivers() if receiver.track}
    for entry in entries:
        if entry["type"] == "inbound-rtp":
            entry["bytesReceived"] = octets[entry["kind"]]
            if entry["kind"] == "video":
                entry["framesDecoded"] = n_frames_decoded.get("video", 0)
    return entries


def describe_pair(local, remote, now_ms):
    """A nominated pair of aioice, which keeps no statistics of its pairs."""
    entries = [{
        "type": "candidate-pair", "id": "candidate-pair-1", "timestamp": now_ms,
        "localCandidateId": "local-candidate-1", "remoteCandidateId": "remote-candidate-1",
        "state": "succeeded", "nominated": True,
    }]
    for side, candidate in (("local", local), ("remote", remote)):
        entries.append({
            "type": f"{side}-candidate", "id": f"{side}-candidate-1", "timestamp": now_ms,
            "candidateType": candidate.type, "protocol": candidate.transport.lower(),
            "address": candidate.host, "port": candidate.port, "priority": candidate.priority,
        })
    return entries
