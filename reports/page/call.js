// SPDX-License-Identifier: Apache-2.0
//
// The page of a call: what came of it and why, where its time went, the timeline of both
// peers, and below that everything it was made of, down to a packet's attributes.
//
// The head is drawn from the index at once, the rest when the call's details have been
// loaded. What is chosen and what is in view stands in the URL: `packet` (an id), `t` (the
// chart's view in milliseconds), and the filters of the ladder.
"use strict";

(() => {
  const { h, data, text } = rtclab;

  // ---- the head ----

  const outcomes = { connected: "Connected", failed: "Failed", timeout: "Timed out", unsupported: "Unsupported", error: "The harness broke" };

  function pairText(selected) {
    const side = (role) => text(rtclab.object(rtclab.object(selected)[role]).local);
    const pair = [side("offerer"), side("answerer")];
    if (!pair[0] && !pair[1]) return "";
    const protocol = text(rtclab.object(rtclab.object(selected).offerer).protocol);
    return `${pair.map((type) => type || "?").join("~")}${protocol ? ` over ${protocol.toUpperCase()}` : ""}`;
  }

  const expectation = { expected: "as expected", unexpected: "not as expected", known: "a known failure", flaky: "flaky", unsupported: "" };

  function verdict(call) {
    const took = typeof call.setup_ms === "number" ? ` in ${rtclab.formatMs(call.setup_ms)}` : "";
    const pair = typeof call.selected === "string" ? call.selected : pairText(call.selected);
    const words = `${rtclab.callBase.own(outcomes, call.outcome) ?? call.outcome}${took}${pair ? `, ${pair}` : ""}`;
    const judged = rtclab.callBase.own(expectation, call.verdict) ?? "";
    return h("p", { class: "call-verdict" }, rtclab.icon(call.tone, judged || call.outcome), " ",
      h("strong", {}, words), judged ? h("span", { class: "soft" }, ` – ${judged}`) : null);
  }

  // The same call in the other modes and repeats.
  function siblings(call) {
    const same = data.calls.filter((c) => c.scenario === call.scenario && c.offerer === call.offerer && c.answerer === call.answerer);
    const inMode = (mode) => same.find((c) => c.mode === mode && c.repeat === call.repeat) ?? same.find((c) => c.mode === mode);
    const modes = data.modes.map(inMode).filter(Boolean);
    const longest = Math.max(1, ...modes.map((c) => c.setup_ms ?? 0));
    const item = (c) => {
      const bar = h("span", { class: `call-mode-bar mode-${c.mode}` });
      bar.style.width = `${Math.max(2, 100 * ((c.setup_ms ?? 0) / longest))}%`;
      return h("li", {}, h("a", { href: rtclab.href("call", c.key), "aria-current": c === call ? "page" : null },
        h("span", {}, rtclab.mark(c.mode), ` ${c.mode}`), " ",
        h("strong", {}, typeof c.setup_ms === "number" ? rtclab.formatMs(c.setup_ms) : c.outcome), typeof c.setup_ms === "number" ? bar : null));
    };
    const repeats = same.filter((c) => c.mode === call.mode);
    return [
      modes.length > 1 ? h("nav", { class: "call-modes", "aria-label": "The same call in each mode" }, h("ul", {}, modes.map(item))) : null,
      repeats.length > 1 ? chooseRepeat(call, repeats) : null,
    ];
  }

  function chooseRepeat(call, repeats) {
    const select = h("select", { class: "call-repeat", "aria-label": "Repeat" }, repeats.map((c) =>
      h("option", { value: c.key, selected: c === call }, `repeat ${c.repeat}: ${typeof c.setup_ms === "number" ? rtclab.formatMs(c.setup_ms) : c.outcome}`)));
    select.addEventListener("change", () => { location.hash = rtclab.href("call", select.value); });
    return select;
  }

  function neighbours(call) {
    const link = (other, words, rel) => (other
      ? h("a", { href: rtclab.href("call", other.key), rel, title: other.key }, words)
      : h("span", { class: "soft", "aria-hidden": "true" }, words));
    return h("nav", { class: "call-neighbours", "aria-label": "Calls of the run" },
      link(data.calls[call.index - 1], "← previous call", "prev"),
      h("span", { class: "soft" }, `${call.index + 1} of ${data.calls.length}`),
      link(data.calls[call.index + 1], "next call →", "next"));
  }

  function head(call) {
    return h("header", { class: "call-head" },
      neighbours(call),
      h("h1", {}, data.title(call.scenario) ? [data.title(call.scenario), " "] : "", h("span", { class: "soft call-scenario" }, call.scenario)),
      h("p", { class: "soft call-key" }, h("code", {}, call.key), call.clock ? ` on the ${call.clock} clock` : ""),
      verdict(call),
      h("div", { class: "call-cause-place" }, causeOf(call, null)),
      siblings(call));
  }

  // ---- the body ----

  // Why it failed, before anything else, with the packets that show it.
  // `context` is null until the timeline is there.
  function causeOf(call, context) {
    const cause = rtclab.object(call.cause);
    if (!text(cause.text)) return null;
    const frames = context ? context.model.namedFrames(cause.packets) : [];
    return h("div", { class: "call-cause" },
      h("p", {}, h("strong", {}, "Cause: "), text(cause.text)),
      h("p", { class: "soft" }, cause.element ? `At ${text(cause.element)}. ` : "",
        frames.length > 0 ? "Packets: " : "",
        frames.slice(0, 12).map(({ journey, number }, n) => [n > 0 ? ", " : "", rtclab.callBase.packetLink(context, journey, `${number}`)]),
        frames.length > 12 ? ` and ${frames.length - 12} more` : ""));
  }

  // What the reader must know of the call or its record before believing either.
  function notesOf(context) {
    const { call, model } = context;
    const known = rtclab.object(call.known_failure);
    const late = rtclab.object(call.lateness);
    return [
      text(call.why) && !text(rtclab.object(call.cause).text) ? `Why: ${text(call.why)}` : "",
      text(known.reason) ? `A known failure: ${text(known.reason)}` : "",
      call.flaky ? `Flaky: it took ${call.attempts} attempts.` : "",
      late.within_budget === false ? "Packets were later than 2 ms behind their due time: this machine was too busy for its latencies to be the network’s alone." : "",
      model.timeline.is_cut ? "The record was too large: the timeline is cut. events.jsonl and the capture have all." : "",
    ].filter(Boolean).map((words) => h("p", { class: "notice" }, words));
  }

  function contents(sections) {
    const jump = (section) => () => {
      section.scrollIntoView();
      const heading = section.querySelector("h2");
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    };
    return h("nav", { class: "call-contents", "aria-label": "On this page" },
      sections.map(([name, section]) => h("button", { type: "button", on: { click: jump(section) } }, name)));
  }

  // What all parts share: the model, the URL, and what happens when something is chosen.
  function makeContext(details, entry, route) {
    const model = rtclab.callModel(details.timeline);
    const context = {
      call: { ...entry, ...details.call }, command: details.command, model, params: route.params,
      url: { get: (name) => context.params.get(name), set: (changes) => rtclab.setParams(changes) },
      titles: {},
    };
    for (const role of rtclab.callRoles) {
      const peer = rtclab.object(rtclab.object(context.call.peers)[role]);
      context.titles[role] = [role, [text(peer.stack), text(peer.version)].filter(Boolean).join(" ")].filter(Boolean).join(": ");
    }
    return context;
  }

  function body(root, context) {
    const { model } = context;
    const chart = rtclab.callChart(model, context);
    const detail = rtclab.callDetail(context);
    context.chart = chart;
    context.onchoose = (journey) => {
      context.url.set({ packet: journey ? journey.id : null });
      chart.choose(journey);
      detail.show(journey);
    };
    context.onevent = (event) => { chart.choose(null); detail.showEvent(event); };
    context.onstep = (step) => { chart.zoomTo(step.from_us, step.to_us); detail.showStep(step); };
    const dropped = rtclab.callDropped(context);
    const sections = [
      ["Time", rtclab.callBlame(context)],
      ["Timeline", rtclab.section("Timeline", { class: "call-timeline" }, chart.node)],
      ["Candidates", rtclab.callCandidates(context)],
      ["Pairs", rtclab.callPairs(context)],
      ["STUN", rtclab.callLadder(context)],
      [`Dropped ${dropped.dataset.count}`, dropped],
      ["NAT mappings", rtclab.callMappings(context)],
      ["SDP", rtclab.callSdp(context)],
      ["Log", rtclab.callLog(context)],
      ["Capture", rtclab.callCapture(context)],
    ].filter(([, section]) => section);
    document.querySelector(".call-cause-place").replaceChildren(...[causeOf(context.call, context)].filter(Boolean));
    root.append(...[...notesOf(context), contents(sections), ...sections.map(([, section]) => section), detail.node].filter(Boolean));
    const packet = model.journeyById.get(context.params.get("packet"));
    if (packet) {
      chart.choose(packet);
      detail.show(packet);
    }
    return { update(route) {
      const before = context.params;
      context.params = route.params;
      if (before.get("packet") !== route.params.get("packet")) {
        const journey = model.journeyById.get(route.params.get("packet")) ?? null;
        chart.choose(journey);
        detail.show(journey);
      }
      if (before.get("t") !== route.params.get("t")) chart.readUrl();
      for (const listener of context.listeners ?? []) listener();
    } };
  }

  function withoutTimeline(root, details) {
    const call = details.call;
    root.append(
      h("p", { class: "notice" }, call.artifacts ? "There is no timeline.json beside this call’s record: run it again for its timeline."
        : "Nothing ran, so there is no record."),
      text(call.why) ? h("p", {}, text(call.why)) : "",
      text(details.command) ? rtclab.copyable(text(details.command), "the command that runs this call again") : "");
  }

  rtclab.view("call", {
    title: (route) => route.rest,
    render(root, route) {
      const call = data.find(route.rest);
      if (!call) {
        root.append(h("h1", {}, route.rest), h("p", { class: "notice", role: "alert" }, "This run has no such call."));
        return null;
      }
      const place = h("div", { class: "call-body", "aria-busy": "true" }, h("p", { class: "soft" }, "Loading …"));
      root.append(head(call), place);
      let inner = null, isLeft = false, latest = route;
      rtclab.loadCall(call.index).then((details) => {
        if (isLeft) return;
        place.replaceChildren();
        place.removeAttribute("aria-busy");
        if (details.timeline) inner = body(place, makeContext(details, call, latest));
        else withoutTimeline(place, details);
        place.dataset.ready = "";
      }).catch((error) => {
        place.removeAttribute("aria-busy");
        place.replaceChildren(h("p", { class: "notice", role: "alert" }, error.message));
        if (text(error.command)) place.append(rtclab.copyable(error.command, "the command that runs this call again"));
      });
      return {
        update(next) { latest = next; inner?.update(next); },
        leave() { isLeft = true; },
      };
    },
  });
})();
