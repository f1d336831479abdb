// SPDX-License-Identifier: Apache-2.0
//
// The first screen: what matters in a sentence, in figures, in one table.
"use strict";

(() => {
  const { h, data, text, list, object, formatCount, plural } = rtclab;

  const by = (verdict) => data.calls.filter((call) => call.verdict === verdict);

  // ---- the sentence ----

  function tone() {
    if (by("unexpected").length > 0 || ["failed", "regressed"].includes(data.baseline?.verdict)) return ["bad", "Not as expected"];
    if (data.run.complete === false || data.calls.length === 0 || data.baseline?.verdict === "inconclusive") return ["odd", "Not conclusive"];
    return ["good", "As expected"];
  }

  function started() {
    const time = new Date(text(data.run.started));
    return Number.isNaN(time.getTime()) ? "" : `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  }

  function facts() {
    const { run } = data;
    const host = object(run.host);
    const stacks = rtclab.stacks(data.calls);
    return [
      ["Clock", text(run.clock)], ["Seed", text(run.seed)], ["Made", started()],
      ["Took", typeof run.elapsed_s === "number" ? `${run.elapsed_s.toFixed(1)} s` : ""],
      ["Peers", stacks.slice(0, 6).join(", ") + (stacks.length > 6 ? ", …" : "")],
      ["rtclab", text(run.version)],
      ["On", [host.system, host.kernel, host.machine].map(text).filter(Boolean).join(" ")],
    ].filter(([, value]) => value);
  }

  function hero() {
    const [kind, label] = tone();
    return h("div", { class: `hero wash-${kind}` }, rtclab.icon(kind, label),
      h("div", {}, h("h1", {}, data.headline || plural(data.calls.length, "call")),
        h("dl", { class: "facts" }, facts().map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))))));
  }

  function notices() {
    const { run } = data;
    const leftOut = list(run.left_out).map(object).map((one) => `${text(one.stack)}: ${text(one.why)}`);
    return [
      run.complete === false ? h("p", { class: "notice" }, "This run is not complete: not all of its calls were made.") : null,
      leftOut.length > 0 ? h("p", { class: "notice" }, `Left out: ${leftOut.join("; ")}`) : null,
    ];
  }

  // ---- figures ----

  const tile = (name, value, detail, { kind = null, href = null } = {}) =>
    h("li", { class: "tile" }, h("span", { class: "name" }, href ? h("a", { href }, name) : name),
      h("span", { class: "figure" }, kind ? rtclab.icon(kind) : null, value), detail ? h("span", { class: "soft" }, detail) : null);

  const callsHref = (outcome) => rtclab.href("calls", "", { outcome });

  function expectedTile() {
    const bad = by("unexpected").length;
    if (bad > 0) return tile("Not as expected", formatCount(bad), `of ${plural(data.calls.length, "call")}`, { kind: "bad", href: callsHref("unexpected") });
    const good = by("expected").length + by("flaky").length;
    return tile("As expected", `${formatCount(good)} of ${formatCount(data.calls.length)}`, "calls", { kind: "good", href: rtclab.href("calls") });
  }

  function connectedTile() {
    const ran = data.calls.filter((call) => !["unsupported", "error"].includes(call.outcome));
    const connected = ran.filter((call) => call.outcome === "connected").length;
    const meant = ran.filter((call) => object(object(data.scenarios.get(call.scenario)).expect).outcome === "failed").length;
    return tile("Connected", `${formatCount(connected)} of ${formatCount(ran.length)}`, meant > 0 ? `${formatCount(meant)} must not connect` : "", { href: callsHref("connected") });
  }

  function setupTile() {
    const rows = data.modes.map((mode) => [mode, data.calls.filter((call) => call.mode === mode && typeof call.setup_ms === "number").map((call) => call.setup_ms)]);
    return h("li", { class: "tile wide" }, h("span", { class: "name" }, "Median set-up"),
      rows.map(([mode, times]) => h("span", {}, h("span", { class: "figure" }, times.length > 0 ? rtclab.formatMs(d3.median(times)) : "–"), h("span", { class: "soft" }, rtclab.mark(mode), " ", mode))));
  }

  function fasterTile() {
    const savings = data.groups.map((group) => object(group.comparison.trickle_saves_ms).median).filter((ms) => typeof ms === "number");
    if (savings.length === 0) return null;
    const faster = savings.filter((ms) => ms > 0).length;
    return tile("Trickle faster than full", `${formatCount(faster)} of ${formatCount(savings.length)}`, `median saving ${rtclab.formatMs(d3.median(savings))}`, { href: rtclab.href("latency") });
  }

  function tiles() {
    const passing = data.calls.filter((call) => object(call.known_failure).status === "passes").length;
    const extra = [["known", "Known failures", "odd"], ["flaky", "Flaky", "odd"], ["unsupported", "Unsupported", "none"]]
      .filter(([verdict]) => by(verdict).length > 0)
      .map(([verdict, name, kind]) => tile(name, formatCount(by(verdict).length), verdict === "known" && passing > 0 ? `${formatCount(passing)} more pass now` : "", { kind, href: callsHref(verdict) }));
    return h("ul", { class: "tiles", "aria-label": "Figures" }, expectedTile(), connectedTile(), setupTile(), fasterTile(), extra);
  }

  // ---- lists ----

  function unexpectedSection() {
    const calls = by("unexpected");
    return calls.length === 0 ? null : rtclab.section("Not as expected", {}, rtclab.callList(calls, 8, callsHref("unexpected")));
  }

  // Calls that are about the same thing, with what that is.
  function grouped(calls, describe) {
    return d3.nest().key(describe).entries(calls).map(({ key, values }) => ({ key, values })).sort((a, b) => b.values.length - a.values.length);
  }

  function remarks(title, kind, calls, describe) {
    if (calls.length === 0) return null;
    const groups = grouped(calls, describe);
    const lines = (some) => h("ul", { class: "call-list" }, some.map(({ key, values }) => h("li", {}, rtclab.icon(kind),
      h("div", {}, key, " ", h("p", {}, values.slice(0, 3).map((call, i) => [i > 0 ? ", " : "", h("a", { href: rtclab.href("call", call.key) }, call.key)]),
        values.length > 3 ? h("span", { class: "soft" }, ` and ${formatCount(values.length - 3)} more`) : null)))));
    return rtclab.section(title, {}, lines(groups.slice(0, 5)),
      groups.length > 5 ? h("details", {}, h("summary", {}, `${formatCount(groups.length - 5)} more reasons`), lines(groups.slice(5, 200))) : null);
  }

  const knownReason = (call) => text(object(call.known_failure).reason) || rtclab.reasonOf(call);

  rtclab.view("", {
    title: () => "Overview",
    render(root, route) {
      const matrix = rtclab.matrix();
      root.append(hero(), ...notices().filter(Boolean), tiles());
      for (const part of [unexpectedSection(), rtclab.changesSection(), matrix.element,
        remarks("Known failures that pass now", "good", data.calls.filter((call) => object(call.known_failure).status === "passes"), knownReason),
        remarks("Known failures", "odd", by("known"), knownReason),
        remarks("Flaky", "odd", by("flaky"), (call) => `connected at attempt ${call.attempts ?? "?"}`),
        remarks("Unsupported", "none", by("unsupported"), rtclab.reasonOf)])
        if (part) root.append(part);
      matrix.update(route);
      return { update: matrix.update, leave: matrix.leave };
    },
  });
})();
