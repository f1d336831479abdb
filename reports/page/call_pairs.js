// SPDX-License-Identifier: Apache-2.0
//
// The candidate pairs as each peer had them (RFC 8445 section 6.1.2): the state they came to
// and when, drawn on one axis for all pairs; checks with what was sent again and lost; which
// was nominated. A pair opens to its checks.
"use strict";

(() => {
  const { h, s, text, list } = rtclab;
  const { duration, moment, packetLink } = rtclab.callBase;

  const isTime = (t) => typeof t === "number";
  const stages = [["possible_us", "possible"], ["first_check_us", "checked"], ["valid_us", "valid"],
    ["nominated_us", "nominated"], ["selected_us", "selected"], ["failed_us", "failed"]];

  // A pair stays selected until another is: `last` is when the last of the peer's was.
  function stateOf(pair, last) {
    if (isTime(pair.selected_us)) return pair.selected_us === last ? ["selected", "good"] : ["selected, then replaced", "none"];
    if (isTime(pair.nominated_us)) return ["nominated", "good"];
    if (isTime(pair.valid_us)) return ["succeeded", "good"];
    if (isTime(pair.failed_us)) return ["failed", "bad"];
    if (isTime(pair.first_check_us)) return ["in progress", "odd"];
    return ["never checked", "none"];
  }

  // 64 bits, as text; what is not known comes last
  const priorityOf = (pair) => (/^\d+$/.test(pair.priority) ? Number(pair.priority) : 0);

  // "possible 40 ms, checked 60 ms, valid 104 ms": what the strip draws, in words
  const historyText = (pair) => stages.filter(([key]) => isTime(pair[key]))
    .map(([key, word]) => `${word} ${moment(pair[key])}`).join(", ");

  // From when it was possible to when it worked or did not, and its requests as ticks.
  function strip(pair, transactions, model, end) {
    const at = (us) => `${Math.min(Math.max((us / end) * 100, 0), 100)}%`;
    const node = s("svg", { class: "call-history", "aria-hidden": "true", focusable: "false" });
    const bar = (from, to, kind) => {
      if (isTime(from) && isTime(to) && to >= from)
        node.append(s("rect", { class: kind, x: at(from), width: `${Math.max(((to - from) / end) * 100, 0.6)}%`, y: 6, height: 6, rx: 1 }));
    };
    const over = [pair.valid_us, pair.failed_us].filter(isTime);
    const done = over.length > 0 ? Math.min(...over) : end;
    bar(pair.possible_us, isTime(pair.first_check_us) ? pair.first_check_us : done, "waiting");
    bar(pair.first_check_us, done, "checking");
    bar(pair.valid_us, end, "valid");
    for (const transaction of transactions)
      for (const index of list(transaction.requests)) {
        const packet = model.packets[index];
        // what a relay sent on may be lost as well: then there are losses for all requests
        const isLost = model.journeyOfPacket[index]?.dropped || list(transaction.losses).length >= transaction.requests.length;
        if (packet) node.append(s("rect", { class: isLost ? "tick lost" : "tick", x: at(packet.t_us), y: 2, width: 1.5, height: 14 }));
      }
    for (const [key, kind] of [["nominated_us", "nominated"], ["selected_us", "selected"], ["failed_us", "failed"]])
      if (isTime(pair[key])) node.append(s("circle", { class: kind, cx: at(pair[key]), cy: 9, r: 4 }));
    return node;
  }

  function checksOf(context, transactions) {
    const { model } = context;
    if (transactions.length === 0) return h("p", { class: "soft" }, "No check was sent.");
    return h("ol", { class: "call-checks" }, transactions.map((transaction) => {
      const journey = model.journeyOfPacket[list(transaction.requests)[0]];
      const words = rtclab.callTransactionText(model, transaction);
      return h("li", {}, journey ? packetLink(context, journey, moment(journey.fromUs)) : "?", ` ${words}`);
    }));
  }

  function describeChecks(transactions) {
    const sent = transactions.reduce((n, t) => n + list(t.requests).length, 0);
    const again = transactions.reduce((n, t) => n + Math.max(0, list(t.requests).length - 1), 0);
    const lost = transactions.reduce((n, t) => n + list(t.losses).length, 0);
    return [`${sent} sent`, again > 0 ? `${again} again` : "", lost > 0 ? `${lost} dropped` : ""].filter(Boolean).join(", ");
  }

  function roundTrip(model, transactions) {
    const answered = transactions.filter((t) => Number.isInteger(t.answer) && !t.error_code && list(t.requests).length === 1);
    const times = answered.map((t) => model.packets[t.answer]?.t_us - model.packets[t.requests[0]]?.t_us).filter((t) => Number.isFinite(t));
    return times.length > 0 ? duration(Math.min(...times)) : "–";
  }

  function tableOf(context, role, end) {
    const { model } = context;
    const far = role === "offerer" ? "answerer" : "offerer";
    const pairs = model.pairs[role];
    if (pairs.length === 0) return [h("h3", {}, context.titles[role]), h("p", { class: "soft" }, "No pair: no candidate of the other peer came.")];
    const transactionsOf = (pair) => list(pair.checks).map((i) => model.transactions[i]).filter(Boolean);
    const last = Math.max(...pairs.map((pair) => pair.selected_us).filter(isTime));
    const rows = pairs.map((pair, index) => ({ pair, index, transactions: transactionsOf(pair) }))
      .sort((a, b) => (b.pair.selected_us === last) - (a.pair.selected_us === last) || priorityOf(b.pair) - priorityOf(a.pair));
    const first = ({ pair, index, transactions }) => {
      const [state, tone] = stateOf(pair, last);
      return h("details", { "data-pair": `${role}.${index}` },
        h("summary", {}, h("span", { class: "mono call-pair-name" }, rtclab.callCandidateName(model.candidates[role][pair.local]),
          " → ", rtclab.callCandidateName(model.candidates[far][pair.remote])), " ",
        h("span", { class: "call-pair-state" }, rtclab.icon(tone), " ", h("span", { class: `tone-${tone}` }, state))),
        h("p", { class: "soft" }, historyText(pair) || "nothing happened to it"),
        checksOf(context, transactions),
        transactions.length > 0 ? h("button", { type: "button", class: "call-link call-pair-ladder", on: { click: () => context.showPair(`${role}.${index}`) } }, "Show in the STUN ladder") : null);
    };
    return [
      h("h3", {}, context.titles[role]),
      rtclab.table(`Candidate pairs of the ${role}`, [
        { title: "Pair", class: "call-pair", cell: first },
        { title: "Priority", class: "number", cell: ({ pair }) => (text(pair.priority) && pair.priority !== "0" ? pair.priority : "–") },
        { title: `History, 0 to ${duration(end)}`, class: "call-history-cell", cell: ({ pair, transactions }) => h("span", {}, strip(pair, transactions, model, end), h("span", { class: "unseen" }, historyText(pair))) },
        { title: "Checks", class: "call-nowrap", cell: ({ transactions }) => describeChecks(transactions) },
        { title: "Round trip", class: "number", cell: ({ transactions }) => roundTrip(model, transactions) },
      ], rows),
    ];
  }

  rtclab.callPairs = (context) => {
    const { model } = context;
    if (rtclab.callRoles.every((role) => model.pairs[role].length === 0))
      return rtclab.section("Candidate pairs", { class: "call-pairs" }, h("p", { class: "soft" }, "Neither peer had a pair: no candidate came across."));
    const lasts = rtclab.callRoles.flatMap((role) => model.pairs[role].flatMap((pair) => stages.map(([key]) => pair[key]).filter(isTime)));
    const end = Math.max(1000, model.setupUs ?? 0, ...lasts) * 1.03;
    return rtclab.section("Candidate pairs", { class: "call-pairs" },
      h("p", { class: "call-legend", "aria-hidden": "true" },
        [["waiting", "waiting"], ["checking", "in progress"], ["valid", "succeeded"], ["nominated", "nominated"], ["selected", "selected"], ["failed", "failed"]]
          .map(([kind, word]) => h("span", { class: `call-key-history-${kind}` }, word))),
      rtclab.callRoles.map((role) => tableOf(context, role, end)));
  };
})();
