# SPDX-License-Identifier: Apache-2.0
"""The aiortc peer's signalling: descriptions and candidates, out and in.

Out: aiortc 1.4.0 does not trickle. setLocalDescription() gathers all candidates before it
returns, and localDescription has them. But createOffer() and createAnswer() give the whole
description without candidates, so that goes out first, and each candidate when aioice has
it (aiortc_ice.py). What cannot be had is early checks: aioice checks pairs only once its
own gathering is complete, and answers the checks of others before that.

In: aiortc takes an answer only after its setLocalDescription() has returned, so what comes
earlier waits. Candidates come at any time after their description, and their end too.
"""

import asyncio

from aiortc import RTCSessionDescription
from aiortc.sdp import SessionDescription, candidate_from_sdp, candidate_to_sdp

import aiortc_ice
from aiortc_bundle import split_candidates
from contract import require

CANDIDATE = "candidate:"


def describe(candidate):
    """An aioice candidate as the data of peer.candidate."""
    data = {
        "candidate": CANDIDATE + candidate.to_sdp(), "type": candidate.type,
        "protocol": candidate.transport.lower(), "address": candidate.host,
        "port": candidate.port,
    }
    if candidate.tcptype:
        data["tcptype"] = candidate.tcptype
    return data


def describe_remote(text):
    """The same of a candidate's text, and what addIceCandidate() takes."""
    require(text.startswith(CANDIDATE), "candidate", 'a text that starts with "candidate:"',
            text)
    candidate = candidate_from_sdp(text[len(CANDIDATE):])
    data = {"candidate": text, "type": candidate.type, "protocol": candidate.protocol.lower(),
            "address": candidate.ip, "port": candidate.port}
    if candidate.tcpType:
        data["tcptype"] = candidate.tcpType
    return data, candidate


def dtls_transports(pc):
    """Those of all m-sections, in a fixed order; a bundled one comes once."""
    transports = [transceiver.sender.transport for transceiver in pc.getTransceivers()]
    if pc.sctp:
        transports.append(pc.sctp.transport)
    return list(dict.fromkeys(transports))


class Description:
    """What signalling has to know of a description, of whichever side."""

    def __init__(self, sdp):
        parsed = SessionDescription.parse(sdp)
        self.media = parsed.media
        self.mids = [media.rtp.muxId for media in parsed.media]
        self.ufrags = [media.ice.usernameFragment for media in parsed.media]
        bundles = [group.items for group in parsed.group if group.semantic == "BUNDLE"]
        self.bundled = bundles[0][1:] if bundles else []

    def index_of(self, ufrag):
        """The first m-section that has the transport: of a BUNDLE group, the one to name."""
        return self.ufrags.index(ufrag)


