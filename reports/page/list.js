// SPDX-License-Identifier: Apache-2.0
//
// All calls, a row each, a hundred at a time.
"use strict";

(() => {
  const { h, data } = rtclab;
  const PAGE = 100;

  const columns = [
    { name: "", title: "Scenario", value: (call) => call.scenario, cell: (call) => h("a", { href: rtclab.href("call", call.key) }, call.scenario) },
    { name: "peers", title: "Peers", value: (call) => `${call.offerer}~${call.answerer}`, cell: (call) => `${call.offerer}~${call.answerer}` },
    { name: "mode", title: "Mode", value: (call) => call.mode, cell: (call) => [rtclab.mark(call.mode), " ", call.mode] },
    { name: "repeat", title: "Repeat", class: "number", value: (call) => call.repeat, cell: (call) => call.repeat },
    { name: "outcome", title: "Outcome", value: (call) => `${call.verdict} ${call.outcome}`, cell: (call) => h("span", { class: "state" }, rtclab.icon(call.tone, rtclab.verdictWords[call.verdict]), call.outcome) },
    { name: "pair", title: "Selected pair", value: rtclab.pairOf, cell: (call) => h("span", { class: "mono" }, rtclab.pairOf(call) || "–") },
    { name: "setup", title: "Set-up", class: "number", value: (call) => call.setup_ms ?? Infinity, cell: (call) => rtclab.formatMs(call.setup_ms) },
    { name: "why", title: "Why", class: "why", value: (call) => (call.verdict === "expected" ? "" : rtclab.reasonOf(call)), cell: (call) => (call.verdict === "expected" && call.outcome === "connected" ? "" : rtclab.reasonOf(call)) },
  ];

  // "setup" ascending, "-setup" descending; otherwise as run.
  function sorted(calls, sort) {
    const column = columns.find((c) => c.name && (sort === c.name || sort === `-${c.name}`));
    if (!column) return calls;
    const sign = sort.startsWith("-") ? -1 : 1;
    return [...calls].sort((a, b) => sign * d3.ascending(column.value(a), column.value(b)) || a.index - b.index);
  }

  function head(column, sort) {
    if (!column.name) return h("th", { scope: "col" }, column.title);
    const direction = sort === column.name ? "ascending" : sort === `-${column.name}` ? "descending" : null;
    const next = direction === "ascending" ? `-${column.name}` : direction === "descending" ? null : column.name;
    return h("th", { scope: "col", class: column.class, "aria-sort": direction },
      h("button", { type: "button", class: "plain sort", id: `sort-${column.name}`, on: { click: () => rtclab.setParams({ sort: next, page: null }) } },
        column.title, h("span", { "aria-hidden": "true" }, { ascending: " ↑", descending: " ↓" }[direction] ?? "")));
  }

  function table(calls, sort) {
    return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of calls" },
      h("table", { id: "calls" }, h("caption", { class: "unseen" }, "Calls"),
        h("thead", {}, h("tr", {}, columns.map((column) => head(column, sort)))),
        h("tbody", {}, calls.map((call) => h("tr", {}, columns.map((column, i) => h(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : null, class: column.class }, column.cell(call))))))));
  }

  function pager(page, pages) {
    if (pages < 2) return null;
    const button = (text, to, id) => h("button", { type: "button", id, disabled: to < 1 || to > pages, on: { click: () => { rtclab.setParams({ page: to === 1 ? null : String(to) }, { push: true }); } } }, text);
    return h("nav", { class: "pager", "aria-label": "Pages" }, button("First", page === 1 ? 0 : 1, "page-first"), button("Previous", page - 1, "page-previous"),
      h("span", {}, `Page ${page} of ${pages}`), button("Next", page + 1, "page-next"), button("Last", page === pages ? 0 : pages, "page-last"));
  }

  rtclab.view("calls", {
    title: () => "Calls",
    render(root, route) {
      const filters = rtclab.filters("Filter calls");
      const place = h("div", {});
      root.append(h("h1", {}, "Calls"), filters.element, place);
      function update(now) {
        const focused = document.activeElement?.id;
        const sort = now.params.get("sort") ?? "";
        const calls = sorted(data.calls.filter(rtclab.matcher(now.params)), sort);
        const pages = Math.max(1, Math.ceil(calls.length / PAGE));
        const page = Math.min(pages, Math.max(1, Number.parseInt(now.params.get("page") ?? "1", 10) || 1));
        filters.sync(now, calls.length, data.calls.length, "call");
        place.replaceChildren(...(calls.length > 0 ? [table(calls.slice((page - 1) * PAGE, page * PAGE), sort), pager(page, pages)].filter(Boolean) : [h("p", { class: "soft" }, "No call is so.")]));
        if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
      }
      update(route);
      return { update, leave: filters.leave };
    },
  });
})();
