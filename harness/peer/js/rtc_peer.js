// SPDX-License-Identifier: Apache-2.0
/*
 * The peer contract (../README.md) over W3C's RTCPeerConnection, for any stack that has it:
 * libraries for Node, and browsers. In Node `require()` gives RtcPeer, as a plain script in a
 * page, after rtc_text.js, it defines the global RtcPeer.
 *
 *     const peer = new RtcPeer(environment);
 *     peer.start();          // says hello
 *     peer.take(line);       // each line of the contract, as text without its newline
 *
 * environment: all that differs from place to place:
 *
 *     hello              {stack, version, capabilities: [...]}, and what else hello may have
 *     write(line)        takes a line of the contract, without its newline
 *     end(status)        all is said: flush, and exit with this status (0 or 2)
 *     RTCPeerConnection  the constructor
 *     now_ns()           CLOCK_MONOTONIC as a number; absent: events have no time of their own
 *     media              absent: no audio and video; else
 *         open(kind)         -> {track, close()}: a track to send
 *         watch(track, kind, onFrame)
 *                            -> {frames(), close()}: calls onFrame() once, when the first frame
 *                               is decoded; frames(): how many were, undefined if not known.
 *                               May be async
 *         echo(track, kind)  -> {track, close()}: a track that sends back what comes on `track`;
 *                               absent: it is `track` itself
 *     adapt(rtc, configuration, warn)
 *                        what a stack wants else: takes the RTCConfiguration, the contract's
 *                        configuration, and what reports a peer.warning; returns what is given
 *                        to the constructor
 *     connect(pc)        called with each new connection
 *     refuse(configuration)
 *                        why this cannot be done, a text: the peer is then `unsupported`
 *     bytes(array)       a Uint8Array as RTCDataChannel.send() wants it
 *     setTimeout         if it is not the global one
 *
 * Only handlers (`onicecandidate = ...`) are set, as all stacks have them. States are read from
 * the connection when their event comes; an environment that knows better sets `state` of the
 * event. What comes in is from the harness or the other peer and may be hostile: what cannot be
 * taken is a peer.warning, and the call goes on without.
 */
