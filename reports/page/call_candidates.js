// SPDX-License-Identifier: Apache-2.0
//
// The candidates of both peers: what they are (RFC 8445 section 5.1, 8839 section 5.1), and
// when each was gathered, sent, delivered, and taken in by the other peer.
"use strict";

(() => {
  const { h, text } = rtclab;
  const { moment, duration } = rtclab.callBase;

  // "192.168.1.2:45620"; the address may be an mDNS name
  rtclab.callEndpoint = (candidate) => {
    const address = text(candidate.address);
    return `${address.includes(":") ? `[${address}]` : address}:${candidate.port}`;
  };

  // "srflx 198.51.100.1:45620"
  rtclab.callCandidateName = (candidate) =>
    (candidate ? `${text(candidate.type)} ${rtclab.callEndpoint(candidate)}` : "?");

  const other = { offerer: "answerer", answerer: "offerer" };

  function table(context, role) {
    const candidates = context.model.candidates[role];
    const on = (c, name) => h("span", { title: typeof c.gathered_us === "number" && typeof c[name] === "number" ? `${duration(c[name] - c.gathered_us)} after it was gathered` : null }, moment(c[name]));
    return [
      h("h3", {}, context.titles[role]),
      candidates.length === 0 ? h("p", { class: "soft" }, "No candidate.") : rtclab.table(`Candidates of the ${role}`, [
        { title: "Type", cell: (c) => h("span", { class: `call-chip type-${/^(host|srflx|prflx|relay)$/.test(c.type) ? c.type : "other"}` }, text(c.type) || "?") },
        { title: "Address", class: "mono", cell: (c) => `${rtclab.callEndpoint(c)}${c.protocol === "tcp" ? " tcp" : ""}` },
        { title: "Base", class: "mono", cell: (c) => text(c.base) || "–" },
        { title: "Priority", class: "number", cell: (c) => (typeof c.priority === "number" ? rtclab.formatCount(c.priority) : "–") },
        { title: "Foundation", class: "mono", cell: (c) => text(c.foundation) || "–" },
        { title: "Gathered", class: "number", cell: (c) => moment(c.gathered_us) },
        { title: "Sent", class: "number", cell: (c) => on(c, "sent_us") },
        { title: "Delivered", class: "number", cell: (c) => on(c, "delivered_us") },
        { title: h("span", {}, "Taken", h("span", { class: "unseen" }, ` by the ${other[role]}`)), class: "number", cell: (c) => on(c, "taken_us") },
      ], candidates),
    ];
  }

  rtclab.callCandidates = (context) =>
    rtclab.section("Candidates", { class: "call-candidates" },
      rtclab.callRoles.every((role) => context.model.candidates[role].length === 0) ? h("p", { class: "soft" }, "Neither peer had a candidate.")
        : rtclab.callRoles.map((role) => table(context, role)));
})();
