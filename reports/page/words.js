// SPDX-License-Identifier: Apache-2.0
//
// What calls came to, in few words: the selected pair, the outcome, the reason.
"use strict";

(() => {
  const { h, object, text, list } = rtclab;

  // "srflx~prflx", "relay~host tcp"; "" if there is none.
  rtclab.pairOf = (call) => {
    const selected = object(call.selected);
    const left = text(object(selected.offerer).local), right = text(object(selected.answerer).local);
    if (!left && !right) return "";
    return `${left || "?"}~${right || "?"}${object(selected.offerer).protocol === "tcp" ? " tcp" : ""}`;
  };

  // What is most often so, and whether there is anything else.
  function usual(values) {
    const counts = d3.nest().key((value) => value).rollup((group) => group.length).entries(values);
    counts.sort((a, b) => b.value - a.value);
    return [counts[0]?.key ?? "", counts.length > 1];
  }

  const rank = { bad: 3, odd: 2, none: 1, good: 0 };

  // Of calls of one mode: { tone, words, detail, ms }.
  rtclab.summarise = (calls) => {
    const tone = calls.map((call) => call.tone).sort((a, b) => rank[b] - rank[a])[0];
    const connected = calls.filter((call) => call.outcome === "connected");
    const times = connected.map((call) => call.setup_ms).filter((ms) => typeof ms === "number");
    const count = connected.length > 0 && connected.length < calls.length ? `${connected.length} of ${calls.length}` : calls.length > 1 ? `× ${calls.length}` : "";
    const [outcome] = usual((connected.length > 0 ? calls.filter((call) => call.outcome !== "connected") : calls).map((call) => call.outcome));
    const [pair, hasOthers] = usual(connected.map(rtclab.pairOf));
    const words = connected.length > 0 ? (pair ? `${pair}${hasOthers ? " +" : ""}` : "connected") : outcome;
    return { tone, words, count, outcome, connected: connected.length, ms: times.length > 0 ? d3.median(times) : null, times };
  };

  rtclab.verdictWords = {
    expected: "as expected", unexpected: "not as expected", known: "known failure", flaky: "flaky", unsupported: "unsupported",
  };

  // Why a call ended as it did: the cause that its record gives, else what was said.
  rtclab.reasonOf = (call) => {
    const cause = object(call.cause);
    return text(cause.text) || call.why || call.outcome;
  };

  // The stacks and versions that took part, each once.
  rtclab.stacks = (calls) => {
    const seen = new Set();
    for (const call of calls)
      for (const peer of Object.values(object(call.peers)))
        if (object(peer).stack) seen.add(`${text(peer.stack)} ${text(peer.version)}`.trim());
    return [...seen];
  };

  // The link to calls of a group in a mode: to the call if it is one, else to their list.
  rtclab.linkTo = (group, calls) =>
    calls.length === 1 ? rtclab.href("call", calls[0].key)
      : rtclab.href("calls", "", { scenario: group.scenario, peers: rtclab.data.pairs.length > 1 ? `${group.offerer}~${group.answerer}` : null, mode: calls[0].mode });

  // A list of calls, `limit` at first: each with its reason.
  rtclab.callList = (calls, limit, more) =>
    [h("ul", { class: "call-list" }, calls.slice(0, limit).map((call) =>
      h("li", {}, rtclab.icon(call.tone, rtclab.verdictWords[call.verdict]),
        h("div", {}, h("a", { href: rtclab.href("call", call.key) }, call.key),
          h("p", {}, h("b", {}, call.outcome), " ", rtclab.reasonOf(call),
            list(object(call.cause).packets).length > 0 ? h("span", { class: "soft" }, ` (packet${call.cause.packets.length > 1 ? "s" : ""} ${call.cause.packets.slice(0, 6).join(", ")}${call.cause.packets.length > 6 ? ", …" : ""})`) : null))))),
    calls.length > limit ? h("p", {}, h("a", { href: more }, `All ${rtclab.formatCount(calls.length)}`)) : null];
})();
