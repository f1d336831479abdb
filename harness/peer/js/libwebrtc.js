#!/usr/bin/env -S --unset=NODE_EXTRA_CA_CERTS node --single-threaded
// SPDX-License-Identifier: Apache-2.0
/*
 * rtclab-peer-libwebrtc: libwebrtc, as the npm package @roamhq/wrtc has it for Node, as a peer
 * of rtclab (../README.md).
 *
 * A tone and a moving picture go out. node-webrtc reads states when JavaScript comes to an
 * event, not when it happened; where that shows it is mended here.
 */
"use strict";

const { runPeer } = require("./node_peer.js");

const SAMPLE_RATE = 48000;
const AUDIO_PERIOD_MS = 10;
const TONE_HZ = 440;
const VIDEO_PERIOD_MS = 66;
const WIDTH = 320;
const HEIGHT = 240;
// libwebrtc gives the same statistics again for so long.
const STATS_PERIOD_MS = 50;

// ---- what goes ----

function openAudio(wrtc) {
    const source = new wrtc.nonstandard.RTCAudioSource();
    const numberOfFrames = (SAMPLE_RATE * AUDIO_PERIOD_MS) / 1000;
    let at = 0;
    const timer = setInterval(() => {
        const samples = new Int16Array(numberOfFrames);
        for (let i = 0; i < numberOfFrames; i++, at++)
            samples[i] = 8000 * Math.sin((2 * Math.PI * TONE_HZ * at) / SAMPLE_RATE);
        source.onData({
            samples, sampleRate: SAMPLE_RATE, bitsPerSample: 16, channelCount: 1, numberOfFrames,
        });
    }, AUDIO_PERIOD_MS);
    const track = source.createTrack();
    return { track, close: () => closeSource(timer, track) };
}

// A bar that moves over a grey picture, I420.
function drawFrame(number) {
    const data = new Uint8ClampedArray((WIDTH * HEIGHT * 3) / 2).fill(128);
    const bar = (number * 4) % (WIDTH - 16);
    for (let y = 0; y < HEIGHT; y++)
        data.fill(235, y * WIDTH + bar, y * WIDTH + bar + 16);
    return { width: WIDTH, height: HEIGHT, data };
}

function openVideo(wrtc) {
    const source = new wrtc.nonstandard.RTCVideoSource();
    let number = 0;
    const timer = setInterval(() => source.onFrame(drawFrame(number++)), VIDEO_PERIOD_MS);
    const track = source.createTrack();
    return { track, close: () => closeSource(timer, track) };
}

function closeSource(timer, track) {
    clearInterval(timer);
    track.stop();
}

// ---- what comes ----

function watchVideo(wrtc, track, onFrame) {
    const sink = new wrtc.nonstandard.RTCVideoSink(track);
    let n_frames = 0;
    sink.onframe = () => {
        if (n_frames++ === 0)
            onFrame();
    };
    return { frames: () => n_frames, close: () => sink.stop() };
}

/*
 * The sink is given silence, too, while nothing has come. What was decoded is told by a sample
 * that is not zero or, of a peer that sends silence, by the jitter buffer's count.
 */
function watchAudio(wrtc, track, onFrame, readStats) {
    const sink = new wrtc.nonstandard.RTCAudioSink(track);
    let hasFrame = false;
    const take = () => {
        if (!hasFrame)
            onFrame();
        hasFrame = true;
        clearInterval(timer);
    };
    const timer = setInterval(async () => {
        const stats = [...(await readStats()).values()];
        if (stats.some((s) => s.type === "inbound-rtp" && s.kind === "audio" &&
                              s.jitterBufferEmittedCount > s.concealedSamples))
            take();
    }, STATS_PERIOD_MS);
    sink.ondata = ({ samples }) => {
        if (!hasFrame && samples.some((sample) => sample !== 0))
            take();
    };
    return {
        close: () => {
            clearInterval(timer);
            sink.stop();
        },
    };
}

// ---- events ----

/*
 * States of one moment are read as the last of them: gathering would be complete, and at its
 * end, before its candidates. It goes to and fro between two states.
 */
function mendGathering(pc) {
    const dispatch = pc.dispatchEvent;
    let isGathering = false;
    pc.dispatchEvent = function (event) {
        if (event.type === "icegatheringstatechange") {
            isGathering = !isGathering;
            event.state = isGathering ? "gathering" : "complete";
        }
        const isEnd = event.type === "icecandidate" && !event.candidate;
        if (!isEnd || !isGathering)
            dispatch.call(this, event);
    };
}

function load() {
    const wrtc = require("@roamhq/wrtc");
    let readStats = () => Promise.resolve(new Map());
    return {
        RTCPeerConnection: wrtc.RTCPeerConnection,
        connect(pc) {
            mendGathering(pc);
            readStats = () => pc.getStats();
        },
        media: {
            open: (kind) => (kind === "audio" ? openAudio(wrtc) : openVideo(wrtc)),
            watch: (track, kind, onFrame) => (kind === "audio"
                ? watchAudio(wrtc, track, onFrame, () => readStats())
                : watchVideo(wrtc, track, onFrame)),
        },
    };
}

runPeer({
    program: "rtclab-peer-libwebrtc",
    stack: "libwebrtc",
    name: "@roamhq/wrtc",
    capabilities: [
        "trickle", "data", "dtls", "audio", "video", "relay", "ice-tcp", "restart-ice", "echo-media",
    ],
    // libwebrtc leaves it out, node-webrtc does not: servers would be waited for there in vain,
    // and gathering end after 40 s.
    loopback: false,
    load,
});
