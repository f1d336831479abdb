// SPDX-License-Identifier: Apache-2.0
//
// What changed against the baseline, regressions first.
"use strict";

(() => {
  const { h, data, text, list, object } = rtclab;
  const LIMIT = 12;

  const verdicts = {
    __proto__: null, pass: ["good", "Nothing got worse"], failed: ["bad", "Calls came out otherwise"],
    regressed: ["bad", "Slower than the baseline, or more packets"], inconclusive: ["odd", "Too little to compare"],
  };

  function where(change) {
    const place = [change.scenario, [change.offerer, change.answerer].filter(Boolean).join("~"), change.mode].map(text).filter(Boolean).join(" · ");
    const call = data.find(text(change.key));
    return call ? h("a", { href: rtclab.href("call", call.key) }, call.key) : h("span", {}, place || text(change.key) || "all calls");
  }

  const shown = (value) => (typeof value === "string" ? value : value === null || value === undefined ? "–" : JSON.stringify(value));

  function divergence(change) {
    const found = change.divergence;
    if (found === null || found === undefined) return null;
    const rows = Object.entries(object(found)).filter(([, value]) => value !== null);
    return h("details", {}, h("summary", {}, "First divergence"),
      h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", { class: "mono" }, shown(value))))));
  }

  const line = (change) =>
    h("li", {}, rtclab.icon(change.is_regression ? "bad" : "none", change.is_regression ? "worse" : "changed"),
      h("div", {}, where(change), " ", h("span", { class: "tag" }, text(change.kind)),
        h("p", {}, text(change.text) || `${shown(change.before)} → ${shown(change.after)}`),
        text(object(change.confirmation).text) ? h("p", { class: "soft" }, object(change.confirmation).text) : null, divergence(change)));

  // What only one of the runs has is one line a kind, however many scenarios a run leaves out.
  const unpaired = { __proto__: null, missing: "of the baseline not made in this run", new: "that the baseline does not have" };

  function unpairedLine(changes, kind) {
    const found = changes.filter((change) => change.kind === kind);
    if (found.length === 0) return null;
    const count = found.reduce((sum, change) => sum + (Number(kind === "new" ? change.after : change.before) || 0), 0);
    const names = [...new Set(found.map((change) => text(change.scenario)))];
    return h("details", { class: "unpaired" }, h("summary", {}, `${rtclab.formatCount(count)} ${count === 1 ? "call" : "calls"} ${unpaired[kind]}`),
      h("p", { class: "soft" }, names.slice(0, 1000).join(", ")));
  }

  // The section, or null if the run was compared with nothing.
  rtclab.changesSection = () => {
    const { baseline } = data;
    if (!baseline) return null;
    const all = list(baseline.changes).map(object);
    const changes = all.filter((change) => unpaired[change.kind] === undefined).sort((a, b) => Boolean(b.is_regression) - Boolean(a.is_regression));
    const [kind, words] = verdicts[baseline.verdict] ?? ["none", text(baseline.verdict)];
    return rtclab.section("Against the baseline", {},
      h("p", { class: "verdict" }, rtclab.icon(kind), h("b", {}, words), h("span", { class: "soft" },
        [`${rtclab.formatCount(Number(baseline.compared) || 0)} compared`, text(baseline.id), text(baseline.version) && `rtclab ${text(baseline.version)}`, text(baseline.path)].filter(Boolean).join(" · "))),
      list(baseline.notes).length === 0 ? null : h("ul", { class: "soft" }, list(baseline.notes).map((note) => h("li", {}, text(note)))),
      changes.length === 0 ? null : h("ul", { class: "call-list", id: "changes" }, changes.slice(0, LIMIT).map(line)),
      changes.length > LIMIT ? h("details", {}, h("summary", {}, `${rtclab.formatCount(changes.length - LIMIT)} more`), h("ul", { class: "call-list" }, changes.slice(LIMIT, 1000).map(line))) : null,
      Object.keys(unpaired).map((kind) => unpairedLine(all, kind)));
  };
})();
