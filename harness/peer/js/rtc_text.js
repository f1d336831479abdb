// SPDX-License-Identifier: Apache-2.0
/*
 * What RtcPeer (rtc_peer.js) makes of texts: messages, candidates (RFC 8839), descriptions, a
 * configuration, statistics (W3C webrtc-stats). All that comes in may be hostile. As RtcPeer for
 * Node and for pages, where it defines the global RtcText.
 */
(function (root) {
    "use strict";

    const MESSAGE_SHOWN_BYTES = 4096;
    const STATS_MAX = 256; // objects of peer.stats
    // The harness reads whole numbers of 64 bits.
    const WHOLE_MAX = 9.2e18;
    const TEXT_SHOWN_CHARACTERS = 500;

    const KINDS = ["data", "audio", "video"];
    const DIRECTIONS = ["sendrecv", "sendonly", "recvonly"];
    const BUNDLE_POLICIES = ["balanced", "max-compat", "max-bundle"];
    const STATS_TYPES = [
        "inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "remote-outbound-rtp",
        "candidate-pair", "local-candidate", "remote-candidate", "transport", "data-channel",
    ];

    class Nonsense extends Error {}

    // ---- texts ----

    // What the harness takes: no NUL, no half of a character, no number over 64 bits.
    function cleanValue(key, value) {
        if (typeof value === "bigint")
            return Number(value);
        if (typeof value === "number" && Math.abs(value) >= WHOLE_MAX)
            return undefined;
        return typeof value === "string" ? cleanText(value) : value;
    }

    function cleanText(text) {
        return text.replace(/\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
                            "\ufffd");
    }

    function wordsOf(error) {
        const text = String((error && error.message) || error);
        return text.slice(0, TEXT_SHOWN_CHARACTERS);
    }

    function toHex(bytes) {
        return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    }

    function fromHex(text) {
        if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text))
            throw new Nonsense("send: /data_hex: must be pairs of hexadecimal digits");
        const bytes = new Uint8Array(text.length / 2);
        for (let i = 0; i < bytes.length; i++)
            bytes[i] = parseInt(text.substr(2 * i, 2), 16);
        return bytes;
    }

    // The first bytes of a text in UTF-8, cut between characters.
    function cutText(bytes) {
        let end = Math.min(bytes.length, MESSAGE_SHOWN_BYTES);
        while (end < bytes.length && end > 0 && (bytes[end] & 0xc0) === 0x80)
            end--;
        return new TextDecoder().decode(bytes.subarray(0, end));
    }

    // What peer.message says of what came: a text, or bytes.
    function describeMessage(data) {
        if (typeof data !== "string")
            return {
                data_hex: toHex(data.subarray(0, MESSAGE_SHOWN_BYTES)),
                size_bytes: data.length,
                binary: true,
            };
        const bytes = new TextEncoder().encode(data);
        if (data.includes("\0"))
            return {
                data_hex: toHex(bytes.subarray(0, MESSAGE_SHOWN_BYTES)),
                size_bytes: bytes.length,
            };
        return { data: cutText(bytes), size_bytes: bytes.length };
    }

    function bytesOf(data) {
        if (data instanceof ArrayBuffer)
            return new Uint8Array(data);
        return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }

    // ---- candidates and descriptions ----

    // RFC 8839 section 5.1; null if it cannot be read.
    function parseCandidate(text) {
        const match = /^(?:a=)?candidate:\S+ \d+ (\S+) \d+ (\S+) (\d+) typ (host|srflx|prflx|relay)\b(.*)$/i
            .exec(text);
        if (!match || Number(match[3]) > 65535)
            return null;
        const tcptype = / tcptype (active|passive|so)\b/.exec(match[5]);
        const fragment = / ufrag (\S+)/.exec(match[5]);
        const event = {
            candidate: text,
            type: match[4],
            protocol: match[1].toLowerCase() === "udp" ? "udp" : "tcp",
            address: match[2],
            port: Number(match[3]),
        };
        if (tcptype)
            event.tcptype = tcptype[1];
        return { event, fragment: fragment && fragment[1] };
    }

    function linesOf(sdp) {
        return sdp.split(/\r?\n/);
    }

    function attributesOf(sdp, name) {
        const start = `a=${name}:`;
        return linesOf(sdp).filter((line) => line.startsWith(start))
            .map((line) => line.slice(start.length));
    }

    function withoutCandidates(sdp) {
        return linesOf(sdp).filter((line) => line && !/^a=(candidate:|end-of-candidates)/.test(line))
            .map((line) => `${line}\r\n`).join("");
    }

    // ---- the configuration ----

    function need(condition, where, wanted, found) {
        if (!condition)
            throw new Nonsense(`configure: /${where}: must be ${wanted}, is ` +
                               String(JSON.stringify(found)).slice(0, 60));
    }

    function isListOf(value, words) {
        return Array.isArray(value) && value.every((word) => words.includes(word));
    }

    function checkConfiguration(m) {
        const c = {
            role: m.role,
            iceServers: m.iceServers || [],
            iceTransportPolicy: m.iceTransportPolicy || "all",
            bundlePolicy: m.bundlePolicy || "max-bundle",
            protocols: m.protocols || ["udp"],
            negotiate: m.negotiate || ["data"],
            direction: m.direction || "sendrecv",
            dataChannel: m.dataChannel || {},
            echo: m.echo || [],
        };
        need(["offerer", "answerer"].includes(c.role), "role", '"offerer" or "answerer"', c.role);
        need(Array.isArray(c.iceServers), "iceServers", "an array", c.iceServers);
        need(["all", "relay"].includes(c.iceTransportPolicy), "iceTransportPolicy",
             '"all" or "relay"', c.iceTransportPolicy);
        need(BUNDLE_POLICIES.includes(c.bundlePolicy), "bundlePolicy",
             BUNDLE_POLICIES.join(" or "), c.bundlePolicy);
        need(isListOf(c.protocols, ["udp", "tcp"]) && c.protocols.length > 0, "protocols",
             '["udp"], ["tcp"] or both', c.protocols);
        need(isListOf(c.negotiate, KINDS), "negotiate", `any of ${KINDS}`, c.negotiate);
        need(DIRECTIONS.includes(c.direction), "direction", DIRECTIONS.join(" or "), c.direction);
        need(isListOf(c.echo, KINDS), "echo", `any of ${KINDS}`, c.echo);
        need(typeof c.dataChannel === "object" && !Array.isArray(c.dataChannel), "dataChannel",
             "an object", c.dataChannel);
        return c;
    }

    // ---- statistics ----

    function valuesOf(object) {
        const values = {};
        for (const key in object)
            if (["number", "string", "boolean", "bigint"].includes(typeof object[key]))
                values[key] = object[key];
        return values;
    }

    function collectStats(report) {
        const all = [];
        report.forEach((object) => {
            if (object && STATS_TYPES.includes(object.type) && all.length < STATS_MAX)
                all.push(valuesOf(object));
        });
        return all;
    }

    // The selected pair's two candidate objects, or null.
    function findPair(stats) {
        const byId = new Map(stats.map((object) => [object.id, object]));
        const transport = stats.find((s) => s.type === "transport" && s.selectedCandidatePairId);
        const pair = transport
            ? byId.get(transport.selectedCandidatePairId)
            : stats.find((s) => s.type === "candidate-pair" && s.state === "succeeded" &&
                                (s.selected || s.nominated));
        const local = pair && byId.get(pair.localCandidateId);
        const remote = pair && byId.get(pair.remoteCandidateId);
        return local && remote ? { local, remote } : null;
    }

    const RtcText = {
        TEXT_SHOWN_CHARACTERS,
        Nonsense,
        cleanValue,
        wordsOf,
        fromHex,
        describeMessage,
        bytesOf,
        parseCandidate,
        linesOf,
        attributesOf,
        withoutCandidates,
        checkConfiguration,
        collectStats,
        findPair,
    };

    if (typeof module === "object" && module && module.exports)
        module.exports = RtcText;
    else
        root.RtcText = RtcText;
})(globalThis);
