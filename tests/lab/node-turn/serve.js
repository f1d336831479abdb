#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
/*
 * node-turn, a STUN and TURN server over UDP, for conformance runs:
 *
 *     NODE_TURN_PASSWORD=… node serve.js ADDRESS PORT REALM USER
 *
 * Prints "listening on ADDRESS:PORT" when it does, and serves until standard input ends or a
 * signal comes. Relays on the same address. Exits with 2 when it is not called like that, with
 * 3 when node-turn is not installed, with 1 when it cannot listen.
 */
"use strict";

function fail(status, message) {
    console.error(`serve.js: ${message}`);
    process.exit(status);
}

function loadTurn() {
    try {
        return require("node-turn");
    } catch (error) {
        return fail(3, `node-turn is not installed; try: ./quickstart.sh deps --all (${error.code})`);
    }
}

const [address, portText, realm, user] = process.argv.slice(2);
const password = process.env.NODE_TURN_PASSWORD;
const port = Number(portText);
if (!user || !password || !(port >= 1 && port <= 65535))
    fail(2, "usage: NODE_TURN_PASSWORD=… node serve.js ADDRESS PORT REALM USER");

const Turn = loadTurn();
const server = new Turn({
    listeningIps: [address],
    relayIps: [address],
    listeningPort: port,
    authMech: "long-term",
    realm,
    credentials: { [user]: password },
});
server.start();
for (const socket of server.network.sockets) {
    socket.on("listening", () => console.log(`listening on ${address}:${port}`));
    socket.on("error", (error) => fail(1, `cannot listen on ${address}:${port}: ${error.code}`));
}
process.stdin.on("end", () => process.exit(0)).resume();