class Signaling(aiortc_ice.Listener):
    def __init__(self, peer):
        self._peer = peer
        self._pc = peer.pc
        self._contract = peer.contract
        self._local = None
        self._remote = None
        self._is_local_set = asyncio.Event()
        self._incoming = asyncio.Queue()
        self._early = []  # candidates that came before the description
        aiortc_ice.watch(self)
        peer.start(self._take_all())

    # ---- out ----

    async def offer(self):
        await self._describe(await self._pc.createOffer())

    async def _describe(self, description):
        """Sends the description, then gathers."""
        sdp = description.sdp.replace("\r\nm=", "\r\na=ice-options:trickle\r\nm=", 1)
        self._local = Description(description.sdp)
        self._contract.send({"type": "signal",
                             "description": {"type": description.type, "sdp": sdp}})
        try:
            await self._pc.setLocalDescription(description)
        except Exception as error:
            self._tell_turn_failure(error)
            self._peer.fail(f"setLocalDescription({description.type})", error)
            return
        for ufrag in dict.fromkeys(self._local.ufrags):
            self._send_candidate(self._local.index_of(ufrag), "")
        self._is_local_set.set()

    def _send_candidate(self, index, text):
        self._contract.send({"type": "signal", "candidate": {
            "candidate": text, "sdpMid": self._local.mids[index], "sdpMLineIndex": index,
            "usernameFragment": self._local.ufrags[index]}})

    def on_local_candidate(self, ufrag, candidate):
        data = describe(candidate)
        self._contract.report("peer.candidate", data)
        self._send_candidate(self._local.index_of(ufrag), data["candidate"])

    def on_selected_pair(self, ufrag, local, remote):
        self._peer.tell_selected_pair(local, remote)

    def on_stun_failure(self, error):
        self._tell_failure("stun", error)

    def _tell_turn_failure(self, error):
        """The only failure of gathering that aioice raises is that of its TURN server."""
        if any(server.url.startswith("turn") for server in self._peer.wanted.servers):
            self._tell_failure("turn", error)

    def _tell_failure(self, scheme, error):
        url = next(server.url for server in self._peer.wanted.servers
                   if server.url.startswith(scheme))
        data = {"url": url, "errorText": f"{type(error).__name__}: {error}"}
        response = getattr(error, "response", None)
        if response and "ERROR-CODE" in response.attributes:
            data["errorCode"] = response.attributes["ERROR-CODE"][0]
        self._contract.report("peer.candidate-error", data)

    # ---- in ----

    def take(self, message):
        """Checks a signal, and keeps it for its turn."""
        description, candidate = message.get("description"), message.get("candidate")
        is_one = isinstance(description, dict) != isinstance(candidate, dict)
        require(is_one, "signal", "a description or a candidate", [description, candidate])
        if description:
            require(description.get("type") in ("offer", "answer"), "signal: /description/type",
                    '"offer" or "answer"', description.get("type"))
            require(isinstance(description.get("sdp"), str), "signal: /description/sdp",
                    "a text", description.get("sdp"))
        else:
            require(isinstance(candidate.get("candidate"), str), "signal: /candidate/candidate",
                    "a text", candidate.get("candidate"))
        self._incoming.put_nowait((description, candidate))

    async def _take_all(self):
        """One after the other: aiortc does not queue operations itself."""
        while True:
            description, candidate = await self._incoming.get()
            if description:
                await self._take_description(description)
            elif self._remote:
                await self._take_candidate(candidate)
            else:
                self._early.append(candidate)

    async def _take_description(self, description):
        is_offer = description["type"] == "offer"
        if is_offer == self._peer.wanted.is_offerer or self._remote:
            self._contract.warn(f"an {description['type']} out of turn was ignored")
            return
        if not is_offer:
            await self._is_local_set.wait()
        sdp, inside = description["sdp"], []
        try:
            remote = Description(sdp)
            if not remote.media:  # aiortc would answer such an offer, and any text is one
                raise ValueError("there is no m-section")
            if self._peer.is_max_bundle:
                sdp, inside = split_candidates(sdp)
            else:
                self._report_candidates(remote)
            await self._pc.setRemoteDescription(
                RTCSessionDescription(sdp, description["type"]))
            self._remote = remote
            if is_offer:
                self._peer.answer_media()
                self._peer.start(self._describe(await self._pc.createAnswer()))
        except Exception as error:
            self._peer.fail(f"setRemoteDescription({description['type']})", error)
            return
        inside = [{"candidate": text, "sdpMLineIndex": index} for index, text in inside]
        early, self._early = inside + self._early, []
        for candidate in early:
            await self._take_candidate(candidate)

    def _report_candidates(self, remote):
        for media in remote.media:
            for candidate in media.ice_candidates:
                text = CANDIDATE + candidate_to_sdp(candidate)
                self._contract.report("peer.remote-candidate", describe_remote(text)[0])

    async def _take_candidate(self, init):
        ufrag = init.get("usernameFragment")
        if ufrag is not None and ufrag not in self._remote.ufrags:
            self._contract.warn(f"candidate: of another generation (ufrag {ufrag}), ignored")
            return
        try:
            mid = self._mid_of(init)
            if init["candidate"]:
                data, candidate = describe_remote(init["candidate"])
                candidate.sdpMid = mid
                self._contract.report("peer.remote-candidate", data)
                await self._pc.addIceCandidate(candidate)
            elif mid not in self._remote.bundled:
                await self._end_candidates(mid)
        except Exception as error:
            self._contract.warn(f'candidate "{init["candidate"][:80]}": '
                                f"{type(error).__name__}: {error}")

    def _mid_of(self, init):
        """By sdpMid, else by sdpMLineIndex, else the first."""
        mids, index = self._remote.mids, init.get("sdpMLineIndex")
        if init.get("sdpMid") in mids:
            return init["sdpMid"]
        return mids[index if type(index) is int and 0 <= index < len(mids) else 0]

    async def _end_candidates(self, mid):
        """addIceCandidate() has no end-of-candidates; the ICE transport has."""
        transports = {transceiver.mid: transceiver.sender.transport
                      for transceiver in self._pc.getTransceivers()}
        if self._pc.sctp and mid not in transports:
            transports[mid] = self._pc.sctp.transport
        if mid in transports:
            await transports[mid].transport.addRemoteCandidate(None)
