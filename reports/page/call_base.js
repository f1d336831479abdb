// SPDX-License-Identifier: Apache-2.0
//
// What all parts of the call page use: times to the microsecond, and the meanings of the
// words that stand in a record.
"use strict";

(() => {
  const { h, text } = rtclab;

  // ---- times ----

  // "12.4 ms", "2.22 s"; "–" for what did not happen
  function duration(us) {
    if (typeof us !== "number" || !Number.isFinite(us))
      return "–";
    const ms = us / 1000;
    if (Math.abs(ms) >= 1000)
      return `${trim((ms / 1000).toFixed(ms >= 10000 ? 1 : 2))} s`;
    return `${trim(ms.toFixed(Math.abs(ms) >= 100 ? 0 : Math.abs(ms) >= 1 ? 1 : 3))} ms`;
  }
  const trim = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

  // A moment, to the microsecond where it needs it: "70 ms", "1284.25 ms"
  function moment(us) {
    if (typeof us !== "number" || !Number.isFinite(us))
      return "–";
    return `${trim((us / 1000).toFixed(3))} ms`;
  }

  // ---- meanings ----

  // harness/net/network.h, DROP_REASONS
  const reasons = {
    "malformed": "not a whole IP, UDP, TCP or ICMP packet",
    "bad-checksum": "its checksum is wrong",
    "ttl-expired": "its TTL ran out",
    "no-route": "nobody on the internet has that address; a private address is not routed",
    "multicast": "multicast is not forwarded",
    "host-silent": "that address belongs to a host that is not there",
    "link-loss": "the link loses packets at random",
    "link-burst-loss": "the link was in a burst of losses",
    "queue-full": "the link’s queue was full",
    "too-big": "larger than the MTU, and it must not be fragmented",
    "nat-no-mapping": "no mapping has that external port",
    "nat-filtered": "there is a mapping, but its filter does not let this sender in",
    "nat-hairpin-off": "the NAT does not turn packets round to its own hosts",
    "nat-ports-exhausted": "the NAT has no external port left",
    "nat-port-conflict": "the external port is taken",
    "nat-quota": "the host has as many mappings as it may",
    "nat-icmp-refused": "the NAT does not pass this ICMP message",
    "nat-protocol": "the NAT cannot translate this protocol",
    "nat-fragment": "a fragment whose first part was not seen",
    "firewall-dropped": "a rule of the firewall drops it",
    "firewall-rejected": "a rule of the firewall rejects it",
    "firewall-reset": "a rule of the firewall resets the connection",
    "firewall-full": "the firewall has no room for another flow",
  };
  const reasonText = (reason) =>
    Object.prototype.hasOwnProperty.call(reasons, reason) ? reasons[reason] : "";

  // harness/call/blame.h, BLAME_PARTS: in the order in which they are shown
  const parts = [
    ["gathering", "waiting for candidates to be gathered"],
    ["signalling", "descriptions and candidates on their way"],
    ["pacing", "a check waited for its turn (RFC 8445 §14)"],
    ["checks", "connectivity checks on their way, there and back"],
    ["retransmission", "waiting to send again what was lost"],
    ["nomination", "a pair worked and was not yet chosen"],
    ["dtls", "the DTLS handshake"],
    ["stack", "the peer itself, with nothing on the wire to wait for"],
  ];
  const partName = (part) => (part === "dtls" ? "DTLS" : text(part) || "?");
  const isPart = (part) => parts.some(([name]) => name === part);

  const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);
  const integrities = {
    verified: "✓ integrity verifies",
    wrong: "✗ integrity is wrong",
    absent: "no integrity",
    unknown: "integrity: the record does not hold the key",
  };
  const integrityText = (integrity) => own(integrities, integrity) ?? integrities.unknown;

  // ---- Wireshark ----

  // Display filters (wireshark-filter(4)) for the call's trace.pcapng. Numbers and hexadecimal
  // digits alone go in, so nothing of a record can be more than a value.
  const filters = {
    packet: (journey) => (/^\d+$/.test(journey.id) ? `frame.packet_id == ${journey.id}` : ""),
    transaction: (id) => (/^[0-9a-f]{24}$/i.test(id) ? `stun.id == ${id.match(/../g).join(":")}` : ""),
    frames: (numbers) => {
      const good = numbers.filter((n) => Number.isInteger(n));
      return good.length ? `frame.number in {${good.join(", ")}}` : "";
    },
    dropped: () => 'frame.comment matches "^(dropped|lost) by"',
    decisions: () => "frame.comment",
    stun: () => "stun",
  };

  // ---- parts of the page ----

  // A word of a peer's or server's, in the colour and shape of its tone.
  const chip = (tone, words) => h("span", { class: `call-chip tone-${tone}` }, words);

  // A link within the page that opens a packet's details.
  const packetLink = (context, journey, words) =>
    h("button", { type: "button", class: "call-link", on: { click: () => context.onchoose(journey) } }, words);

  rtclab.callBase = {
    duration, moment, own, reasonText, parts, partName, isPart, integrityText, filters, chip, packetLink,
    text,
  };
})();
