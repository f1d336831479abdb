// SPDX-License-Identifier: Apache-2.0
/*
 * A peer in Node: the contract's descriptor, and what all stacks there share. RtcPeer has the
 * contract itself.
 *
 *     runPeer({ program, stack, name, capabilities, loopback, load })
 *
 * name: of the npm package that is the stack; load() gives the rest of RtcPeer's environment.
 *
 * The programs' first lines: V8 in one thread, as what several do at one moment is done in the
 * kernel's order; and without further certificates, which no call needs and which take longer to
 * read than all else of Node's start.
 */
"use strict";

const net = require("net");

const RtcPeer = require("./rtc_peer.js");

const FD_VARIABLE = "RTCLAB_FD";
const LINE_MAX_BYTES = 1024 * 1024;
const NEWLINE = 10;
const EXIT_AS_EXPECTED = 0;
const EXIT_USAGE = 2;

// Calls takeLine() with each line, as text; one that is too long is left out and told.
class LineReader {
    constructor(takeLine, takeOverlong) {
        this.takeLine = takeLine;
        this.takeOverlong = takeOverlong;
        this.chunks = [];
        this.size = 0;
    }

    keep(chunk) {
        this.size += chunk.length;
        if (this.size <= LINE_MAX_BYTES)
            this.chunks.push(chunk);
        else
            this.chunks = [];
    }

    endLine() {
        const isOverlong = this.size > LINE_MAX_BYTES;
        const line = Buffer.concat(this.chunks).toString();
        this.chunks = [];
        this.size = 0;
        if (isOverlong)
            this.takeOverlong();
        else
            this.takeLine(line);
    }

    read(chunk) {
        let start = 0;
        for (let at; (at = chunk.indexOf(NEWLINE, start)) >= 0; start = at + 1) {
            this.keep(chunk.subarray(start, at));
            this.endLine();
        }
        this.keep(chunk.subarray(start));
    }
}

function openContract(program) {
    const text = process.env[FD_VARIABLE] || "";
    try {
        if (!/^\d+$/.test(text))
            throw new Error(`${FD_VARIABLE} must be the number of a descriptor, is "${text}"`);
        return new net.Socket({ fd: Number(text), readable: true, writable: true });
    } catch (error) {
        console.error(`${program}: ${error.message}; it is started by \`rtclab run --peers\``);
        return process.exit(EXIT_USAGE);
    }
}

// Of an installed package, which need not tell it; throws if it is not installed.
function versionOf(name, stack) {
    const { version } = require(`./node_modules/${name}/package.json`);
    return name === stack ? version : `${name} ${version}`;
}

function runPeer({ program, stack, name, capabilities, loopback, load }) {
    const contract = openContract(program);
    const environment = {
        write: (line) => contract.write(`${line}\n`),
        end: (status) => contract.end(() => process.exit(status)),
        now_ns: () => Number(process.hrtime.bigint()),
    };
    const peer = new RtcPeer(environment);
    const reader = new LineReader((line) => peer.take(line),
                                  () => peer.warn(`a line of more than ${LINE_MAX_BYTES} bytes`));
    contract.on("error", () => process.exit(EXIT_AS_EXPECTED));
    contract.on("end", () => process.exit(EXIT_AS_EXPECTED));
    // A promise of the stack's own that fails is a warning, and does not end the call.
    process.on("unhandledRejection", (error) => peer.warn(`${stack}: ${error && error.message}`));

    try {
        environment.hello = { stack, version: versionOf(name, stack), capabilities, loopback };
        Object.assign(environment, load());
    } catch (error) {
        console.error(String(error && error.stack));
        peer.unsupported(`${stack} is not installed; try: ./quickstart.sh deps --all`);
        return;
    }
    contract.on("data", (chunk) => reader.read(chunk));
    peer.start();
}

module.exports = { runPeer };
