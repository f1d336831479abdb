// SPDX-License-Identifier: Apache-2.0
//
// Charts that are a row of a table each, on one time axis in the table's head. Places are
// percentages, so that nothing has to be measured or drawn again when the window changes.
"use strict";

(() => {
  const { s, formatMs } = rtclab;
  const RAIL = 8; // per cent on the right for calls that did not connect

  // No record of a call is longer than eleven days; larger numbers are not from one.
  const bounded = (ms) => (Number.isFinite(ms) ? Math.max(-1e9, Math.min(1e9, ms)) : 0);

  // A time axis from `least` to `most` ms, logarithmic if wanted and possible. With `rail` it
  // leaves room at its right end for samples that have no time; `rail` is where, in per cent.
  rtclab.axis = (least, most, { isLog = false, rail = false } = {}) => {
    const end = rail ? 100 - RAIL : 100;
    const from = isLog ? Math.max(bounded(least), 1) : Math.min(bounded(least), 0);
    const to = Math.max(bounded(most), from + 1);
    const scale = (isLog ? d3.scaleLog() : d3.scaleLinear()).domain([from, to]).range([0, end]);
    if (!isLog) scale.nice(5);
    const all = isLog ? logTicks(...scale.domain()) : scale.ticks(5);
    const place = (ms) => Math.max(0, Math.min(end, scale(isLog ? Math.max(bounded(ms), from) : bounded(ms))));
    return { place, at: (ms) => `${place(ms).toFixed(3)}%`, ticks: all.filter((t) => scale(t) <= end + 0.01), rail: rail ? 100 - RAIL / 2 : null, end, domain: scale.domain() };
  };

  // 1, 2 and 5 in each decade, or only 1 where there are many.
  function logTicks(from, to) {
    const ticks = [];
    const steps = Math.log10(to / from) > 3 ? [1] : [1, 2, 5];
    for (let decade = 10 ** Math.floor(Math.log10(from)); decade <= to; decade *= 10)
      for (const step of steps) if (decade * step >= from && decade * step <= to) ticks.push(decade * step);
    return ticks;
  }

  // The labels of an axis, for the head of a column of row charts.
  rtclab.axisHead = (axis, label, railLabel) =>
    s("svg", { class: "axis-head", height: 34, width: "100%", role: "img", "aria-label": `Axis: ${label}` },
      s("text", { x: 0, y: 11, class: "axis-title" }, label),
      axis.ticks.map((tick) => s("text", { x: axis.at(tick), y: 29, "text-anchor": anchor(axis.place(tick)) }, tickLabel(tick, axis))),
      axis.rail === null ? null : s("text", { x: "100%", y: 29, "text-anchor": "end", class: "axis-rail" }, railLabel));

  const anchor = (percent) => (percent < 1 ? "start" : percent > 98 ? "end" : "middle");

  function tickLabel(ms, axis) {
    if (ms === 0) return "0";
    return axis.domain[1] >= 1000 && Math.abs(ms) >= 1000 ? `${+(ms / 1000).toPrecision(3)} s` : axis.domain[1] >= 2000 && Math.abs(ms) >= 100 && ms % 100 === 0 && axis.domain[0] >= 0 && ms < 1000 && axis.ticks.length < 8 ? `${ms / 1000} s` : `${ms} ms`;
  }

  // A row's chart: its grid, and the marks that are handed in. It fills its cell, so that the
  // grid goes through all rows.
  rtclab.rowChart = (axis, label, ...marks) =>
    s("svg", { class: "row-chart", role: "img", "aria-label": label },
      axis.ticks.map((tick) => s("line", { class: tick === 0 ? "grid zero" : "grid", x1: axis.at(tick), x2: axis.at(tick), y1: 0, y2: "100%" })),
      axis.rail === null ? null : s("rect", { class: "rail", x: `${axis.end}%`, width: `${100 - axis.end}%`, y: 0, height: "100%" }),
      marks);

  // A mode's mark in a row's chart, with what it means for the pointer.
  rtclab.chartMark = (axis, ms, y, mode, title) =>
    s("svg", { x: axis.at(ms), y, class: `mark-place mode-${rtclab.markPaths[mode] ? mode : "other"}` },
      s("path", { d: rtclab.markPaths[mode] ?? "M-5 4L0 -5L5 4z" }, s("title", {}, title)));

  // What is predicted: a bar across the row with a cap, in ink.
  rtclab.predictedMark = (axis, ms, y, title) =>
    s("svg", { x: axis.at(ms), y, class: "mark-place predicted" }, s("path", { d: "M0 -9V9M-3 -9H3M-3 9H3" }, s("title", {}, title)));

  // Marks and what they mean, in words.
  rtclab.legend = (...entries) => rtclab.h("ul", { class: "legend" }, entries.map(([sign, text]) => rtclab.h("li", {}, sign, " ", text)));
  rtclab.predictedSign = () =>
    s("svg", { class: "mark predicted", viewBox: "-10 -10 20 20", "aria-hidden": "true" }, s("path", { d: "M0 -9V9M-3 -9H3M-3 9H3" }));

  rtclab.describeTimes = (times) => times.map(([name, ms]) => `${name} ${formatMs(ms)}`).join(", ");
})();
