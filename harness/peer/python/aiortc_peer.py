#!/usr/bin/python3 -EsB
# SPDX-License-Identifier: Apache-2.0
"""rtclab-peer-aiortc: aiortc as a peer of rtclab (harness/peer/README.md).

    contract.py         the peer's end of the contract
    configuration.py    what `configure` asks for
    aiortc_peer.py      commands, and the events of the connection
    aiortc_signaling.py descriptions and candidates, out and in
    aiortc_bundle.py    one transport for all, if the policy is max-bundle
    aiortc_ice.py       candidates and pairs at the moment at which aioice has them
    aiortc_media.py     what is sent: a tone and a moving picture
    aiortc_stats.py     getStats() with W3C's names and units

The interpreter is Debian's, whose packages these are; -EsB: nothing from the environment
or a home folder, and nothing written beside the sources.
"""

import asyncio
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import configuration
import contract

try:
    import aiortc
    from aiortc.contrib.media import MediaRelay
    from aiortc.mediastreams import MediaStreamError

    import aiortc_bundle
    import aiortc_media
    import aiortc_signaling
    import aiortc_stats
except ImportError as error:
    aiortc = None
    missing = str(error)

PROGRAM = "rtclab-peer-aiortc"
CAPABILITIES = ["trickle", "data", "audio", "video", "echo-media"]
LABEL = "rtclab"
CLOSE_LIMIT_S = 0.8


class Unsupported(Exception):
    """The configuration asks for what aiortc cannot do."""


def check_supported(wanted):
    if wanted.is_relay_only:
        raise Unsupported(
            f"aiortc {aiortc.__version__} has no iceTransportPolicy: it always uses all candidates")
    if "udp" not in wanted.protocols:
        raise Unsupported("aioice has no ICE over TCP")


