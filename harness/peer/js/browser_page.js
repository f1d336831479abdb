// SPDX-License-Identifier: Apache-2.0
/*
 * What rtc_peer.js needs of a browser. The program that drives the browser (main_browser.h)
 * makes rtclabSend(), and calls rtclabStart() and rtclabTake(), each with one text.
 */
"use strict";

(function () {
    const POLL_MS = 10;
    const VIDEO = { width: 320, height: 240, frameRate: 15 };

    const ready = new Map(); // kind: the track of our camera or microphone
    let connection = null;

    // ---- media ----

    /*
     * The camera is on before the call, as it is where people call, and the code of calls is
     * loaded: what both take, up to a second, is no part of a call's set-up.
     */
    async function warmUp() {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: VIDEO });
        for (const track of stream.getTracks())
            ready.set(track.kind, track);
        const pc = new RTCPeerConnection();
        pc.createDataChannel("");
        await pc.createOffer();
        pc.close();
    }

    function open(kind) {
        const track = ready.get(kind);
        return { track, close: () => track.stop() };
    }

    // What nobody plays is not decoded.
    function play(track) {
        const element = document.createElement(track.kind);
        element.autoplay = true;
        element.playsInline = true;
        element.srcObject = new MediaStream([track]);
        document.body.append(element);
        element.play().catch((error) => console.warn(`${track.kind}: ${error.message}`));
        return element;
    }

    // A source counts once a frame of its packets was decoded and given to the track (W3C
    // webrtc-pc, RTCRtpSynchronizationSource): silence that covers for packets does not.
    function watch(track, kind, onFrame) {
        const element = play(track);
        const receiver = connection.getReceivers().find((one) => one.track === track);
        const timer = setInterval(() => {
            if (receiver.getSynchronizationSources().length === 0)
                return;
            clearInterval(timer);
            onFrame();
        }, POLL_MS);
        return {
            frames: () => undefined, // getStats() tells
            close: () => {
                clearInterval(timer);
                element.srcObject = null;
                element.remove();
            },
        };
    }

    // ---- the program ----

    let peer = null;

    globalThis.rtclabStart = function (text) {
        const { origin_ns } = JSON.parse(text);
        peer = new RtcPeer({
            RTCPeerConnection,
            write: (line) => rtclabSend(line),
            end: () => {}, // the program ends after `done` or `unsupported`
            now_ns: () => origin_ns + Math.round(performance.now() * 1e6),
            media: { open, watch },
            connect: (pc) => { connection = pc; },
        });
    };

    globalThis.rtclabTake = (text) => peer.take(text);

    warmUp().catch((error) => console.warn(`no camera: ${error.message}`))
        .finally(() => rtclabSend("loaded"));
})();
