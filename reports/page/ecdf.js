// SPDX-License-Identifier: Apache-2.0
//
// The share of calls that were set up within a time, a line a mode. A line ends at the share
// that connected at all: censored samples are in it, on the right where there is no time.
"use strict";

(() => {
  const { h, s, formatMs, formatPercent } = rtclab;
  const WIDTH = 960, HEIGHT = 300;
  const MARGIN = { top: 12, right: 120, bottom: 34, left: 48 };

  function stepPath(x, y, { times, all }, from, to) {
    let path = `M${x(from).toFixed(1)} ${y(0)}`, count = 0;
    for (const { ms } of times) {
      const at = x(Math.max(ms, from)).toFixed(1);
      count++;
      path += `H${at}V${y(count / all).toFixed(1)}`;
    }
    return `${path}H${x(to).toFixed(1)}`;
  }

  // Puts labels that would overlap below one another.
  function spread(labels, gap) {
    labels.sort((a, b) => a.y - b.y);
    for (let i = 1; i < labels.length; i++) labels[i].y = Math.max(labels[i].y, labels[i - 1].y + gap);
    const over = labels.length > 0 ? labels[labels.length - 1].y - (HEIGHT - MARGIN.bottom) : 0;
    if (over > 0) for (const label of labels) label.y -= over;
    return labels;
  }

  function readout(modes, ms) {
    return modes.map(([mode, samples]) => `${mode} ${formatPercent(d3.bisector((d) => d.ms).right(samples.times, ms) / samples.all)}`).join(" · ");
  }

  // `modes`: [[mode, samples]]; the last `isLog` as for rtclab.axis().
  rtclab.ecdf = (modes, isLog) => {
    const most = d3.max(modes, ([, { times }]) => times[times.length - 1]?.ms) ?? 1;
    const least = d3.min(modes, ([, { times }]) => times[0]?.ms) ?? 0;
    const from = isLog ? Math.max(1, least * 0.8) : 0, to = most * 1.03;
    const x = (isLog ? d3.scaleLog() : d3.scaleLinear()).domain([from, Math.max(to, from + 1)]).range([MARGIN.left, WIDTH - MARGIN.right]);
    const y = d3.scaleLinear().domain([0, 1]).range([HEIGHT - MARGIN.bottom, MARGIN.top]);
    const ticks = isLog ? x.ticks(6).filter((t) => /^[125]/.test(String(t))) : x.ticks(8);
    const labels = spread(modes.map(([mode, { times, all, censored }]) => ({ mode, y: y(times.length / all), end: y(times.length / all), missing: censored.length, all })), 30);
    const label = modes.map(([mode, samples]) => `${mode}: half within ${formatMs(rtclab.quantile(samples, 0.5)?.ms)}, ${formatPercent(samples.times.length / samples.all)} connected`).join("; ");
    const cursor = s("line", { class: "cursor", y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom, visibility: "hidden" });
    const svg = s("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Share of calls set up within a time. ${label}` },
      [0, 0.25, 0.5, 0.75, 1].map((share) => [
        s("line", { class: share === 0 ? "grid zero" : "grid", x1: MARGIN.left, x2: WIDTH - MARGIN.right, y1: y(share), y2: y(share) }),
        s("text", { x: MARGIN.left - 8, y: y(share) + 4, "text-anchor": "end" }, `${share * 100} %`)]),
      ticks.map((tick) => s("text", { x: x(tick), y: HEIGHT - MARGIN.bottom + 18, "text-anchor": "middle" }, tick >= 1000 ? `${+(tick / 1000).toPrecision(3)} s` : tick === 0 ? "0" : `${tick} ms`)),
      cursor,
      modes.map(([mode, samples]) => s("path", { class: `step mode-${mode}`, d: stepPath(x, y, samples, from, to) })),
      labels.map(({ mode, y: at, end, missing, all }) => [
        s("line", { class: "leader", x1: WIDTH - MARGIN.right, x2: WIDTH - MARGIN.right + 8, y1: end, y2: at }),
        s("svg", { x: WIDTH - MARGIN.right + 16, y: at, class: `mark-place mode-${mode}` }, s("path", { d: rtclab.markPaths[mode] ?? "" })),
        s("text", { class: "end", x: WIDTH - MARGIN.right + 27, y: at + 4 }, mode),
        missing > 0 ? s("text", { class: "end under", x: WIDTH - MARGIN.right + 27, y: at + 17 }, `${missing} of ${all} never`) : null]));
    const status = h("p", { class: "readout soft" }, "Point at the chart to read it.");
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const ms = x.invert((event.clientX - box.left) * (WIDTH / box.width));
      if (ms < from || ms > to) return;
      cursor.setAttribute("x1", x(ms));
      cursor.setAttribute("x2", x(ms));
      cursor.setAttribute("visibility", "visible");
      status.textContent = `Within ${formatMs(ms)}: ${readout(modes, ms)}`;
    });
    svg.addEventListener("pointerleave", () => cursor.setAttribute("visibility", "hidden"));
    return h("div", {}, h("div", { class: "scroll plot-box", tabindex: 0, role: "region", "aria-label": "Chart of the distribution" }, svg), status);
  };
})();
