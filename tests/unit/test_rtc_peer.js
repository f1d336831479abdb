// SPDX-License-Identifier: Apache-2.0
/*
 * RtcPeer (harness/peer/js) over a connection that does what a test says: what it tells, in which
 * order, and what it makes of hostile lines.
 */
"use strict";

const assert = require("assert");

const RtcPeer = require("../../harness/peer/js/rtc_peer.js");

const SDP = (ufrag) => `v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n` +
    `a=ice-ufrag:${ufrag}\r\n`;
const CANDIDATE = (port, protocol = "udp") =>
    `candidate:1 1 ${protocol} 1 192.0.2.1 ${port} typ host`;

class Channel {
    constructor(label) {
        Object.assign(this, { label, readyState: "connecting", sent: [] });
    }

    send(data) {
        this.sent.push(data);
    }
}

// A stack that gathers before setLocalDescription() ends, as the slowest do.
class Connection {
    constructor(configuration) {
        Object.assign(this, {
            configuration, taken: [], signalingState: "stable", iceGatheringState: "new",
            iceConnectionState: "new", connectionState: "new", sctp: null,
        });
        Connection.last = this;
    }

    createDataChannel(label, init) {
        this.channel = Object.assign(new Channel(label), { init });
        return this.channel;
    }

    getTransceivers() {
        return [];
    }

    async createOffer(options) {
        return { type: "offer", sdp: SDP(options && options.iceRestart ? "new" : "own") +
            `a=${CANDIDATE(1)}\r\n` };
    }

    async createAnswer() {
        return { type: "answer", sdp: SDP("own") };
    }

    async setLocalDescription({ type }) {
        this.signalingState = type === "offer" ? "have-local-offer" : "stable";
        this.onicecandidate({ candidate: { candidate: CANDIDATE(1000), sdpMid: "0" } });
        this.onsignalingstatechange();
        this.iceGatheringState = "gathering";
        this.onicegatheringstatechange();
        this.onicecandidate({ candidate: { candidate: CANDIDATE(9, "tcp"), sdpMid: "0" } });
        this.iceGatheringState = "complete";
        this.onicegatheringstatechange();
        this.onicecandidate({ candidate: null });
        await new Promise((resolve) => setTimeout(resolve, 20));
    }

    async setRemoteDescription({ type, sdp }) {
        if (sdp.includes("rubbish"))
            throw new Error("no\0SDP");
        this.remote = sdp;
        this.signalingState = type === "offer" ? "have-remote-offer" : "stable";
        this.onsignalingstatechange();
    }

    async addIceCandidate(candidate) {
        this.taken.push(candidate.candidate);
    }

    async getStats() {
        return new Map([["a", { type: "inbound-rtp", kind: "video", priority: 1.2e19, count: 7n }],
                        ["b", { type: "certificate" }]]);
    }

    close() {
        this.signalingState = "closed";
        this.connectionState = "closed";
    }
}

function makePeer(extra) {
    const said = [];
    const peer = new RtcPeer({
        hello: { stack: "s", version: "1", capabilities: [] },
        write: (line) => said.push(JSON.parse(line)),
        end: (status) => said.push({ type: "end", status }),
        RTCPeerConnection: Connection,
        ...extra,
    });
    peer.start();
    const tell = async (message) => {
        peer.take(typeof message === "string" ? message : JSON.stringify(message));
        await new Promise((resolve) => setTimeout(resolve, 1));
    };
    const events = (kind) => said.filter((m) => m.kind === kind).map((m) => m.data);
    const signals = () => said.filter((m) => m.type === "signal")
        .map((m) => (m.description ? m.description.type : m.candidate.candidate));
    return { peer, said, tell, events, signals };
}

const configure = (role, extra) => ({ type: "configure", role, ...extra });
const description = (type, ufrag) => ({ type: "signal", description: { type, sdp: SDP(ufrag) } });
const candidate = (port, usernameFragment, protocol) => ({
    type: "signal",
    candidate: { candidate: port ? CANDIDATE(port, protocol) : "", sdpMid: "0", usernameFragment },
});

