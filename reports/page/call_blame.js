// SPDX-License-Identifier: Apache-2.0
//
// Where the set-up time went: a bar of the parts, their sums, and the critical path step by
// step. The chart draws the same path along its axis.
"use strict";

(() => {
  const { h, text, list, object } = rtclab;
  const { duration, moment, parts, partName, isPart, packetLink } = rtclab.callBase;

  // A step in one sentence: the tooltip of a segment.
  rtclab.callStepText = (step) =>
    `${partName(step.part)}, ${duration(step.to_us - step.from_us)} (${moment(step.from_us)} to ${moment(step.to_us)}): ${text(step.text)}`;

  const kindOf = (part) => (isPart(part) ? part : "stack");

  function sumsOf(partsMs, total) {
    return h("ul", { class: "call-parts" }, [...partsMs].map(([part, ms]) => {
      const meaning = parts.find(([name]) => name === part)?.[1] ?? "";
      return h("li", { "data-part": part, "data-ms": ms, title: meaning },
        h("span", { class: `call-swatch part-${kindOf(part)}`, "aria-hidden": "true" }),
        h("strong", {}, `${partName(part)} ${rtclab.formatMs(ms)}`), ` ${rtclab.formatPercent(ms / total)}`,
        h("span", { class: "unseen" }, `: ${meaning}`));
    }));
  }

  function packetsOf(context, step) {
    const { model } = context;
    const frames = model.namedFrames(step.packets);
    return frames.slice(0, 6).map(({ journey, number }, n) => [n > 0 ? ", " : "", packetLink(context, journey, String(number))]);
  }

  function steps(context, path) {
    return h("details", { class: "call-steps" },
      h("summary", {}, `The critical path, ${rtclab.plural(path.length, "step")}`),
      rtclab.table("The critical path of the set-up", [
        { title: "From", class: "number", cell: (step) => moment(step.from_us) },
        { title: "Took", class: "number", cell: (step) => duration(step.to_us - step.from_us) },
        { title: "Part", cell: (step) => h("span", {}, h("span", { class: `call-swatch part-${kindOf(step.part)}`, "aria-hidden": "true" }), partName(step.part)) },
        { title: "Who", cell: (step) => text(step.who) },
        { title: "What", cell: (step) => text(step.text) },
        { title: "Packets", cell: (step) => h("span", {}, packetsOf(context, step)) },
      ], path));
  }

  rtclab.callBlame = (context) => {
    const blame = object(context.model.timeline.blame ?? context.call.blame);
    const found = object(blame.parts_ms ?? context.call.setup_parts_ms);
    const names = [...parts.map(([name]) => name), ...Object.keys(found).filter((name) => !isPart(name))];
    const sums = names.map((name) => [name, Object.hasOwn(found, name) ? found[name] : null])
      .filter(([, ms]) => typeof ms === "number" && ms >= 0.05);
    const total = sums.reduce((sum, [, ms]) => sum + ms, 0);
    if (total <= 0) return null;
    sums.sort((a, b) => b[1] - a[1]);
    const top = sums[0];
    return rtclab.section("Where the time went", { class: "call-blame" },
      h("p", {}, h("strong", {}, `${rtclab.formatPercent(top[1] / total)} of ${rtclab.formatMs(total)} is ${partName(top[0])}`),
        `: ${parts.find(([name]) => name === top[0])?.[1] ?? ""}.`),
      sumsOf(sums, total),
      list(blame.path).length > 0 ? steps(context, list(blame.path)) : null);
  };
})();
