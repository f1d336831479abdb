// SPDX-License-Identifier: Apache-2.0
//
// How long set-ups took, from the raw samples: distribution, samples of each scenario, where
// the time went, and what trickle and half save over full, pair by pair.
"use strict";

(() => {
  const { h, data, formatMs, formatCount } = rtclab;
  const PAGE = 40;

  const shownModes = (groups) => data.modes.filter((mode) => groups.some((group) => group.shown.some((call) => call.mode === mode)));

  function box(label, head, rows, attributes) {
    return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
      h("table", { class: "rows", ...attributes }, h("caption", { class: "unseen" }, label), h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)));
  }

  const column = (title, attributes) => h("th", { scope: "col", ...attributes }, title);

  // ---- distribution ----

  function distribution(groups, isLog) {
    const calls = groups.flatMap((group) => group.shown);
    const modes = shownModes(groups).map((mode) => [mode, rtclab.samples(calls.filter((call) => call.mode === mode))]).filter(([, samples]) => samples.times.length > 0);
    if (modes.length === 0) return h("p", { class: "soft" }, "No call connected.");
    const cell = (samples, p) => {
      const found = rtclab.quantile(samples, p);
      return h("td", { class: "number" }, found ? h("a", { href: rtclab.href("call", found.call.key) }, formatMs(found.ms)) : h("span", { title: "more calls than that did not connect" }, "never"));
    };
    const left = rtclab.leftOut(calls);
    return [rtclab.ecdf(modes, isLog),
      box("Quantiles by mode", [column("Mode"), column("Connected", { class: "number" }), ...["p50", "p90", "p99"].map((name) => column(name, { class: "number" }))],
        modes.map(([mode, samples]) => h("tr", {}, h("th", { scope: "row" }, rtclab.mark(mode), " ", mode), h("td", { class: "number" }, `${formatCount(samples.times.length)} of ${formatCount(samples.all)}`), cell(samples, 0.5), cell(samples, 0.9), cell(samples, 0.99))), { id: "quantiles" }),
      left.length > 0 ? h("p", { class: "soft" }, `Left out: ${left.map(([what, count]) => `${rtclab.plural(count, "call")} ${what}`).join(", ")}.`) : null];
  }

  // ---- a row a scenario ----

  function strips(groups, isLog) {
    const modes = shownModes(groups);
    const samples = groups.map((group) => rtclab.samples(group.shown));
    const hasCensored = samples.some(({ censored }) => censored.length > 0);
    const times = samples.flatMap((one) => (one.times.length > 0 ? [one.times[0].ms, one.times[one.times.length - 1].ms] : []));
    const axis = rtclab.axis(d3.min(times) ?? 0, d3.max(times) ?? 1, { isLog, rail: hasCensored });
    return box("Samples of each scenario", [column("Scenario", { class: "scenario" }), h("th", { scope: "col", class: "chart" }, rtclab.axisHead(axis, "Set-up", "never"))],
      groups.map((group) => h("tr", {}, rtclab.scenarioHeader(group), rtclab.stripCell(axis, group, modes))), { id: "strips" });
  }

  function stacks(groups, p) {
    const modes = shownModes(groups);
    const rows = groups.map((group) => [group, modes.map((mode) => [mode, rtclab.partsAt(rtclab.modeCalls(group, mode), p)])]).filter(([, found]) => found.some(([, one]) => one));
    if (rows.length === 0) return h("p", { class: "soft" }, "No parts are recorded: they come with connected calls.");
    const axis = rtclab.axis(0, d3.max(rows.flatMap(([, found]) => found.map(([, one]) => one?.ms ?? 0))));
    const links = (found) => h("td", { class: "number links" }, found.map(([mode, one]) => h("span", {}, rtclab.mark(mode), " ", one ? h("a", { href: rtclab.href("call", one.call.key), "aria-label": `${mode}, ${formatMs(one.ms)}: open the call` }, formatMs(one.ms)) : "–")));
    return [rtclab.legend(...rtclab.partNames.map((name) => [h("span", { class: `swatch part-${name}`, "aria-hidden": "true" }), name])),
      box("Parts of the set-up of each scenario", [column("Scenario", { class: "scenario" }), column(`Call at p${p * 100}`, { class: "number links" }), h("th", { scope: "col", class: "chart" }, rtclab.axisHead(axis, "Set-up"))],
        rows.map(([group, found]) => h("tr", {}, rtclab.scenarioHeader(group), links(found), rtclab.stackCell(axis, found))), { id: "stacks" })];
  }

  function differences(groups, mode) {
    const rows = groups.map((group) => [group, rtclab.differences(group, mode)]).filter(([, found]) => found.samples.length > 0);
    if (rows.length === 0) return h("p", { class: "soft" }, `No scenario has pairs of ${mode} and full.`);
    const predictedOf = (group) => (mode === "trickle" ? group.comparison.predicted_saving_ms : null);
    const all = rows.flatMap(([group, found]) => [...found.samples, predictedOf(group) ?? 0, ...found.interval]);
    const axis = rtclab.axis(Math.min(0, d3.min(all)), d3.max(all));
    const share = (value) => (typeof value === "number" ? rtclab.formatPercent(value) : "–");
    const chance = (value) => (typeof value !== "number" ? "–" : value < 0.001 ? "< 0.001" : value.toFixed(3));
    return box(`What ${mode} saves over full in each scenario`,
      [column("Scenario", { class: "scenario" }), column("Pairs", { class: "number" }), h("th", { scope: "col", class: "chart" }, rtclab.axisHead(axis, `Full minus ${mode}, of one seed`)), column("Saves", { class: "number" }), column("Faster in", { class: "number" }), column("p, Holm", { class: "number" })],
      rows.map(([group, found]) => h("tr", {}, rtclab.scenarioHeader(group), h("td", { class: "number" }, formatCount(found.samples.length)), rtclab.differenceCell(axis, found, mode, predictedOf(group)),
        h("td", { class: "number saving" }, h("b", {}, formatMs(found.middle)), " ", h("span", {}, rtclab.formatInterval(found.interval))),
        h("td", { class: "number" }, share(found.p_faster)), h("td", { class: "number" }, chance(found.p_holm)))), { id: "differences" });
  }

  // ---- the page ----

  rtclab.view("latency", {
    title: () => "Latency",
    render(root, route) {
      const filters = rtclab.filters("Filter samples");
      const scale = rtclab.choice("scale", "Scale", [["linear", "linear"], ["log", "log"]]);
      const at = rtclab.choice("at", "Call at", [["p50", "p50"], ["p90", "p90"]]);
      const versus = rtclab.choice("saves", "Mode", [["trickle", "trickle"], ["half", "half"]]);
      const places = { distribution: h("div", {}), strips: h("div", {}), stacks: h("div", {}), differences: h("div", {}), more: h("div", {}) };
      const legend = () => rtclab.legend(...data.modes.map((mode) => [rtclab.mark(mode), mode]));
      root.append(h("h1", {}, "Set-up latency"), filters.element,
        rtclab.section("Distribution", {}, h("div", { class: "tools" }, h("p", { class: "soft note" }, "Share of calls set up within a time. Calls that never connected are in it: their line stays below 100 %."), scale.element), places.distribution),
        rtclab.section("Samples", {}, h("div", { class: "tools" }, legend(), h("span", { class: "soft" }, "✕ not connected")), places.strips),
        rtclab.section("Where the time went", {}, h("div", { class: "tools" }, h("p", { class: "soft note" }, "Waits on the critical path of the call at that quantile; they sum to its set-up."), at.element), places.stacks),
        rtclab.section("What not waiting saves", {}, h("div", { class: "tools" }, rtclab.legend([h("span", { class: "swatch tick", "aria-hidden": "true" }), "a pair of calls"], [h("span", { class: "swatch bar-sign", "aria-hidden": "true" }), "95 % interval"], [rtclab.predictedSign(), "predicted"]), versus.element), places.differences),
        places.more);
      const update = (now) => {
        const groups = rtclab.matchingGroups(now.params);
        const limit = Math.max(PAGE, Number.parseInt(now.params.get("rows") ?? "", 10) || 0);
        const shown = groups.slice(0, limit), isLog = scale.read(now) === "log";
        filters.sync(now, d3.sum(groups, (group) => group.shown.length), data.calls.length, "call");
        for (const choice of [scale, at, versus]) choice.sync(now);
        const put = (place, content) => place.replaceChildren(...[content].flat().filter(Boolean));
        put(places.distribution, distribution(groups, isLog));
        put(places.strips, strips(shown, isLog));
        put(places.stacks, stacks(shown, at.read(now) === "p90" ? 0.9 : 0.5));
        put(places.differences, differences(shown, versus.read(now)));
        put(places.more, groups.length > limit ? h("p", {}, h("button", { type: "button", id: "more", on: { click: () => rtclab.setParams({ rows: String(limit + 4 * PAGE) }) } }, `Show more scenarios (${formatCount(groups.length - limit)} left)`)) : null);
      };
      update(route);
      return { update, leave: filters.leave };
    },
  });
})();