const tests = {
    async "the description goes out before its candidates, without any, and before gathering ends"() {
        const { said, tell, signals } = makePeer();
        await tell(configure("offerer"));
        assert.deepStrictEqual(signals(), ["offer", CANDIDATE(1000), ""]);
        const [offer, , end] = said.filter((m) => m.type === "signal");
        assert.ok(!offer.description.sdp.includes("a=candidate"));
        assert.strictEqual(end.candidate.usernameFragment, "own");
    },

    async "candidates of protocols that were not asked for are neither told nor taken"() {
        const { tell, events } = makePeer();
        await tell(configure("answerer"));
        await tell(description("offer", "theirs"));
        await tell(candidate(2, "theirs", "tcp"));
        assert.deepStrictEqual(events("peer.candidate").map((c) => c.port), [1000]);
        assert.deepStrictEqual(Connection.last.taken, []);
    },

    async "candidates that come early are kept, those of another generation left out"() {
        const { tell, events } = makePeer();
        await tell(configure("answerer"));
        await tell(candidate(3, "theirs"));
        await tell(candidate(4, "older"));
        await tell(description("offer", "theirs"));
        await tell(candidate(0, "theirs"));
        assert.deepStrictEqual(Connection.last.taken, [CANDIDATE(3), ""]);
        assert.ok(events("peer.warning")[0].what.includes("of another generation (ufrag older)"));
    },

    async "an ICE restart is a second offer, and an offer out of turn is ignored"() {
        const { tell, events, signals } = makePeer();
        await tell(configure("offerer"));
        await tell(description("offer", "theirs"));
        await tell(description("answer", "theirs"));
        await tell({ type: "restart-ice" });
        assert.strictEqual(signals().filter((type) => type === "offer").length, 2);
        assert.deepStrictEqual(events("peer.warning").map((w) => w.what),
                               ["an offer out of turn was ignored"]);
    },

    async "a description that is refused fails the call, in the stack's words"() {
        const { tell, events } = makePeer();
        await tell(configure("answerer"));
        await tell({ type: "signal", description: { type: "offer", sdp: "rubbish" } });
        assert.deepStrictEqual(events("peer.connection-state"), [
            { state: "new" },
            { state: "failed", reason: "setRemoteDescription of the offer: no\ufffdSDP" },
        ]);
    },

    async "what is sent early waits for the channel, and comes back where that was asked for"() {
        const { tell, events } = makePeer();
        await tell(configure("offerer", { echo: ["data"], dataChannel: { ordered: false } }));
        await tell({ type: "send", data: "early" });
        await tell({ type: "send", data_hex: "00ff" });
        const { channel } = Connection.last;
        assert.deepStrictEqual(channel.sent, []);
        channel.onopen();
        channel.onopen();
        assert.deepStrictEqual(channel.sent, ["early", Uint8Array.of(0, 255)]);
        channel.onmessage({ data: "h\u00e9\0" });
        channel.onmessage({ data: Uint8Array.of(1, 254).buffer });
        channel.onmessage({ data: "\u20ac".repeat(3000) });
        assert.deepStrictEqual(channel.sent.slice(2, 4), ["h\u00e9\0", Uint8Array.of(1, 254)]);
        const [nul, bytes, long] = events("peer.message");
        assert.deepStrictEqual(nul, { data_hex: "68c3a900", size_bytes: 4 });
        assert.deepStrictEqual(bytes, { data_hex: "01fe", size_bytes: 2, binary: true });
        assert.deepStrictEqual([long.data.length, long.size_bytes], [1365, 9000]);
        assert.deepStrictEqual(channel.init, { ordered: false });
        assert.strictEqual(events("peer.channel-open").length, 1);
    },

    async "close tells statistics, the closed states and done, once"() {
        const { said, tell } = makePeer();
        await tell(configure("answerer"));
        await tell({ type: "close" });
        await tell({ type: "close" });
        await new Promise((resolve) => setTimeout(resolve, 150));
        assert.deepStrictEqual(said.slice(-5).map((m) => m.kind || m.type), [
            "peer.stats", "peer.signaling-state", "peer.connection-state", "done", "end",
        ]);
        assert.deepStrictEqual(said.find((m) => m.kind === "peer.stats").data.stats,
                               [{ type: "inbound-rtp", kind: "video", count: 7 }]);
    },

    async "what cannot be done is unsupported, and a configuration that is nonsense ends it with 2"() {
        const media = makePeer();
        await media.tell(configure("offerer", { negotiate: ["audio"] }));
        assert.deepStrictEqual(media.said.slice(-2), [
            { type: "unsupported", what: "s cannot do audio" }, { type: "end", status: 0 },
        ]);
        for (const wrong of [{ role: "x" }, { role: "offerer", protocols: [] },
                             { role: "offerer", echo: ["sound"] }, { role: "offerer", negotiate: 1 }]) {
            const { said, tell } = makePeer();
            await tell({ type: "configure", ...wrong });
            assert.deepStrictEqual(said[said.length - 1], { type: "end", status: 2 });
        }
    },

    async "hostile lines are warnings"() {
        const { said, tell, events } = makePeer();
        await tell({ type: "signal" });
        await tell(configure("answerer"));
        const lines = ["", "[", "null", "7", "[]", "{}", '{"type":"__proto__"}', '{"type":{"a":1}}',
            '{"type":"signal","description":{"type":"rollback","sdp":""}}', '{"type":"send"}',
            '{"type":"signal","candidate":{"candidate":7}}', '{"type":"send","data_hex":"0g"}',
            '{"type":"configure","role":"offerer"}', `${"[".repeat(1e5)}`,
            '{"type":"signal","candidate":{"candidate":"candidate:\\u0000\\ud800"}}'];
        for (const line of lines)
            await tell(line);
        await tell(description("offer", "theirs"));
        assert.strictEqual(events("peer.warning").length, 1 + lines.length);
        assert.ok(said.every((m) => m.type !== "end"));
    },
};

async function run() {
    let failed = 0;
    for (const [name, test] of Object.entries(tests)) {
        try {
            await test();
            console.log(`ok   ${name}`);
        } catch (error) {
            failed++;
            console.log(`FAIL ${name}\n${error.stack}`);
        }
    }
    console.log(`${Object.keys(tests).length - failed} passed, ${failed} failed`);
    process.exitCode = failed > 0 ? 1 : 0;
}

run();
