// SPDX-License-Identifier: Apache-2.0
//
// The STUN ladder: each STUN or TURN message as an arrow between the peers, their NATs and
// the servers, by time. A message opens to its decoded attributes. What it shows is chosen
// by use, by trouble and by pair; the choice stands in the URL.
"use strict";

(() => {
  const { h, s, text, list, plural } = rtclab;
  const { moment } = rtclab.callBase;
  const PAGE = 150;

  // ---- columns: the offerer, what is on its way out, servers, the way in, the answerer ----

  function makeColumns(model, journeys) {
    const seen = new Set(journeys.flatMap((journey) => journey.hops.map((p) => p.tap)));
    const rank = (tap) => {
      if (tap.kind === "peer") return tap.owner === "offerer" ? 0 : 9;
      if (tap.kind === "host") return 5;
      return tap.side === "offerer" ? 2 : tap.side === "answerer" ? 7 : 4;
    };
    const columns = [];
    const ofTap = new Map();
    for (const tap of model.taps.filter((t) => seen.has(t.index)).sort((a, b) => rank(a) - rank(b) || orderWithin(model, a, b))) {
      const name = tap.kind === "element" ? tap.name : tap.owner;
      let at = columns.indexOf(name);
      if (at < 0) at = columns.push(name) - 1;
      ofTap.set(tap.index, at);
    }
    return { columns, ofTap };
  }

  // Of two elements on one side: from the offerer outwards, to the answerer inwards.
  function orderWithin(model, a, b) {
    for (const journey of model.journeys) {
      const at = journey.hops.findIndex((p) => p.tap === a.index), bt = journey.hops.findIndex((p) => p.tap === b.index);
      if (at >= 0 && bt >= 0 && (journey.from === "offerer" || journey.to === "answerer")) return at - bt;
    }
    return a.index - b.index;
  }

  // ---- an arrow ----

  function arrow(layout, journey) {
    const n = layout.columns.length;
    const at = (column) => `${((column + 0.5) / n) * 100}%`;
    const node = s("svg", { class: "call-arrow", "aria-hidden": "true", focusable: "false" });
    for (let i = 0; i < n; i++) node.append(s("line", { class: "life", x1: at(i), x2: at(i), y1: 0, y2: "100%" }));
    const stops = [];
    for (const packet of journey.hops) {
      const column = layout.ofTap.get(packet.tap);
      if (column !== undefined && stops[stops.length - 1] !== column) stops.push(column);
    }
    const isBad = Boolean(journey.dropped);
    const kind = isBad ? "dropped" : journey.message.class === 3 ? "error" : journey.part === "again" ? "again" : journey.message.class === 2 ? "answer" : "request";
    for (let i = 1; i < stops.length; i++) node.append(s("line", { class: `way ${kind}`, x1: at(stops[i - 1]), x2: at(stops[i]), y1: 14, y2: 14 }));
    for (const column of stops.slice(1, -1)) node.append(s("circle", { class: `way ${kind}`, cx: at(column), cy: 14, r: 3 }));
    const last = stops[stops.length - 1], before = stops[stops.length - 2];
    const head = isBad ? "M-5 -5l10 10m0 -10l-10 10" : before === undefined ? "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0" : before < last ? "M-7 -4l7 4l-7 4z" : "M7 -4l-7 4l7 4z";
    if (last !== undefined) node.append(s("svg", { x: at(last), y: 14, overflow: "visible" }, s("path", { class: `head ${kind}`, d: head })));
    return node;
  }

  // ---- a message ----

  const marks = { verified: ["✓", "integrity verifies"], wrong: ["✗ integrity", "integrity is wrong"] };

  function tags(journey) {
    const { message } = journey;
    const found = [];
    if (journey.dropped) found.push(["bad", `✕ ${text(journey.dropped.element)}: ${text(journey.dropped.reason)}`]);
    if (journey.late) found.push(["odd", `lost by ${text(journey.late.element)}, late`]);
    if (journey.part === "again") found.push(["odd", "sent again"]);
    if (list(message.attributes).includes("USE-CANDIDATE")) found.push(["good", "nominates"]);
    const mark = Object.hasOwn(marks, message.integrity) ? marks[message.integrity] : null;
    return [
      mark ? h("span", { class: `call-integrity ${message.integrity}`, role: "img", title: mark[1], "aria-label": mark[1] }, mark[0]) : null,
      found.map(([tone, words]) => [" ", rtclab.callBase.chip(tone, words)]),
    ];
  }

  function row(context, layout, journey) {
    const end = journey.dropped ? `dropped by ${text(journey.dropped.element)}` : journey.to ? `to ${journey.to}` : "";
    const inside = h("div", { class: "call-ladder-inside", hidden: true });
    const button = h("button", { type: "button", class: "call-ladder-row", "aria-expanded": "false" },
      h("span", { class: "number" }, moment(journey.fromUs)),
      arrow(layout, journey),
      h("span", { class: "call-ladder-text" }, h("span", { class: "unseen" }, `${journey.from} ${end}: `), journey.summary, " ", tags(journey)));
    const item = h("li", { "data-packet": journey.id }, button, inside);
    button.addEventListener("click", () => {
      const isOpen = inside.hidden;
      if (isOpen && inside.childElementCount === 0)
        inside.append(rtclab.callAttributes(journey.message),
          rtclab.callBase.packetLink(context, journey, "All of this packet"));
      inside.hidden = !isOpen;
      button.setAttribute("aria-expanded", String(isOpen));
    });
    return item;
  }

  // ---- what is shown ----

  const uses = [["", "all messages"], ["check", "checks"], ["gathering", "gathering"], ["turn", "TURN"], ["keepalive", "keepalives"], ["trouble", "dropped, sent again, errors"]];

  function isShown(model, journey, use, pairIndices) {
    const transaction = model.transactions[journey.transaction];
    if (pairIndices && !pairIndices.has(journey.transaction)) return false;
    if (use === "trouble") return Boolean(journey.dropped || journey.late || journey.part === "again" || journey.message.class === 3);
    return use === "" || transaction?.use === use;
  }

  function pairOf(model, name) {
    const [role, index] = (name ?? "").split(".");
    const pair = rtclab.callRoles.includes(role) ? model.pairs[role][Number(index)] : null;
    if (!pair) return null;
    const far = role === "offerer" ? "answerer" : "offerer";
    const title = `${rtclab.callCandidateName(model.candidates[role][pair.local])} → ${rtclab.callCandidateName(model.candidates[far][pair.remote])}`;
    return { checks: new Set(list(pair.checks)), title };
  }

  rtclab.callLadder = (context) => {
    const { model, url } = context;
    const all = model.journeys.filter((journey) => journey.message);
    if (all.length === 0) return null;
    const layout = makeColumns(model, all);
    const select = h("select", { "aria-label": "Which messages" }, uses.map(([value, words]) => h("option", { value }, words)));
    const count = h("span", { class: "soft", role: "status" });
    const rows = h("ol", { class: "call-ladder-rows" });
    const more = h("button", { type: "button", class: "call-more" });
    const pairNote = h("span");
    const names = h("div", { class: "call-ladder-names", "aria-hidden": "true" }, h("span"), h("div", {}, layout.columns.map((name) => h("span", {}, name))));
    let found = [], shown = 0;

    const showMore = () => {
      for (const journey of found.slice(shown, shown + PAGE)) rows.append(row(context, layout, journey));
      shown = Math.min(shown + PAGE, found.length);
      more.hidden = shown >= found.length;
      more.textContent = `Show ${Math.min(PAGE, found.length - shown)} more of ${found.length - shown}`;
    };
    const apply = () => {
      const use = uses.some(([value]) => value === url.get("stun")) ? url.get("stun") : "";
      const pair = pairOf(model, url.get("pair"));
      select.value = use;
      pairNote.replaceChildren(...(pair ? [h("span", {}, "pair ", h("span", { class: "mono" }, pair.title), " "),
        h("button", { type: "button", class: "call-link", on: { click: () => url.set({ pair: null }) } }, "all pairs")] : []));
      found = all.filter((journey) => isShown(model, journey, use, pair?.checks ?? null));
      shown = 0;
      rows.replaceChildren();
      showMore();
      count.textContent = plural(found.length, "message");
    };
    let state = null;
    const refresh = () => {
      const next = `${url.get("stun")}|${url.get("pair")}`;
      if (next !== state) apply();
      state = next;
    };
    select.addEventListener("change", () => url.set({ stun: select.value || null }));
    more.addEventListener("click", showMore);
    (context.listeners ??= []).push(refresh);
    refresh();
    const section = rtclab.section("STUN ladder", { class: "call-ladder" },
      h("div", { class: "call-filter" }, select, pairNote, count), names, rows, more);
    context.showPair = (name) => {
      url.set({ pair: name, stun: null });
      section.scrollIntoView();
    };
    return section;
  };
})();
