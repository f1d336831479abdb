// SPDX-License-Identifier: Apache-2.0
//
// The table of scenario by mode: outcome, selected pair, median; beside it each scenario's
// dumbbell on one time axis, from trickle to full, with what full should cost. With several
// pairs of peers a grid of scenario by pair above it.
"use strict";

(() => {
  const { h, data, object, formatMs } = rtclab;
  const PAGE = 60; // rows at first

  const saving = (group) => object(group.comparison.trickle_saves_ms);
  const savingMs = (group) => saving(group).shift ?? saving(group).median ?? null;
  const medianOf = (group, mode) => group.medians.get(mode) ?? null;
  const slowest = (group) => d3.max(data.modes, (mode) => medianOf(group, mode) ?? -1);

  // What full gathering should take: trickle's median, and the predicted cost.
  function predictedFull(group) {
    const cost = group.comparison.predicted_saving_ms;
    const trickle = medianOf(group, "trickle");
    return typeof cost === "number" && trickle !== null ? trickle + cost : null;
  }

  const orders = {
    run: () => 0,
    saving: (a, b) => (savingMs(b) ?? -Infinity) - (savingMs(a) ?? -Infinity) || 0,
    slow: (a, b) => slowest(b) - slowest(a),
  };

  // ---- cells ----

  function scenarioCell(group) {
    const title = data.title(group.scenario);
    return h("th", { scope: "row", class: "scenario" },
      h("a", { href: rtclab.href("calls", "", { scenario: group.scenario, peers: data.pairs.length > 1 ? `${group.offerer}~${group.answerer}` : null }) }, rtclab.breakable(group.scenario)),
      data.pairs.length > 1 ? h("span", { class: "peers" }, `${group.offerer}~${group.answerer}`) : null,
      title ? h("span", { class: "title" }, title) : null);
  }

  function modeCell(group, mode, shown) {
    const calls = (group.byMode.get(mode) ?? []).filter((call) => shown.has(call));
    if (calls.length === 0) return h("td", { class: "mode" }, h("span", { class: "soft" }, "–"));
    const { tone, words, count, ms } = rtclab.summarise(calls);
    const verdict = rtclab.verdictWords[calls.find((call) => call.tone === tone).verdict];
    return h("td", { class: `mode wash-${tone}` },
      h("a", { href: rtclab.linkTo(group, calls) },
        h("span", { class: "state" }, rtclab.icon(tone, verdict), h("span", { class: "pair" }, words)),
        h("span", { class: "figures" }, ms === null ? null : h("b", {}, formatMs(ms)), h("span", { class: "count" }, count))));
  }

  function dumbbell(axis, group) {
    const points = data.modes.map((mode) => [mode, medianOf(group, mode)]).filter(([, ms]) => ms !== null);
    const predicted = predictedFull(group);
    if (points.length === 0) return h("span", { class: "soft" }, "no call connected");
    const [low, high] = d3.extent(points, ([, ms]) => ms);
    const label = rtclab.describeTimes(predicted === null ? points : [...points, ["full, predicted", predicted]]);
    return rtclab.rowChart(axis, label,
      rtclab.s("line", { class: "bell", x1: axis.at(low), x2: axis.at(high), y1: "50%", y2: "50%" }),
      predicted === null ? null : rtclab.predictedMark(axis, predicted, "50%", `full, predicted: ${formatMs(predicted)}`),
      [...points].reverse().map(([mode, ms]) => rtclab.chartMark(axis, ms, "50%", mode, `${mode}: ${formatMs(ms)}`)));
  }

  function savingCell(group) {
    const ms = savingMs(group);
    if (typeof ms !== "number") return h("td", { class: "number soft" }, "–");
    const { predicted_saving_ms: predicted } = group.comparison;
    return h("td", { class: "number saving" }, h("b", {}, formatMs(ms)), " ", h("span", {}, rtclab.formatInterval(saving(group).interval)),
      typeof predicted === "number" ? h("span", { class: "under" }, `predicted ${formatMs(predicted)}`) : null);
  }

  // ---- the table ----

  function makeTable(groups, route, limit) {
    const mode = route.params.get("mode");
    const modes = mode ? data.modes.filter((name) => name === mode) : data.modes;
    const times = groups.flatMap((group) => [...data.modes.map((name) => medianOf(group, name)), predictedFull(group)]).filter((ms) => ms !== null);
    const isLog = route.params.get("scale") === "log";
    const axis = rtclab.axis(d3.min(times) ?? 0, d3.max(times) ?? 1, { isLog });
    return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Scenarios by mode" },
      h("table", { class: "matrix", id: "matrix" },
        h("caption", { class: "unseen" }, "Each scenario in each mode: outcome, selected pair, median set-up; what trickle saves over full gathering"),
        h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "scenario" }, "Scenario"),
          modes.map((name) => h("th", { scope: "col" }, rtclab.mark(name), " ", name)),
          h("th", { scope: "col", class: "chart" }, rtclab.axisHead(axis, "Median set-up")),
          h("th", { scope: "col", class: "number" }, "Trickle saves"))),
        h("tbody", {}, groups.slice(0, limit).map((group) => {
          const shown = new Set(group.shown);
          return h("tr", {}, scenarioCell(group), modes.map((name) => modeCell(group, name, shown)), h("td", { class: "chart" }, dumbbell(axis, group)), savingCell(group));
        }))));
  }

  // Scenario by pair of peers: a mark a mode, its shape for the mode, filled if all is well.
  function makeGrid(groups) {
    if (data.pairs.length < 2) return null;
    const rows = new Map();
    for (const group of groups) {
      if (!rows.has(group.scenario)) rows.set(group.scenario, new Map());
      rows.get(group.scenario).set(`${group.offerer}~${group.answerer}`, group);
    }
    const pairs = data.pairs.filter((pair) => groups.some((group) => `${group.offerer}~${group.answerer}` === pair));
    const cell = (group) => {
      if (!group) return h("td", {}, h("span", { class: "soft" }, "–"));
      const parts = data.modes.map((mode) => [mode, group.shown.filter((call) => call.mode === mode)]).filter(([, calls]) => calls.length > 0)
        .map(([mode, calls]) => h("a", { href: rtclab.linkTo(group, calls), title: mode },
          rtclab.icon(rtclab.summarise(calls).tone, `${mode}: ${rtclab.verdictWords[calls.find((call) => call.tone === rtclab.summarise(calls).tone).verdict]}`)));
      return h("td", {}, h("span", { class: "trio" }, parts));
    };
    return h("div", { class: "scroll grid-box", tabindex: 0, role: "region", "aria-label": "Scenarios by peers" },
      h("table", { class: "grid-table" }, h("caption", { class: "unseen" }, "Each scenario between each two peers, a sign a mode"),
        h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "scenario" }, `Offerer~answerer: ${data.modes.join(", ")}`), pairs.map((pair) => h("th", { scope: "col" }, pair)))),
        h("tbody", {}, [...rows].slice(0, PAGE).map(([scenario, cells]) => h("tr", {}, h("th", { scope: "row", class: "scenario" }, scenario), pairs.map((pair) => cell(cells.get(pair))))))));
  }

  // { element, update(route), leave() }
  rtclab.matrix = () => {
    const filters = rtclab.filters("Filter scenarios");
    const scale = rtclab.choice("scale", "Scale", [["linear", "linear"], ["log", "log"]]);
    const order = rtclab.choice("sort", "Order", [["run", "as run"], ["saving", "saving"], ["slow", "slowest"]]);
    const place = h("div", { class: "matrix-place" });
    const legend = rtclab.legend(...data.modes.map((mode) => [rtclab.mark(mode), mode]), [rtclab.predictedSign(), "full, predicted from the stack's own constants"]);
    const element = rtclab.section("Scenarios", {}, filters.element, h("div", { class: "tools" }, legend, order.element, scale.element), place);

    function update(route) {
      const groups = rtclab.matchingGroups(route.params).sort(orders[order.read(route)]);
      const limit = Math.max(PAGE, Number.parseInt(route.params.get("rows") ?? "", 10) || 0);
      filters.sync(route, groups.length, data.groups.length, data.pairs.length > 1 ? "row" : "scenario");
      scale.sync(route);
      order.sync(route);
      const more = groups.length > limit
        ? h("p", {}, h("button", { type: "button", id: "more", on: { click: () => rtclab.setParams({ rows: String(limit + 4 * PAGE) }) } }, `Show more (${rtclab.formatCount(groups.length - limit)} left)`)) : null;
      place.replaceChildren(...(groups.length > 0 ? [makeGrid(groups), makeTable(groups, route, limit), more].filter(Boolean) : [h("p", { class: "soft" }, "No call is so.")]));
    }
    return { element, update, leave: filters.leave };
  };
})();
