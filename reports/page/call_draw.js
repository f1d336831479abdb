// SPDX-License-Identifier: Apache-2.0
//
// Draws the lanes of a call for the time that is in view: only what is visible, and marks
// that would stand on each other once, so that a call of 100,000 packets costs no more
// than one of a hundred. Ticks of a lane and tone are one path; what was dropped is an
// element of its own, with the number of packets that it stands for.
"use strict";

(() => {
  const { s } = rtclab;
  const { partName, isPart, duration } = rtclab.callBase;
  const BAND = { y: 20, height: 22 };
  const DROP_WIDTH = 10;
  const MAX_LINES = 140;
  const CHARACTER = 6.1;

  const textWidth = (text, isBold) => text.length * CHARACTER * (isBold ? 1.12 : 1) + 8;

  // The marks with from <= t <= to; they are sorted.
  function inView(marks, from, to) {
    const at = d3.bisector((m) => m.t);
    return marks.slice(at.left(marks, from), at.right(marks, to));
  }

  const timeFormat = (span) => (us) => (span > 8e6 ? `${+(us / 1e6).toFixed(3)} s`
    : `${+(us / 1000).toFixed(span < 2000 ? 3 : 1)} ms`);

  // ---- axis and band ----

  function drawAxis(chart, g) {
    const { scale, width } = chart;
    const [from, to] = scale.domain();
    const format = timeFormat(to - from);
    const ticks = scale.ticks(Math.max(3, Math.floor(width / 90)));
    for (const t of ticks) {
      const x = scale(t);
      if (x < chart.gutter)
        continue;
      g.append(s("line", { class: "grid", x1: x, x2: x, y1: 16, y2: chart.height }));
      if (x < width - 24)
        g.append(s("text", { class: "tick", x, y: 12, "text-anchor": "middle" },
          format(t)));
    }
    if (chart.model.setupUs !== null)
      drawMoment(chart, g, chart.model.setupUs);
  }

  function drawMoment(chart, g, us) {
    const x = chart.scale(us);
    if (x < chart.gutter || x > chart.width)
      return;
    g.append(s("line", { class: "setup", x1: x, x2: x, y1: BAND.y, y2: chart.height }));
    const label = `connected ${duration(us)}`;
    const isLeft = x + textWidth(label, true) > chart.width;
    if (x < textWidth(chart.title(chart.lanes[0]), true)) return; // the offerer's name stands there
    g.append(s("text", { class: "setup", x: isLeft ? x - 5 : x + 5, y: chart.top + 14, "text-anchor": isLeft ? "end" : "start" }, label));
  }

  // Where the set-up time went: a segment for each step of the path.
  function drawBand(chart, g) {
    const { scale } = chart;
    chart.segments.forEach((step, index) => {
      const from = Math.max(scale(step.from_us), chart.gutter);
      const to = Math.min(scale(step.to_us), chart.width);
      if (to - from < 0.3)
        return;
      const name = partName(step.part);
      const kind = isPart(step.part) ? step.part : "stack";
      const is = chart.chosenStep === index ? " chosen" : "";
      g.append(s("rect", { class: `segment part-${kind}${is}`, x: from, y: BAND.y,
        width: Math.max(to - from - 1, 0.8), height: BAND.height, rx: 2,
        "data-step": index }));
      const label = [`${name} ${duration(step.to_us - step.from_us)}`, name]
        .find((words) => textWidth(words, true) < to - from);
      if (label)
        g.append(s("text", { class: "segment", x: (from + to) / 2, y: BAND.y + 15,
          "text-anchor": "middle" }, label));
    });
  }

  // ---- lanes ----

  function drawLaneFrames(chart, g) {
    for (const lane of chart.lanes) {
      const y = lane.y + chart.top;
      if (lane.key === "group") {
        g.append(s("rect", { class: "group", x: 0, y, width: chart.width,
          height: lane.height }));
        g.append(s("text", { class: "group", x: 4, y: y + 14 }, chart.title(lane)));
        continue;
      }
      g.append(s("line", { class: "lane", x1: 0, x2: chart.width,
        y1: y + lane.height, y2: y + lane.height }));
      const isNarrow = chart.gutter < 100;
      g.append(s("text", { class: "lane", x: isNarrow ? 0 : 8, y: chart.middle(lane) + 4 },
        fit(lane.label, isNarrow ? chart.gutter + 16 : chart.gutter)));
    }
  }
  const fit = (text, width) => {
    const n = Math.floor((width - 12) / CHARACTER);
    return text.length > n ? `${text.slice(0, Math.max(n - 1, 1))}…` : text;
  };

  function drawStrips(chart, g, lane) {
    const [from, to] = chart.scale.domain();
    lane.strips.forEach((strip, n) => {
      const next = lane.strips[n + 1] ? lane.strips[n + 1].t : chart.model.endUs;
      if (next < from || strip.t > to || next === strip.t)
        return;
      const x1 = Math.max(chart.scale(strip.t), chart.gutter);
      const x2 = Math.min(chart.scale(next), chart.width);
      const tone = ["connected", "completed"].includes(strip.state) ? "good"
        : ["failed", "disconnected"].includes(strip.state) ? "bad"
          : strip.state === "connecting" ? "busy" : "idle";
      const y = lane.y + chart.top + lane.height - 16;
      g.append(s("rect", { class: `strip ${tone}`, x: x1, y, height: 14,
        width: Math.max(x2 - x1 - 1, 1), rx: 2 }));
      if (textWidth(strip.state) < x2 - x1)
        g.append(s("text", { class: "strip", x: x1 + 4, y: y + 11 }, strip.state));
    });
  }

  function drawMappings(chart, g, lane) {
    const [from, to] = chart.scale.domain();
    for (const bar of lane.mappings) {
      if (bar.to < from || bar.from > to)
        continue;
      const x1 = Math.max(chart.scale(bar.from), chart.gutter);
      const x2 = Math.min(chart.scale(bar.to), chart.width);
      g.append(s("rect", { class: "mapping", x: x1, rx: 1,
        y: lane.y + chart.top + 24 + bar.row * 4, width: Math.max(x2 - x1, 2), height: 3 }));
    }
  }

  // One path for each tone; a tick a pixel at most. Sent: above the middle of the lane.
  function drawTicks(chart, g, lane, marks) {
    const paths = new Map();
    const y = chart.middle(lane);
    const seen = new Set();
    for (const mark of marks) {
      if (mark.kind !== "packet" || mark.tone === "dropped" || mark.tone === "late")
        continue;
      const x = Math.round(chart.scale(mark.t)) + 0.5;
      const key = `${mark.tone}${mark.isOut}${x}`;
      if (seen.has(key))
        continue;
      seen.add(key);
      paths.set(mark.tone, (paths.get(mark.tone) || "")
        + `M${x} ${y}v${mark.isOut ? -8 : 8}`);
    }
    if (paths.size)
      g.append(s("line", { class: "middle", x1: chart.gutter, x2: chart.width,
        y1: y, y2: y }));
    for (const [tone, d] of paths)
      g.append(s("path", { class: `ticks lane-${lane.side ? lane.key : "server"} ${tone}`,
        d }));
  }

  // What was dropped, or lost and late: a cross, with a number where it stands for several.
  function drawDrops(chart, g, lane, marks) {
    const bins = new Map();
    for (const mark of marks) {
      if (mark.tone !== "dropped" && mark.tone !== "late")
        continue;
      const x = chart.scale(mark.t);
      const key = `${mark.tone}${Math.floor(x / DROP_WIDTH)}`;
      const bin = bins.get(key) || { x, n: 0, tone: mark.tone };
      bin.n++;
      bins.set(key, bin);
    }
    for (const { x, n, tone } of bins.values()) {
      const y = chart.middle(lane);
      const mark = s("g", { class: `cross ${tone}`, "data-count": n },
        s("path", { d: `M${x - 4} ${y - 4}l8 8m0 -8l-8 8` }));
      if (n > 1)
        mark.append(s("text", { x, y: y - 6, "text-anchor": "middle" }, n));
      g.append(mark);
    }
  }

  // A diamond for each event, and its words where nothing else stands.
  function drawEvents(chart, g, lane, marks) {
    const weights = { bad: 0, major: 1, good: 1, plain: 2, minor: 3, silent: 4 };
    const events = marks.filter((mark) => mark.kind === "event");
    const y = chart.middle(lane);
    const wordsY = lane.key === "states" || !lane.hasWords ? y + 4 : lane.y + chart.top + 11;
    const d = { plain: "", good: "", bad: "" };
    const seen = new Set();
    for (const mark of events) {
      const x = chart.scale(mark.t);
      const tone = mark.tone === "good" || mark.tone === "bad" ? mark.tone : "plain";
      const key = `${tone}${Math.round(x / 2)}`;
      if (!seen.has(key))
        d[tone] += `M${x - 4} ${y}l4 -4l4 4l-4 4z`;
      seen.add(key);
    }
    for (const [tone, path] of Object.entries(d))
      if (path)
        g.append(s("path", { class: `event ${tone}`, d: path }));
    const taken = [];
    events.filter((mark) => mark.tone !== "silent" && (mark.tone !== "minor" || lane.key === "states"))
      .sort((a, b) => weights[a.tone] - weights[b.tone])
      .slice(0, 400)
      .forEach((mark) => {
        const at = chart.scale(mark.t), width = textWidth(mark.label, mark.tone === "good" || mark.tone === "bad");
        const isLeft = at + width + 6 > chart.width; // what would leave the chart stands before it
        const x = isLeft ? at - width - 2 : at + (wordsY > y ? 6 : -4);
        if (taken.some(([a, b]) => x < b && a < x + width))
          return;
        taken.push([x - 12, x + width]);
        g.append(s("text", { class: `event ${mark.tone}`, x: isLeft ? at - 6 : x, y: wordsY,
          "text-anchor": isLeft ? "end" : "start" }, mark.label));
      });
  }

  // ---- lines between lanes ----

  function journeyPoints(chart, journey) {
    const points = [];
    for (const packet of journey.hops) {
      const lane = chart.laneOfPacket(journey, packet);
      if (lane)
        points.push([chart.scale(packet.t_us), chart.middle(lane), packet]);
    }
    return points;
  }

  function drawLines(chart, g) {
    const [from, to] = chart.scale.domain();
    const shown = chart.model.journeys.filter((j) => j.toUs >= from && j.fromUs <= to);
    if (shown.length > MAX_LINES)
      return;
    for (const [name, is] of [["plain", (j) => !j.dropped], ["dropped", (j) => j.dropped]]) {
      const d = shown.filter(is).map((j) => journeyPoints(chart, j))
        .map((points) => points.map(([x, y], n) => `${n ? "L" : "M"}${x} ${y}`).join(""))
        .join("");
      if (d)
        g.append(s("path", { class: `journey ${name}`, d }));
    }
  }

  function drawSignals(chart, g) {
    const d = chart.signals.map(({ event, sent }) => {
      const a = chart.findLane("signalling", sent.src);
      const b = chart.findLane("signalling", event.src);
      return a && b ? `M${chart.scale(sent.t_us)} ${chart.middle(a)}`
        + `L${chart.scale(event.t_us)} ${chart.middle(b)}` : "";
    }).join("");
    if (d)
      g.append(s("path", { class: "signal", d }));
  }

  // Both ends of a packet, what is between them, and the packets of its transaction.
  function drawJourney(chart, g, journey, isMain) {
    const points = journeyPoints(chart, journey);
    if (!points.length)
      return;
    g.append(s("path", {
      class: `chosen ${isMain ? "main" : ""} ${journey.dropped ? "dropped" : ""}`,
      d: points.map(([x, y], n) => `${n ? "L" : "M"}${x} ${y}`).join(""),
    }));
    for (const [x, y, packet] of points)
      g.append(s("circle", { class: `chosen ${isMain ? "main" : ""}`, cx: x, cy: y,
        r: isMain ? 5 : 3, "data-frame": packet.number }));
    const [x, y, last] = points[points.length - 1];
    if (isMain && journey.dropped && last === journey.dropped) {
      const words = `✕ ${last.element || "dropped"}: ${last.reason || ""}`;
      const fits = x + 10 + textWidth(words, true) < chart.width;
      g.append(s("text", { class: "chosen dropped", y: y - 9, x: fits ? x + 8 : x - 8,
        "text-anchor": fits ? "start" : "end" }, words));
    }
  }

  // Draws all of it anew; what is chosen is drawn by callDrawChosen().
  function callDraw(chart) {
    const { root } = chart;
    const [from, to] = chart.scale.domain();
    const back = s("g", {});
    const marks = s("g", { "clip-path": `url(#${chart.clipId})` });
    drawLaneFrames(chart, back);
    const axis = s("g", {});
    drawAxis(chart, axis);
    drawSignals(chart, marks);
    drawLines(chart, marks);
    for (const lane of chart.lanes) {
      const visible = inView(lane.marks, from, to);
      drawStrips(chart, marks, lane);
      drawMappings(chart, marks, lane);
      drawTicks(chart, marks, lane, visible);
      drawDrops(chart, marks, lane, visible);
      drawEvents(chart, marks, lane, visible);
    }
    drawBand(chart, marks);
    root.replaceChildren(back, axis, marks);
  }

  function callDrawChosen(chart) {
    const g = s("g", { "clip-path": `url(#${chart.clipId})` });
    for (const [journey, isMain] of chart.chosen)
      drawJourney(chart, g, journey, isMain);
    if (chart.chosenMark && chart.chosenMark.kind === "event") {
      const lane = chart.chosenLane;
      g.append(s("circle", { class: "chosen main", cx: chart.scale(chart.chosenMark.t),
        cy: chart.middle(lane), r: 7 }));
    }
    chart.over.replaceChildren(g);
  }

  Object.assign(rtclab, { callDraw, callDrawChosen });
})();