class Peer:
    def __init__(self, contract_):
        self.contract = contract_
        self.wanted = None
        self.pc = None
        self.signaling = None
        self.is_configured = False
        self.is_max_bundle = False
        self.is_closing = False
        self._channel = None
        self._channel_counts = {"messagesSent": 0, "bytesSent": 0,
                                "messagesReceived": 0, "bytesReceived": 0}
        self._n_frames = {}
        self._relay = MediaRelay()
        self._states = {}
        self._pair = None
        self._tasks = set()
        self._watched = []

    # ---- events ----

    def report_state(self, kind, state, **more):
        if self._states.get(kind) != state:
            self._states[kind] = state
            self.contract.report(kind, {"state": state, **more})

    def fail(self, what, error):
        """The call cannot come about any more, in the stack's own words."""
        reason = f"{what}: {type(error).__name__}: {error}"
        logging.error("%s", reason, exc_info=error)
        if not self.is_closing:
            self.contract.warn(reason)
            self.report_state("peer.connection-state", "failed", reason=reason[:1000])

    def start(self, coroutine):
        """A task that is kept; what it raises is a warning."""
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)
        return task

    def _on_task_done(self, task):
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            logging.error("in a task", exc_info=task.exception())
            self.contract.warn(f"{type(task.exception()).__name__}: {task.exception()}")

    def _watch_states(self):
        pc = self.pc
        for event, kind, name in (
            ("icegatheringstatechange", "peer.gathering-state", "iceGatheringState"),
            ("signalingstatechange", "peer.signaling-state", "signalingState"),
            ("iceconnectionstatechange", "peer.ice-state", "iceConnectionState"),
            ("connectionstatechange", "peer.connection-state", "connectionState"),
        ):
            pc.on(event, lambda kind=kind, name=name: self.report_state(kind, getattr(pc, name)))

    def watch_dtls(self):
        """Of each DTLS transport, once; several are bundled into one when both agree."""
        for transport in aiortc_signaling.dtls_transports(self.pc):
            if transport not in self._watched:
                self._watched.append(transport)
                transport.on("statechange", lambda of=transport: self.contract.report(
                    "peer.dtls-state", {"state": of.state}))

    def tell_selected_pair(self, local, remote):
        self._pair = local, remote
        self.contract.report("peer.selected-pair", {
            "local": aiortc_signaling.describe(local),
            "remote": aiortc_signaling.describe(remote)})

    # ---- the call ----

    def configure(self, message):
        self.wanted = configuration.read(message)
        self.is_configured = True
        check_supported(self.wanted)
        aiortc_media.tell_header_extensions_apart()
        aiortc_stats.count_octets()
        self.pc = self._make_connection()
        self.signaling = aiortc_signaling.Signaling(self)
        self._watch_states()
        self.report_state("peer.connection-state", self.pc.connectionState)
        self.pc.on("track", self._take_track)
        self.pc.on("datachannel", self._use_channel)
        if self.wanted.is_offerer:
            self._add_own()
            self.watch_dtls()
            self.start(self.signaling.offer())

    def _make_connection(self):
        self.is_max_bundle = self.wanted.is_offerer and self.wanted.bundle_policy == "max-bundle"
        make = aiortc_bundle.MaxBundleConnection if self.is_max_bundle else aiortc.RTCPeerConnection
        return make(aiortc.RTCConfiguration([
            aiortc.RTCIceServer(server.url, server.username, server.credential)
            for server in self.wanted.servers]))

    def _add_own(self):
        """What the offerer asks for. The answerer takes what the offer has."""
        for kind in self.wanted.negotiate:
            if kind == "data":
                self._use_channel(self.pc.createDataChannel(LABEL, **self.wanted.channel))
            else:
                transceiver = self.pc.addTransceiver(kind, self.wanted.direction)
                self._prefer_codec(transceiver)
                self._send_own(transceiver)
        if self.is_max_bundle:
            self.pc.bundle()

    def _prefer_codec(self, transceiver):
        name = {"audio": "audio/opus", "video": "video/VP8"}[transceiver.kind]
        capabilities = aiortc.RTCRtpSender.getCapabilities(transceiver.kind).codecs
        transceiver.setCodecPreferences(
            [codec for codec in capabilities if codec.mimeType in (name, "video/rtx")])

    def _send_own(self, transceiver):
        if self.wanted.direction != "recvonly" and transceiver.kind not in self.wanted.echo:
            transceiver.sender.replaceTrack(aiortc_media.make_track(transceiver.kind))

    def answer_media(self):
        """The answerer's part of the transceivers that an offer made."""
        for transceiver in self.pc.getTransceivers():
            is_wanted = transceiver.kind in self.wanted.negotiate
            transceiver.direction = self.wanted.direction if is_wanted else "inactive"
            if is_wanted:
                self._send_own(transceiver)
        self.watch_dtls()

    # ---- media in ----

    def _take_track(self, track):
        if track.kind in self.wanted.echo:
            for transceiver in self.pc.getTransceivers():
                if transceiver.receiver.track is track:
                    transceiver.sender.replaceTrack(self._relay.subscribe(track))
        self.start(self._count_frames(self._relay.subscribe(track)))

    async def _count_frames(self, track):
        try:
            while await track.recv():
                n = self._n_frames[track.kind] = self._n_frames.get(track.kind, 0) + 1
                if n == 1:
                    self.contract.report("peer.first-media", {"media": track.kind})
        except MediaStreamError:
            pass

    # ---- data ----

    def _use_channel(self, channel):
        if self._channel:
            self.contract.warn(f"a further data channel was ignored: {channel.label}")
            return
        self._channel = channel
        channel.on("message", self._take_data)
        if channel.readyState == "open":
            self._on_open()
        else:
            channel.on("open", self._on_open)

    def _on_open(self):
        self.contract.report("peer.channel-open", {"label": self._channel.label})

    def _send(self, data):
        if self._channel and self._channel.readyState == "open":
            self._count("Sent", data)
            self._channel.send(data)
        else:
            self.contract.warn("send: the data channel is not open")

    def _count(self, way, data):
        self._channel_counts[f"messages{way}"] += 1
        self._channel_counts[f"bytes{way}"] += len(
            data if isinstance(data, bytes) else data.encode())

    def _take_data(self, message):
        self._count("Received", message)
        self.contract.report("peer.message", contract.describe_message(message))
        if "data" in self.wanted.echo:
            self._send(message)

    # ---- commands ----

    def take_signal(self, message):
        if self.signaling:
            self.signaling.take(message)

    def restart_ice(self, _):
        self.contract.warn(f"restart-ice: aiortc {aiortc.__version__} has none")

    def send(self, message):
        text, octets = message.get("data"), message.get("data_hex")
        if isinstance(text, str):
            self._send(text)
            return
        contract.require(isinstance(octets, str), "send: /data", "a text", text)
        try:
            self._send(bytes.fromhex(octets))
        except ValueError:
            contract.require(False, "send: /data_hex", "bytes in hexadecimal", octets)

    async def close(self):
        self.is_closing = True
        if self.pc:
            self.contract.report("peer.stats", {"stats": await self._collect_stats()})
            try:
                await asyncio.wait_for(self.pc.close(), CLOSE_LIMIT_S)
            except Exception as error:
                logging.warning("while it was closed", exc_info=error)
            for kind in ("peer.ice-state", "peer.connection-state"):
                self.report_state(kind, "closed")
        self.contract.send({"type": "done"})

    async def _collect_stats(self):
        now_ms = time.time() * 1000
        try:
            stats = await aiortc_stats.collect(self.pc, self._n_frames)
        except Exception as error:
            self.contract.warn(f"getStats: {type(error).__name__}: {error}")
            stats = []
        if self._pair:
            stats += aiortc_stats.describe_pair(*self._pair, now_ms)
        if self._channel:
            stats.append({"type": "data-channel", "id": "data-channel-1", "timestamp": now_ms,
                          "label": self._channel.label, "state": self._channel.readyState,
                          **self._channel_counts})
        return stats


