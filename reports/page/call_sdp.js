// SPDX-License-Identifier: Apache-2.0
//
// The descriptions of both sides, side by side, section by section (RFC 8866): lines that
// both have, what the answer changed, and what only one of them says. Lines are aligned by
// what they are about (RFC 3264: an answer goes through the offer), so that "a=mid:0" stands
// beside "a=mid:0" wherever it is.
"use strict";

(() => {
  const { h, text } = rtclab;
  const { moment } = rtclab.callBase;

  // ---- alignment ----

  // Session and media sections: arrays of lines.
  function sectionsOf(sdp) {
    const sections = [[]];
    for (const line of text(sdp).split(/\r\n|\n|\r/)) {
      if (line === "") continue;
      if (line.startsWith("m=")) sections.push([]);
      sections[sections.length - 1].push(line);
    }
    return sections;
  }

  // What a line is about. Of a=rtpmap and the like the payload type belongs to it.
  function topicOf(line) {
    const source = /^(a=ssrc:)\d+ ([^:]+)/.exec(line); // its number is each side's own
    if (source) return `${source[1]}${source[2]}`;
    const typed = /^(a=(?:rtpmap|fmtp|rtcp-fb|extmap|ssrc-group|rid|simulcast|msid)):(\S+)/.exec(line);
    if (typed) return `${typed[1]}:${typed[2]}`;
    const direction = /^a=(sendrecv|sendonly|recvonly|inactive)$/.test(line);
    if (direction) return "direction";
    const named = /^(a=[^:]+)/.exec(line);
    return named ? named[1] : line.slice(0, 2);
  }

  // Rows of { left, right }: the offer's order, with the answer's own lines where they stand.
  function align(left, right) {
    const waiting = new Map();
    right.forEach((line, i) => {
      const topic = topicOf(line);
      waiting.set(topic, [...(waiting.get(topic) ?? []), i]);
    });
    const partner = left.map((line) => {
      const candidates = waiting.get(topicOf(line)) ?? [];
      const same = candidates.findIndex((i) => right[i] === line);
      return candidates.length > 0 ? candidates.splice(Math.max(same, 0), 1)[0] : -1;
    });
    const taken = new Set(partner);
    const rows = [];
    let next = 0;
    const addOwn = (limit) => {
      for (; next < limit; next++) if (!taken.has(next)) rows.push({ left: null, right: right[next] });
    };
    left.forEach((line, i) => {
      if (partner[i] >= next) addOwn(partner[i]);
      rows.push({ left: line, right: partner[i] < 0 ? null : right[partner[i]] });
    });
    addOwn(right.length);
    return rows;
  }

  const kindOf = ({ left, right }) => (left === right ? "same" : right === null ? "left" : left === null ? "right" : "changed");

  // ---- drawing ----

  const marks = { same: "", changed: "≠", left: "−", right: "+" };
  const words = { same: "", changed: "changed", left: "only in the offer", right: "only in the answer" };

  // A changed line with the part that differs marked.
  function parts(line, other) {
    if (line === null) return "";
    if (other === null || line === other) return line;
    let from = 0, to = 0;
    while (from < line.length && from < other.length && line[from] === other[from]) from++;
    while (to < line.length - from && to < other.length - from && line[line.length - 1 - to] === other[other.length - 1 - to]) to++;
    return [line.slice(0, from), h("mark", {}, line.slice(from, line.length - to)), line.slice(line.length - to)];
  }

  function rowOf(row) {
    const kind = kindOf(row);
    return h("tr", { class: `sdp-${kind}` },
      h("td", {}, parts(row.left, row.right)),
      h("td", { class: "sdp-mark" }, h("span", { "aria-hidden": "true" }, marks[kind]), h("span", { class: "unseen" }, words[kind])),
      h("td", {}, parts(row.right, row.left)));
  }

  const sectionName = (lines, n) => (n === 0 ? "Session" : `Section ${n}: ${(lines[0] ?? "").split(" ")[0]}`);

  function exchangeTable(offer, answer, name) {
    const left = sectionsOf(offer?.sdp), right = sectionsOf(answer?.sdp);
    const bodies = [];
    let changed = 0;
    for (let n = 0; n < Math.max(left.length, right.length); n++) {
      const rows = align(left[n] ?? [], right[n] ?? []);
      changed += rows.filter((row) => kindOf(row) !== "same").length;
      bodies.push(h("tbody", {},
        h("tr", { class: "sdp-section" }, h("th", { colspan: 3, scope: "colgroup" }, sectionName(left[n] ?? right[n], n))),
        rows.map(rowOf)));
    }
    const head = (description, role) => h("th", { scope: "col" }, description
      ? [`${text(description.type)} of the ${text(description.role)}`, h("span", { class: "soft" }, ` ${timesOf(description)}`)] : `no ${role}`);
    const table = h("table", { class: "call-sdp-table mono" },
      h("caption", { class: "unseen" }, `${name}, side by side`),
      h("thead", {}, h("tr", {}, head(offer, "offer"), h("th", { scope: "col" }, h("span", { class: "unseen" }, "Difference")), head(answer, "answer"))),
      bodies);
    return { table, changed };
  }

  const timesOf = (d) => [["made", d.made_us], ["sent", d.sent_us], ["delivered", d.delivered_us]]
    .filter(([, t]) => typeof t === "number").map(([word, t]) => `${word} ${moment(t)}`).join(", ");

  // Offers with the answer that followed: one exchange, more with an ICE restart.
  function exchangesOf(descriptions) {
    const exchanges = [];
    for (const description of descriptions) {
      const last = exchanges[exchanges.length - 1];
      if (description.type === "offer" || !last || last.answer) exchanges.push({ offer: null, answer: null });
      exchanges[exchanges.length - 1][description.type === "offer" ? "offer" : "answer"] = description;
    }
    return exchanges;
  }

  rtclab.callSdp = (context) => {
    const exchanges = exchangesOf(context.model.descriptions);
    const section = rtclab.section("Session descriptions", { class: "call-sdp" });
    if (exchanges.length === 0) {
      section.append(h("p", { class: "soft" }, "No description left a peer."));
      return section;
    }
    exchanges.forEach(({ offer, answer }, n) => {
      const name = exchanges.length > 1 ? `Exchange ${n + 1}` : "Offer and answer";
      const { table, changed } = exchangeTable(offer, answer, name);
      const only = h("input", { type: "checkbox" });
      only.addEventListener("change", () => table.classList.toggle("sdp-differences", only.checked));
      section.append(exchanges.length > 1 ? h("h3", {}, name) : "",
        h("p", {}, h("label", {}, only, " only what differs"), h("span", { class: "soft" }, ` (${rtclab.plural(changed, "line")})`)),
        h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": name }, table));
    });
    return section;
  };
})();
