// SPDX-License-Identifier: Apache-2.0
//
// The latency page's rows: raw samples as strips, parts of the set-up as stacks, paired
// differences. Each is a column: { title, head(axis), cell(group), … } made for an axis.
"use strict";

(() => {
  const { h, s, data, object, list, formatMs } = rtclab;

  rtclab.partNames = ["gathering", "signalling", "pacing", "checks", "retransmission", "nomination", "dtls", "stack"];

  rtclab.modeCalls = (group, mode) => group.shown.filter((call) => call.mode === mode);

  // ---- strips ----

  const laneY = (lane, lanes) => `${((lane + 0.5) * 100) / lanes}%`;

  // The samples of a mode, those at one place as one mark with their number.
  function strip(axis, samples, mode, y) {
    const bins = d3.nest().key(({ ms }) => Math.round(axis.place(ms) * 4)).entries(samples.times);
    const marks = bins.map(({ values }) => {
      const { ms, call } = values[Math.floor(values.length / 2)];
      const title = values.length === 1 ? `${mode} ${formatMs(ms)}: ${call.key}` : `${mode}, ${values.length} calls about ${formatMs(ms)}`;
      return s("svg", { x: axis.at(ms), y, class: `mark-place sample mode-${mode}` }, s("path", { d: rtclab.markPaths[mode] ?? "M-5 4L0 -5L5 4z", transform: `scale(${Math.min(1.15, 0.7 + 0.06 * (values.length - 1))})` }, s("title", {}, title)));
    });
    const count = samples.censored.length;
    if (count > 0 && axis.rail !== null)
      marks.push(s("text", { class: "censored", x: `${axis.rail}%`, y, dy: 4, "text-anchor": "middle" }, count > 1 ? `✕ ${count}` : "✕", s("title", {}, `${mode}: ${rtclab.plural(count, "call")} not connected`)));
    return marks;
  }

  rtclab.stripCell = (axis, group, modes) => {
    const rows = modes.map((mode) => [mode, rtclab.samples(rtclab.modeCalls(group, mode))]).filter(([, samples]) => samples.all > 0);
    if (rows.length === 0) return h("td", { class: "chart" }, h("span", { class: "soft" }, "no samples"));
    const label = rows.map(([mode, samples]) => `${mode}: ${samples.times.length} samples${samples.times.length > 0 ? ` from ${formatMs(samples.times[0].ms)} to ${formatMs(samples.times[samples.times.length - 1].ms)}` : ""}${samples.censored.length > 0 ? `, ${samples.censored.length} not connected` : ""}`).join("; ");
    return h("td", { class: "chart strips" }, rtclab.rowChart(axis, label, rows.map(([mode, samples], lane) => strip(axis, samples, mode, laneY(lane, rows.length)))));
  };

  // ---- stacks: the parts of the call at a quantile ----

  rtclab.partsAt = (calls, p) => {
    const sample = rtclab.quantile(rtclab.samples(calls.filter((call) => call.setup_parts_ms || call.outcome !== "connected")), p);
    const parts = sample && object(sample.call.setup_parts_ms);
    return parts ? { ...sample, parts: rtclab.partNames.map((name) => [name, Number(parts[name]) || 0]) } : null;
  };

  rtclab.stackCell = (axis, rows, attributes) => {
    if (rows.every(([, found]) => found === null)) return h("td", { class: "chart", ...attributes }, h("span", { class: "soft" }, "no parts are recorded"));
    const label = rows.filter(([, found]) => found).map(([mode, found]) => `${mode} ${formatMs(found.ms)}: ${found.parts.filter(([, ms]) => ms > 0).map(([name, ms]) => `${name} ${formatMs(ms)}`).join(", ")}`).join("; ");
    const height = 100 / rows.length;
    return h("td", { class: "chart", ...attributes }, rtclab.rowChart(axis, label, rows.map(([mode, found], lane) => {
      if (!found) return s("text", { class: "censored", x: 0, y: `${(lane + 0.5) * height}%`, dy: 4 }, `${mode}: not connected`);
      let at = 0;
      return found.parts.filter(([, ms]) => ms > 0).map(([name, ms]) => {
        const x = axis.place(at), width = axis.place(at + ms) - x;
        at += ms;
        const y = lane * height + height / 2;
        return [s("rect", { class: `part part-${name}`, x: `${x}%`, width: `${width}%`, y: `${lane * height + height * 0.16}%`, height: `${height * 0.68}%` }, s("title", {}, `${mode}: ${name} ${formatMs(ms)} of ${formatMs(found.ms)}`)),
          width > 1.6 * name.length ? s("text", { class: "part-name", x: `${x + width / 2}%`, y: `${y}%`, dy: 3.5, "text-anchor": "middle" }, name) : null];
      });
    })));
  };

  // ---- differences ----

  // What a mode saves over full, pair by pair.
  rtclab.differences = (group, mode) => {
    const found = object(group.comparison[`${mode}_saves_ms`]);
    return { ...found, samples: list(found.samples).filter(Number.isFinite), interval: list(found.interval), middle: found.shift ?? found.median ?? null };
  };

  rtclab.differenceCell = (axis, found, mode, predicted) => {
    const { samples, interval, middle } = found;
    if (samples.length === 0) return h("td", { class: "chart" }, h("span", { class: "soft" }, "no pair of calls connected"));
    const bins = d3.nest().key((ms) => Math.round(axis.place(ms) * 4)).entries(samples);
    const label = `${samples.length} differences from ${formatMs(d3.min(samples))} to ${formatMs(d3.max(samples))}; middle ${formatMs(middle)} ${rtclab.formatInterval(interval)}`;
    return h("td", { class: "chart" }, rtclab.rowChart(axis, label,
      bins.map(({ values }) => s("line", { class: "tick-sample", x1: axis.at(values[0]), x2: axis.at(values[0]), y1: "24%", y2: "76%" }, s("title", {}, values.length > 1 ? `${values.length} pairs about ${formatMs(values[0])}` : formatMs(values[0])))),
      interval.length === 2 ? s("line", { class: "interval", x1: axis.at(interval[0]), x2: axis.at(interval[1]), y1: "50%", y2: "50%" }) : null,
      typeof predicted === "number" ? rtclab.predictedMark(axis, predicted, "50%", `predicted: ${formatMs(predicted)}`) : null,
      rtclab.chartMark(axis, middle, "50%", mode, `${formatMs(middle)} ${rtclab.formatInterval(interval)}`)));
  };

  rtclab.scenarioHeader = (group) =>
    h("th", { scope: "row", class: "scenario" }, h("a", { href: rtclab.href("calls", "", { scenario: group.scenario, peers: data.pairs.length > 1 ? `${group.offerer}~${group.answerer}` : null }) }, rtclab.breakable(group.scenario)),
      data.pairs.length > 1 ? h("span", { class: "peers" }, `${group.offerer}~${group.answerer}`) : null);
})();