# ---- the life of the peer ----


async def obey(peer, message):
    """True once the peer shall end."""
    kind = message.get("type")
    contract.require(isinstance(kind, str), "/type", "a text", kind)
    if kind == "close":
        await peer.close()
        return True
    commands = {"configure": peer.configure, "signal": peer.take_signal,
                "restart-ice": peer.restart_ice, "send": peer.send}
    contract.require(kind in commands, "/type", "a type of the contract", kind)
    if (kind == "configure") == peer.is_configured:
        when = "again" if peer.is_configured else "before configure"
        peer.contract.warn(f"{kind}: {when}, ignored")
    else:
        commands[kind](message)
    return False


async def serve(peer, link):
    """Until the end; the status to exit with."""
    async for message, invalid in link.messages():
        try:
            if message is None:
                raise contract.Invalid(invalid)
            if await obey(peer, message):
                break
        except contract.Invalid as error:
            link.warn(str(error))
            if not peer.is_configured:
                return contract.EXIT_USAGE
        except Unsupported as error:
            link.send({"type": "unsupported", "what": str(error)})
            break
        except Exception as error:
            peer.fail(str(message.get("type")), error)
    return contract.EXIT_AS_EXPECTED


def watch_errors(link):
    """What is raised where nobody takes it, in the stack's own tasks and threads."""
    loop = asyncio.get_running_loop()

    def tell(what, error):
        logging.error("%s", what, exc_info=error)
        link.warn(f"aiortc: {what}: {type(error).__name__}: {error}")

    loop.set_exception_handler(
        lambda _, context: tell(context["message"], context.get("exception")))
    threading.excepthook = lambda of: loop.call_soon_threadsafe(
        tell, f"in thread {of.thread.name}", of.exc_value)


async def run(fd):
    # Of encoders side by side, which is ready first is up to the kernel; so one by one.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=1))
    link = contract.Contract(fd)
    await link.open()
    if not aiortc:
        link.send({"type": "unsupported", "what":
                   f"aiortc is not installed ({missing}); try: ./quickstart.sh deps --all"})
        await link.flush()
        return contract.EXIT_AS_EXPECTED
    watch_errors(link)
    peer = Peer(link)
    link.send({"type": "hello", "contract": contract.VERSION, "stack": "aiortc",
               "version": aiortc.__version__, "capabilities": CAPABILITIES})
    status = await serve(peer, link)
    await link.flush()
    return status


def main():
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    fd = contract.descriptor(PROGRAM)
    try:
        status = asyncio.run(run(fd))
    except Exception:
        logging.exception("%s", PROGRAM)
        status = 1
    contract.leave(status)


main()
