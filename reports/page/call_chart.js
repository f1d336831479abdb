// SPDX-License-Identifier: Apache-2.0
//
// The timeline of a call as a chart: lanes, zoom, and what is chosen. A pointer over a mark
// shows its packet at all taps; a click or Enter keeps it and opens its details.
//
// Keys: left and right go from mark to mark in a lane, up and down from lane to lane, Shift
// with left and right moves the view, + and - zoom, 0 shows all. What is reached is said
// by a live region, so the chart can be walked without seeing it.
"use strict";

(() => {
  const { h, s, plural, list, object } = rtclab;
  const { duration } = rtclab.callBase;
  const GUTTER = 112;
  const NARROW = 640, NARROW_GUTTER = 62;
  const REACH_PX = 9;
  let serial = 0;

  const keysText = "Arrow keys: mark to mark and lane to lane. Enter: details. "
    + "+ and −: zoom. Shift with arrows: move. 0: whole call.";

  // ---- which marks belong together ----

  // signal.sent with the signal.delivered it became: the first that says the same
  function matchSignals(model) {
    const waiting = new Map();
    const found = [];
    const keyOf = ({ data }) => JSON.stringify([data?.type, data?.sdp, data?.candidate]);
    for (const event of model.events) {
      if (event.kind === "signal.sent") {
        const key = keyOf(event);
        waiting.set(key, [...(waiting.get(key) || []), event]);
      } else if (event.kind === "signal.delivered") {
        const sent = (waiting.get(keyOf(event)) || []).find((e) => e.src !== event.src);
        if (sent) {
          waiting.get(keyOf(event)).splice(waiting.get(keyOf(event)).indexOf(sent), 1);
          found.push({ event, sent });
        }
      }
    }
    return found;
  }

  // A packet, and the others of its transaction.
  function withTransaction(model, journey) {
    const chosen = new Map([[journey, true]]);
    const transaction = model.transactions[journey.transaction];
    if (transaction)
      for (const packet of [...(transaction.requests || []), transaction.answer])
        if (model.journeyOfPacket[packet] && !chosen.has(model.journeyOfPacket[packet]))
          chosen.set(model.journeyOfPacket[packet], false);
    return chosen;
  }

  // ---- views ----

  function views(model) {
    const pad = (from, to) => {
      const span = Math.max(to - from, 1000);
      return [from - span * 0.015, to + span * 0.03];
    };
    const all = pad(model.startUs, model.endUs);
    // From the start of the call on: what came before it, servers and browsers starting, is
    // a scroll away, unless it is what the call failed for.
    const causes = model.journeysOfFrames(object(model.timeline.cause).packets).map((journey) => journey.fromUs);
    const end = model.setupUs === null ? model.endUs : Math.min(model.endUs, model.setupUs * 1.12);
    const first = Math.max(model.startUs, Math.min(0, ...causes));
    const setup = pad(first, Math.max(end, first + 1000));
    return { all, setup };
  }

  const writeView = ([from, to]) => `${(from / 1000).toFixed(3)}..${(to / 1000).toFixed(3)}`;
  function readView(text, bounds) {
    const parts = /^(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)$/.exec(text || "");
    if (!parts || Number(parts[1]) >= Number(parts[2]))
      return null;
    return rtclab.callClampView([parts[1] * 1000, parts[2] * 1000], bounds);
  }

  // ---- the chart ----

  // @param model   of callModel()
  // @param context url: {get(name), set({name: value})}; onchoose(journey or null);
  //                onevent(event); titles: {offerer, answerer}
  // @return {node, resize(), choose(journey), showStep(step), zoomTo(from, to)}
  function callChart(model, context) {
    const { lanes, height } = rtclab.callLanes(model);
    const view = views(model);
    const segments = list(object(model.timeline.blame).path).map(object)
      .filter((step) => Number.isFinite(step.from_us) && Number.isFinite(step.to_us));
    const top = segments.length > 0 ? 46 : 20; // the axis, and the band below it
    const clipId = `call-clip-${++serial}`;
    const clip = s("rect", { x: 0, y: 0, width: 10, height: 10 });
    const root = s("g", {});
    const over = s("g", {});
    const picture = s("svg", { class: "call-lanes", "aria-hidden": "true", focusable: "false" },
      s("defs", {}, s("clipPath", { id: clipId }, clip)), root, over);
    const tip = h("div", { class: "call-tip", "aria-hidden": "true", hidden: true });
    const live = h("div", { class: "unseen", role: "status" });
    const hint = h("span", { class: "unseen", id: `${clipId}-keys` }, keysText);
    const surface = h("div", {
      class: "call-lanes-box", tabindex: 0, role: "application",
      "aria-label": "Timeline of the call", "aria-describedby": `${clipId}-keys`,
    }, picture, tip);
    const chart = {
      model, lanes, root, over, clipId, surface, tip, live, context,
      height: height + top + 4,
      top,
      segments,
      signals: matchSignals(model).slice(0, 120),
      scale: d3.scaleLinear(), width: 0, gutter: 0,
      chosen: new Map(), chosenMark: null, chosenLane: null, chosenStep: null,
      kept: null, views: view, bounds: view.all,
      middle: (lane) => lane.y + chart.top + lane.middle,
      title: (lane) => (lane.side && context.titles[lane.side]) || lane.label,
      findLane: (key, side) => lanes.find((l) => l.key === key && l.side === side),
      laneOfPacket(journey, packet) {
        const tap = model.taps[packet.tap];
        if (!tap)
          return null;
        return tap.kind === "peer" ? chart.findLane(journey.lane, tap.owner)
          : chart.findLane(tap.kind === "element" ? tap.name : tap.owner, null);
      },
    };
    chart.view = readView(context.url.get("t"), chart.bounds) || view.setup;
    chart.clip = clip;
    chart.picture = picture;
    chart.draw = makeDraw(chart);
    chart.zoom = rtclab.callZoom(surface, {
      bounds: chart.bounds,
      get: () => chart.view,
      set(to) {
        chart.view = to;
        chart.draw();
        keepInUrl(chart);
      },
      hasFocus: () => document.activeElement === surface,
      plotWidth: () => chart.width - chart.gutter,
      timeAt: (x) => chart.scale.invert(x - surface.getBoundingClientRect().left),
      onclick: (event) => press(chart, event),
    });
    listen(chart);
    const node = h("div", { class: "call-chart" }, toolbar(chart), surface, live, hint, legend());
    new ResizeObserver(() => resize(chart)).observe(surface);
    return {
      node,
      readUrl() {
        const view = readView(context.url.get("t"), chart.bounds) || chart.views.setup;
        if (writeView(view) === writeView(chart.view)) return;
        chart.view = view;
        chart.draw();
      },
      choose: (journey) => keep(chart, journey),
      zoomTo: (from, to) => chart.zoom.to([from, to]),
    };
  }

  function makeDraw(chart) {
    let isDue = false;
    return () => {
      if (isDue)
        return;
      isDue = true;
      requestAnimationFrame(() => {
        isDue = false;
        chart.scale.domain(chart.view).range([chart.gutter, chart.width]);
        rtclab.callDraw(chart);
        rtclab.callDrawChosen(chart);
        chart.surface.dataset.view = writeView(chart.view);
      });
    };
  }

  function resize(chart) {
    const width = Math.round(chart.surface.clientWidth);
    if (!width || width === chart.width)
      return;
    chart.width = width;
    chart.gutter = width < NARROW ? NARROW_GUTTER : GUTTER;
    chart.surface.classList.toggle("narrow", width < NARROW);
    chart.picture.setAttribute("viewBox", `0 0 ${width} ${chart.height}`);
    chart.picture.setAttribute("height", chart.height);
    chart.clip.setAttribute("x", chart.gutter);
    chart.clip.setAttribute("width", width - chart.gutter);
    chart.clip.setAttribute("height", chart.height);
    chart.draw();
  }

  // The URL follows the view once it rests.
  function keepInUrl(chart) {
    clearTimeout(chart.urlTimer);
    chart.urlTimer = setTimeout(() => {
      const isDefault = writeView(chart.view) === writeView(chart.views.setup);
      if (!chart.surface.isConnected) return;
      chart.context.url.set({ t: isDefault ? null : writeView(chart.view) });
    }, 150);
  }

  // ---- choosing ----

  function light(chart, mark, lane) {
    chart.chosenMark = mark;
    chart.chosenLane = lane;
    chart.chosen = mark && mark.kind === "packet"
      ? withTransaction(chart.model, mark.journey)
      : !mark && chart.kept ? withTransaction(chart.model, chart.kept) : new Map();
    rtclab.callDrawChosen(chart);
  }

  function keep(chart, journey) {
    chart.kept = journey;
    light(chart, null, null);
    if (journey && (journey.toUs < chart.view[0] || journey.fromUs > chart.view[1])) {
      const span = chart.view[1] - chart.view[0];
      chart.zoom.to([journey.fromUs - span / 2, journey.fromUs + span / 2]);
    }
  }

  function nearest(chart, event) {
    const box = chart.surface.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top - chart.top;
    const lane = chart.lanes.find((l) => y >= l.y && y < l.y + l.height);
    if (!lane || !lane.marks.length || x < chart.gutter)
      return null;
    const t = chart.scale.invert(x);
    const reach = chart.scale.invert(x + REACH_PX) - t;
    const from = d3.bisector((m) => m.t).left(lane.marks, t - reach);
    let best = null;
    for (let i = from; i < lane.marks.length && lane.marks[i].t <= t + reach; i++) {
      const mark = lane.marks[i];
      // sent ticks stand above the middle of a lane, received ones below
      const side = mark.kind === "packet" && mark.tone === "plain"
        && mark.isOut !== (y - lane.y < lane.height / 2) ? reach * 0.5 : 0;
      const far = Math.abs(mark.t - t) + side;
      if (!best || far < best.far)
        best = { far, mark, lane };
    }
    return best;
  }

  const stepAt = (chart, event) => {
    const index = event.target.dataset ? event.target.dataset.step : undefined;
    return index === undefined ? null : chart.segments[Number(index)] || null;
  };

  function press(chart, event) {
    const step = stepAt(chart, event);
    if (step)
      return chart.context.onstep(step);
    const found = nearest(chart, event);
    return open(chart, found && found.mark);
  }

  function open(chart, mark) {
    if (mark && mark.kind === "event")
      return chart.context.onevent(mark.event);
    return chart.context.onchoose(mark ? mark.journey : null);
  }

  function showTip(chart, event, text) {
    const box = chart.surface.getBoundingClientRect();
    chart.tip.textContent = text;
    chart.tip.hidden = false;
    const width = chart.tip.offsetWidth;
    const x = Math.min(Math.max(event.clientX - box.left + 14, 4), box.width - width - 4);
    chart.tip.style.left = `${x}px`;
    chart.tip.style.top = `${event.clientY - box.top + 16}px`;
  }

  function listen(chart) {
    const { surface } = chart;
    surface.addEventListener("pointermove", (event) => {
      if (event.buttons)
        return;
      const step = stepAt(chart, event);
      const found = step ? null : nearest(chart, event);
      light(chart, found && found.mark, found && found.lane);
      surface.classList.toggle("over-mark", Boolean(found || step));
      if (step)
        showTip(chart, event, rtclab.callStepText(step));
      else if (found)
        showTip(chart, event, rtclab.callDescribeMark(found.mark));
      else
        chart.tip.hidden = true;
    });
    surface.addEventListener("pointerleave", () => {
      chart.tip.hidden = true;
      light(chart, null, null);
    });
    surface.addEventListener("keydown", (event) => onKey(chart, event));
  }

  // ---- keys ----

  function onKey(chart, event) {
    if (event.altKey || event.ctrlKey || event.metaKey)
      return;
    const actions = {
      "ArrowRight": () => (event.shiftKey ? chart.zoom.pan(0.2) : walk(chart, 1)),
      "ArrowLeft": () => (event.shiftKey ? chart.zoom.pan(-0.2) : walk(chart, -1)),
      "ArrowDown": () => changeLane(chart, 1),
      "ArrowUp": () => changeLane(chart, -1),
      "+": () => chart.zoom.by(0.5, chart.chosenMark ? chart.chosenMark.t : undefined),
      "=": () => chart.zoom.by(0.5, chart.chosenMark ? chart.chosenMark.t : undefined),
      "-": () => chart.zoom.by(2),
      "0": () => chart.zoom.to(chart.bounds),
      "Enter": () => open(chart, chart.chosenMark),
      "Escape": () => open(chart, null),
    };
    const action = actions[event.key];
    if (!action)
      return;
    event.preventDefault();
    action();
  }

  function reach(chart, lane, mark) {
    const [from, to] = chart.view;
    if (mark.t < from || mark.t > to)
      chart.zoom.to([mark.t - (to - from) / 2, mark.t + (to - from) / 2]);
    light(chart, mark, lane);
    const at = lane.marks.indexOf(mark) + 1;
    chart.live.textContent = `${chart.title(lane.side ? { side: lane.side, label: "" } : lane)} `
      + `${lane.label}, ${at} of ${lane.marks.length}: ${rtclab.callDescribeMark(mark)}`;
  }

  function walk(chart, by) {
    const lane = chart.chosenLane || chart.lanes.find((l) => l.marks.length);
    if (!lane)
      return;
    const at = chart.chosenMark ? lane.marks.indexOf(chart.chosenMark) + by
      : lane.marks.findIndex((m) => m.t >= chart.view[0]);
    const mark = lane.marks[Math.min(Math.max(at, 0), lane.marks.length - 1)];
    if (mark)
      reach(chart, lane, mark);
  }

  function changeLane(chart, by) {
    const filled = chart.lanes.filter((l) => l.marks.length);
    const at = filled.indexOf(chart.chosenLane);
    const lane = filled[Math.min(Math.max(at + by, 0), filled.length - 1)];
    if (!lane)
      return;
    const t = chart.chosenMark ? chart.chosenMark.t : chart.view[0];
    const next = lane.marks[d3.bisector((m) => m.t).left(lane.marks, t)];
    reach(chart, lane, next || lane.marks[lane.marks.length - 1]);
  }

  // ---- around it ----

  function toolbar(chart) {
    const button = (what, label, name, action) =>
      h("button", { type: "button", "data-zoom": what, "aria-label": name, title: name, on: { click: action } }, label);
    const hasSetup = chart.model.setupUs !== null;
    return h("div", { class: "call-toolbar", role: "group", "aria-label": "Zoom" },
      button("out", "−", "Zoom out", () => chart.zoom.by(2)),
      button("in", "+", "Zoom in", () => chart.zoom.by(0.5)),
      button("earlier", "◀", "Earlier", () => chart.zoom.pan(-0.4)),
      button("later", "▶", "Later", () => chart.zoom.pan(0.4)),
      hasSetup && button("setup", "Set-up", "Show the set-up", () => chart.zoom.to(chart.views.setup)),
      button("all", "Whole call", "Show the whole call", () => chart.zoom.to(chart.bounds)),
      h("span", { class: "soft" }, `${plural(chart.model.journeys.length, "packet")} in ${
        duration(chart.model.endUs - chart.model.startUs)}; Ctrl + wheel zooms`));
  }

  function legend() {
    const item = (kind, text) => h("span", { class: `call-key-${kind}` }, text);
    return h("p", { class: "call-legend", "aria-hidden": "true" },
      item("sent", "sent"), item("received", "received"), item("again", "sent again"),
      item("error", "error answer"), item("cross", "dropped"), item("late", "lost, late"),
      item("diamond", "event"), item("bar", "NAT mapping"));
  }

  Object.assign(rtclab, { callChart });
})();