(function (root) {
    "use strict";

    const isNode = typeof module === "object" && module && module.exports;
    const {
        TEXT_SHOWN_CHARACTERS, Nonsense, cleanValue, wordsOf, fromHex, describeMessage, bytesOf,
        parseCandidate, linesOf, attributesOf, withoutCandidates, checkConfiguration,
        collectStats, findPair,
    } = isNode ? require("./rtc_text.js") : root.RtcText;

    const CONTRACT_VERSION = 1;
    const LINE_MAX_CHARACTERS = 1024 * 1024;
    const UNSENT_MAX = 64; // messages that may wait for the data channel
    const EARLY_MAX = 256; // candidates that may wait for their description
    const STATS_LIMIT_MS = 500;
    const STATS_KEPT_MS = 60; // for so long, about, libwebrtc gives the same statistics again
    const CLOSE_LIMIT_MS = 300;
    const PAIR_PERIOD_MS = 50;
    const PAIR_LOOKS = 40;
    const CHANNEL_LABEL = "rtclab";

    const MEDIA = ["audio", "video"];
    const STATES = [
        ["signalingState", "onsignalingstatechange", "peer.signaling-state"],
        ["iceGatheringState", "onicegatheringstatechange", "peer.gathering-state"],
        ["iceConnectionState", "oniceconnectionstatechange", "peer.ice-state"],
        ["connectionState", "onconnectionstatechange", "peer.connection-state"],
    ];

    // ---- the peer ----

    class RtcPeer {
        constructor(environment) {
            this.environment = environment;
            this.configuration = null;
            this.pc = null;
            this.isEnding = false; // told to close
            this.isClosing = false; // nothing is told any more
            this.isOver = false;
            this.told = {}; // the last state told of each kind
            this.work = Promise.resolve(); // signals are taken one after the other

            this.unsentDescription = null;
            this.localSdp = "";
            this.isEndTold = true;
            this.earlyLocal = []; // candidates found before our description went out
            this.earlyRemote = []; // candidates that came before their description
            this.remoteFragments = null;
            this.candidates = new Map(); // what candidates were told, for the selected pair

            this.openChannel = null;
            this.unsent = [];
            this.opened = []; // what is to be closed: {close()}
            this.watched = new Map(); // kind: {frames()}
            this.transports = new Set();
            this.pair = "";
            this.looksLeft = 0;
            this.isLooking = false;
        }

        // ---- out ----

        say(message) {
            if (this.isOver)
                return;
            const line = JSON.stringify(message, cleanValue);
            if (line.length <= LINE_MAX_CHARACTERS)
                this.environment.write(line);
            else
                this.warn(`a ${message.type} of ${line.length} characters was not sent`);
        }

        tell(kind, data) {
            const message = { type: "event", kind, data };
            if (this.environment.now_ns)
                message.t_ns = this.environment.now_ns();
            this.say(message);
        }

        warn(what) {
            this.tell("peer.warning", { what: what.slice(0, TEXT_SHOWN_CHARACTERS) });
        }

        tellState(kind, state, reason) {
            if (!state || this.told[kind] === state)
                return;
            this.told[kind] = state;
            this.tell(kind, reason ? { state, reason } : { state });
        }

        // The call cannot come about any more.
        fail(what, error) {
            const reason = `${what}: ${wordsOf(error)}`;
            this.warn(reason);
            this.tellState("peer.connection-state", "failed", reason);
        }

        finish(status) {
            this.isOver = true;
            this.environment.end(status);
        }

        unsupported(what) {
            this.say({ type: "unsupported", what });
            this.finish(0);
        }

        after(limit_ms) {
            const set = this.environment.setTimeout || root.setTimeout;
            return new Promise((resolve) => set(resolve, limit_ms));
        }

        // ---- states ----

        watchStates() {
            for (const [property, handler, kind] of STATES)
                this.pc[handler] = (event) => {
                    if (!this.isClosing)
                        this.takeState(kind, (event && event.state) || this.pc[property]);
                };
            this.tellState("peer.connection-state", this.pc.connectionState || "new");
        }

        takeState(kind, state) {
            if (kind === "peer.gathering-state" && state === "gathering")
                this.isEndTold = false;
            this.tellState(kind, state);
            if (kind === "peer.gathering-state" && state === "complete")
                this.takeEndOfLocalCandidates();
            if (kind === "peer.signaling-state")
                this.sendDescription();
            if (kind !== "peer.gathering-state")
                this.lookForPair();
        }

        dtlsTransports() {
            const all = new Set();
            const add = (transport) => transport && all.add(transport);
            add(this.pc.sctp && this.pc.sctp.transport);
            for (const transceiver of this.pc.getTransceivers())
                add((transceiver.sender && transceiver.sender.transport) ||
                    (transceiver.receiver && transceiver.receiver.transport));
            return [...all];
        }

        // They come with the descriptions, and bundling changes which they are.
        watchTransports() {
            for (const dtls of this.dtlsTransports()) {
                if (this.transports.has(dtls))
                    continue;
                this.transports.add(dtls);
                dtls.onstatechange = () => this.takeDtlsState();
                const ice = dtls.iceTransport;
                if (ice && "onselectedcandidatepairchange" in ice)
                    ice.onselectedcandidatepairchange = () => this.tellPair(this.pairOfTransport());
            }
            this.takeDtlsState();
        }

        // One state for all transports, as W3C has it for connectionState.
        takeDtlsState() {
            if (this.isClosing)
                return;
            const states = this.dtlsTransports().map((dtls) => dtls.state);
            const state = ["failed", "closed", "connecting"].find((s) => states.includes(s));
            if (state)
                this.tellState("peer.dtls-state", state);
            else if (states.length > 0 && states.every((s) => s === "connected"))
                this.tellState("peer.dtls-state", "connected");
            this.lookForPair();
        }

        /*
         * Not all stacks tell when it changes: once there can be one, it is looked for when
         * something has happened, and for a while after. (Not before:
         * STATS_KEPT_MS.)
         */
        async lookForPair() {
            const states = [this.pc.iceConnectionState, this.told["peer.dtls-state"]];
            if (!states.some((state) => ["connecting", "connected", "completed"].includes(state)))
                return;
            this.looksLeft = PAIR_LOOKS;
            if (this.isLooking)
                return;
            this.isLooking = true;
            for (; this.looksLeft > 0 && !this.isClosing; this.looksLeft--) {
                await this.readPair();
                await this.after(PAIR_PERIOD_MS);
            }
            this.isLooking = false;
        }

        async readPair() {
            try {
                this.tellPair(this.pairOfTransport() || await this.pairOfStats());
            } catch (error) {
                // There is none yet, or the stack cannot tell.
            }
        }

        tellPair(pair) {
            const text = JSON.stringify(pair);
            if (!pair || text === this.pair || this.isClosing)
                return;
            this.pair = text;
            this.tell("peer.selected-pair", pair);
        }

        pairOfTransport() {
            const [dtls] = this.dtlsTransports();
            const ice = dtls && dtls.iceTransport;
            try {
                const pair = ice && ice.getSelectedCandidatePair && ice.getSelectedCandidatePair();
                const local = pair && parseCandidate(pair.local.candidate);
                const remote = pair && parseCandidate(pair.remote.candidate);
                return local && remote ? { local: local.event, remote: remote.event } : null;
            } catch (error) {
                return null; // not made, in some stacks
            }
        }

        async pairOfStats() {
            return this.pairIn(collectStats(await this.pc.getStats()));
        }

        pairIn(stats) {
            const pair = findPair(stats);
            const describe = (c) => ({
                candidate: this.candidates.get(`${c.protocol} ${c.address} ${c.port}`),
                type: c.candidateType,
                protocol: c.protocol,
                address: c.address,
                port: c.port,
            });
            return pair && { local: describe(pair.local), remote: describe(pair.remote) };
        }

        // ---- local candidates ----

        takeLocalCandidate(found) {
            if (this.isClosing)
                return;
            if (!found || !found.candidate) {
                this.takeEndOfLocalCandidates();
                return;
            }
            const parsed = parseCandidate(found.candidate);
            if (parsed && !this.configuration.protocols.includes(parsed.event.protocol))
                return;
            if (parsed)
                this.tellCandidate("peer.candidate", parsed.event);
            this.signalCandidate({
                candidate: found.candidate,
                sdpMid: found.sdpMid,
                sdpMLineIndex: found.sdpMLineIndex,
                usernameFragment: found.usernameFragment || (parsed && parsed.fragment) || undefined,
            });
        }

        // Some stacks tell it twice, or by the gathering state alone.
        takeEndOfLocalCandidates() {
            if (this.isEndTold)
                return;
            this.isEndTold = true;
            this.signalCandidate({ candidate: "" });
        }

        signalCandidate(candidate) {
            if (this.unsentDescription || !this.localSdp) {
                this.earlyLocal.push(candidate);
                return;
            }
            if (candidate.candidate === "")
                candidate = {
                    candidate: "",
                    sdpMid: attributesOf(this.localSdp, "mid")[0],
                    sdpMLineIndex: 0,
                    usernameFragment: attributesOf(this.localSdp, "ice-ufrag")[0],
                };
            this.say({ type: "signal", candidate });
        }

        tellCandidate(kind, event) {
            this.candidates.set(`${event.protocol} ${event.address} ${event.port}`, event.candidate);
            this.tell(kind, event);
        }

        // ---- descriptions ----

        /*
         * A description goes out as soon as the stack has taken it as its own: some end
         * setLocalDescription() only when they have gathered.
         */
        async describe(description) {
            this.unsentDescription = description;
            const isSent = new Promise((resolve) => {
                this.onDescriptionSent = resolve;
            });
            this.pc.setLocalDescription(description).then(
                () => {
                    this.sendDescription();
                    this.watchTransports();
                },
                (error) => {
                    this.unsentDescription = null;
                    this.onDescriptionSent();
                    this.fail(`setLocalDescription of the ${description.type}`, error);
                });
            await isSent;
        }

        sendDescription() {
            const description = this.unsentDescription;
            const taken = description &&
                (description.type === "offer" ? "have-local-offer" : "stable");
            if (!description || this.pc.signalingState !== taken)
                return;
            this.unsentDescription = null;
            this.localSdp = withoutCandidates(description.sdp);
            this.say({ type: "signal", description: { type: description.type, sdp: this.localSdp } });
            for (const candidate of this.earlyLocal.splice(0))
                this.signalCandidate(candidate);
            this.onDescriptionSent();
        }

        async offer(options) {
            await this.describe(await this.pc.createOffer(options));
        }

        async takeDescription(description) {
            const isOffer = description.type === "offer";
            const wanted = isOffer ? "stable" : "have-local-offer";
            if (isOffer !== (this.configuration.role === "answerer") ||
                this.pc.signalingState !== wanted) {
                this.warn(`an ${isOffer ? "offer" : "answer"} out of turn was ignored`);
                return;
            }
            const sdp = this.filterCandidates(description.sdp);
            try {
                await this.pc.setRemoteDescription({ type: description.type, sdp });
            } catch (error) {
                this.fail(`setRemoteDescription of the ${description.type}`, error);
                return;
            }
            this.remoteFragments = attributesOf(sdp, "ice-ufrag");
            for (const text of attributesOf(sdp, "candidate")) {
                const parsed = parseCandidate(`candidate:${text}`);
                if (parsed)
                    this.tellCandidate("peer.remote-candidate", parsed.event);
            }
            this.watchTransports();
            if (isOffer) {
                await this.answerMedia();
                await this.describe(await this.pc.createAnswer());
            }
            for (const candidate of this.earlyRemote.splice(0))
                await this.takeCandidate(candidate);
        }

        // Without candidates of protocols that are not to be taken.
        filterCandidates(sdp) {
            const isTaken = (line) => {
                const parsed = line.startsWith("a=candidate:") && parseCandidate(line.slice(2));
                return !parsed || this.configuration.protocols.includes(parsed.event.protocol);
            };
            return linesOf(sdp).filter((line) => line && isTaken(line))
                .map((line) => `${line}\r\n`).join("");
        }

        // ---- remote candidates ----

        async takeCandidate(candidate) {
            if (!this.remoteFragments) {
                if (this.earlyRemote.length < EARLY_MAX)
                    this.earlyRemote.push(candidate);
                else
                    this.warn("candidate: too many before a description, ignored");
                return;
            }
            const fragment = candidate.usernameFragment;
            if (typeof fragment === "string" && !this.remoteFragments.includes(fragment)) {
                this.warn(`candidate: of another generation (ufrag ${fragment.slice(0, 60)}), ignored`);
                return;
            }
            const parsed = candidate.candidate ? parseCandidate(candidate.candidate) : null;
            if (parsed && !this.configuration.protocols.includes(parsed.event.protocol))
                return;
            if (parsed)
                this.tellCandidate("peer.remote-candidate", parsed.event);
            else if (candidate.candidate)
                this.warn(`candidate: cannot be read: "${candidate.candidate.slice(0, 60)}"`);
            try {
                await this.pc.addIceCandidate(candidate);
            } catch (error) {
                this.warn(`addIceCandidate: ${wordsOf(error)}`);
            }
        }

        // ---- media ----

        wants(kind) {
            return this.configuration.negotiate.includes(kind);
        }

        sends(kind) {
            return this.wants(kind) && this.configuration.direction !== "recvonly";
        }

        keep(opened) {
            this.opened.push(opened);
            return opened;
        }

        offerMedia() {
            for (const kind of MEDIA) {
                if (!this.wants(kind))
                    continue;
                const { direction } = this.configuration;
                const track = this.sends(kind) && !this.configuration.echo.includes(kind)
                    ? this.keep(this.environment.media.open(kind)).track : kind;
                this.pc.addTransceiver(track, { direction });
            }
        }

        // What is sent to whom offers: the transceivers are those of the offer (RFC 9429
        // section 4.2.5).
        async answerMedia() {
            for (const transceiver of this.pc.getTransceivers()) {
                const { track } = transceiver.receiver;
                const kind = track ? track.kind : transceiver.kind;
                if (!this.sends(kind) || transceiver.isAnswered)
                    continue;
                transceiver.isAnswered = true;
                transceiver.direction = this.configuration.direction;
                if (!this.configuration.echo.includes(kind)) {
                    const own = this.keep(this.environment.media.open(kind));
                    await transceiver.sender.replaceTrack(own.track);
                }
            }
        }

        async takeTrack(event) {
            const { track } = event;
            const { kind } = track;
            if (!this.environment.media || !this.wants(kind) || this.isClosing)
                return;
            try {
                if (this.configuration.echo.includes(kind))
                    await this.echoTrack(event, kind);
                const watch = await this.environment.media.watch(
                    track, kind, () => this.takeFirstFrame(kind));
                this.watched.set(kind, this.keep(watch));
            } catch (error) {
                this.warn(`${kind}: ${wordsOf(error)}`);
            }
        }

        async echoTrack(event, kind) {
            const { echo } = this.environment.media;
            const back = echo ? this.keep(echo(event.track, kind)) : { track: event.track };
            await event.transceiver.sender.replaceTrack(back.track);
        }

        takeFirstFrame(kind) {
            if (this.isClosing)
                return;
            this.tell("peer.first-media", { media: kind });
            this.lookForPair();
        }

        // ---- the data channel ----

        takeChannel(channel) {
            channel.binaryType = "arraybuffer";
            channel.onopen = () => this.takeOpen(channel);
            channel.onmessage = (event) => this.takeMessage(channel, event.data);
            channel.onerror = (event) => this.warn(`data channel: ${wordsOf(event && event.error)}`);
            if (channel.readyState === "open")
                this.takeOpen(channel);
        }

        takeOpen(channel) {
            if (this.isClosing || channel === this.openChannel)
                return;
            this.openChannel = channel;
            this.tell("peer.channel-open", { label: String(channel.label) });
            this.lookForPair();
            for (const data of this.unsent.splice(0))
                this.sendOn(channel, data);
        }

        takeMessage(channel, data) {
            if (this.isClosing)
                return;
            const content = typeof data === "string" ? data : bytesOf(data);
            this.tell("peer.message", describeMessage(content));
            if (this.configuration.echo.includes("data"))
                this.sendOn(channel, content);
        }

        sendOn(channel, data) {
            try {
                const { bytes } = this.environment;
                channel.send(typeof data === "string" || !bytes ? data : bytes(data));
            } catch (error) {
                this.warn(`send: ${wordsOf(error)}`);
            }
        }

        // ---- commands ----

        configure(message) {
            if (this.configuration) {
                this.warn("configure: came twice, ignored");
                return;
            }
            const { environment } = this;
            const c = checkConfiguration(message);
            this.configuration = c;
            const lacks = c.negotiate.find((kind) => kind !== "data" && !environment.media);
            const why = lacks ? `${environment.hello.stack} cannot do ${lacks}`
                              : environment.refuse && environment.refuse(c);
            if (why) {
                this.unsupported(why);
                return;
            }
            const { iceServers, iceTransportPolicy, bundlePolicy } = c;
            const rtc = { iceServers, iceTransportPolicy, bundlePolicy };
            try {
                this.connect(environment.adapt ? environment.adapt(rtc, c, (what) => this.warn(what))
                                         : rtc);
            } catch (error) {
                this.fail("RTCPeerConnection", error);
                return;
            }
            if (c.role === "offerer")
                this.do(() => this.startOffer());
        }

        connect(rtc) {
            const pc = new this.environment.RTCPeerConnection(rtc);
            this.pc = pc;
            if (this.environment.connect)
                this.environment.connect(pc);
            this.watchStates();
            pc.onicecandidate = (event) => this.takeLocalCandidate(event.candidate);
            pc.onicecandidateerror = (event) => {
                if (!this.isClosing)
                    this.tell("peer.candidate-error", {
                        url: event.url,
                        errorText: event.errorText,
                        errorCode: event.errorCode,
                    });
            };
            pc.ontrack = (event) => this.takeTrack(event);
            pc.ondatachannel = (event) => this.takeChannel(event.channel);
        }

        async startOffer() {
            if (this.wants("data")) {
                const { ordered, maxRetransmits, maxPacketLifeTime } = this.configuration.dataChannel;
                const init = JSON.parse(JSON.stringify({ ordered, maxRetransmits, maxPacketLifeTime }));
                this.takeChannel(this.pc.createDataChannel(CHANNEL_LABEL, init));
            }
            this.offerMedia();
            await this.offer();
        }

        // What fails here fails the call: it is about a description.
        do(action) {
            this.work = this.work.then(() => (this.isClosing ? undefined : action()))
                .catch((error) => this.fail(this.configuration.role, error));
        }

        signal({ description, candidate }) {
            if (description && !candidate && ["offer", "answer"].includes(description.type) &&
                typeof description.sdp === "string")
                this.do(() => this.takeDescription(description));
            else if (candidate && !description && typeof candidate.candidate === "string")
                this.do(() => this.takeCandidate(candidate));
            else
                throw new Nonsense("signal: must have a description or a candidate");
        }

        restartIce() {
            if (this.configuration.role !== "offerer")
                this.warn("restart-ice: the answerer does not offer");
            else
                this.do(() => this.offer({ iceRestart: true }));
        }

        send({ data, data_hex }) {
            if (typeof data !== "string" && typeof data_hex !== "string")
                throw new Nonsense("send: must have data or data_hex");
            const content = typeof data === "string" ? data : fromHex(data_hex);
            if (this.openChannel)
                this.sendOn(this.openChannel, content);
            else if (this.unsent.length < UNSENT_MAX)
                this.unsent.push(content);
            else
                this.warn("send: the data channel is not open yet");
        }

        async tellStats() {
            await this.after(STATS_KEPT_MS);
            const late = this.after(STATS_LIMIT_MS).then(() => null);
            try {
                const report = await Promise.race([this.pc.getStats(), late]);
                const stats = report ? collectStats(report) : [];
                for (const object of stats)
                    if (object.type === "inbound-rtp" && object.kind === "video" &&
                        object.framesDecoded === undefined)
                        object.framesDecoded = this.framesOf(object.kind);
                this.tell("peer.stats", { stats });
                this.tellPair(this.pairOfTransport() || this.pairIn(stats));
            } catch (error) {
                this.warn(`getStats: ${wordsOf(error)}`);
            }
        }

        framesOf(kind) {
            const watch = this.watched.get(kind);
            return watch && watch.frames ? watch.frames() : undefined;
        }

        async close() {
            if (this.isEnding)
                return;
            this.isEnding = true;
            if (this.pc)
                await this.tellStats();
            this.isClosing = true;
            for (const opened of this.opened)
                try {
                    opened.close();
                } catch (error) {
                    this.warn(`close: ${wordsOf(error)}`);
                }
            if (this.pc)
                await this.closeConnection();
            this.say({ type: "done" });
            this.finish(0);
        }

        // close() tells no events (W3C webrtc-pc section 4.4.1.12).
        async closeConnection() {
            try {
                await Promise.race([this.pc.close(), this.after(CLOSE_LIMIT_MS)]);
            } catch (error) {
                this.warn(`close: ${wordsOf(error)}`);
            }
            for (const [property, , kind] of STATES)
                if (this.pc[property] === "closed")
                    this.tellState(kind, "closed");
        }

        obey(message) {
            const commands = {
                configure: () => this.configure(message),
                signal: () => this.signal(message),
                "restart-ice": () => this.restartIce(),
                send: () => this.send(message),
                close: () => this.close(),
            };
            if (!Object.hasOwn(commands, message.type))
                throw new Nonsense("/type: must be a type of the contract, is " +
                                   String(JSON.stringify(message.type)).slice(0, 60));
            return commands[message.type]();
        }

        start() {
            this.say({ type: "hello", contract: CONTRACT_VERSION, ...this.environment.hello });
        }

        take(line) {
            if (this.isOver)
                return;
            try {
                const message = JSON.parse(line);
                if (!message || typeof message !== "object")
                    throw new Nonsense("a message must be a JSON object");
                const isEarly = !this.pc && !["configure", "close"].includes(message.type);
                if (isEarly || (this.isEnding && message.type !== "close"))
                    this.warn(`${String(message.type).slice(0, 60)}: ` +
                              `${isEarly ? "before configure" : "after close"}, ignored`);
                else
                    this.obey(message);
            } catch (error) {
                this.warn(wordsOf(error));
                if (!this.configuration)
                    this.finish(2);
            }
        }
    }

    if (isNode)
        module.exports = RtcPeer;
    else
        root.RtcPeer = RtcPeer;
})(globalThis);
