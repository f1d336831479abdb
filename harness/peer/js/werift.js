#!/usr/bin/env -S --unset=NODE_EXTRA_CA_CERTS node --single-threaded
// SPDX-License-Identifier: Apache-2.0
/*
 * rtclab-peer-werift: werift, WebRTC in TypeScript, as a peer of rtclab (../README.md).
 *
 * werift moves RTP and has no codec: it could not tell a decoded frame, so it has no audio and
 * no video here. Nor has it ICE over TCP, where its checks go on for ever (version 0.24.4).
 */
"use strict";

const { runPeer } = require("./node_peer.js");

/*
 * Where no STUN server is given, werift asks one of Google's, whose name it first has to look
 * up. A TURN server is a STUN server, too (RFC 8656 section 3).
 */
function withStun(iceServers, urls) {
    const turn = urls.find((url) => /^turn:/.test(url));
    if (!turn || urls.some((url) => /^stuns?:/.test(url)))
        return iceServers;
    return [{ urls: turn.replace(/^turn:/, "stun:").replace(/\?.*$/, "") }, ...iceServers];
}

// It takes the first STUN and the first TURN URL.
function warnOfUnused(urls, warn) {
    for (const scheme of ["stun", "turn"])
        for (const url of urls.filter((text) => text.startsWith(scheme)).slice(1))
            warn(`${url}: not used: werift takes one ${scheme.toUpperCase()} server`);
}

function load() {
    const { RTCPeerConnection } = require("werift");
    return {
        RTCPeerConnection,
        adapt(rtc, configuration, warn) {
            const urls = rtc.iceServers.flatMap((server) => server.urls).map(String);
            warnOfUnused(urls, warn);
            return { ...rtc, iceServers: withStun(rtc.iceServers, urls) };
        },
        bytes: (array) => Buffer.from(array),
    };
}

runPeer({
    program: "rtclab-peer-werift",
    stack: "werift",
    name: "werift",
    capabilities: ["trickle", "data", "dtls", "relay", "restart-ice"],
    load,
});
