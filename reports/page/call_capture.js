// SPDX-License-Identifier: Apache-2.0
//
// The way out of the page: the capture with display filters, the record's other files, and
// the command that makes this call again.
"use strict";

(() => {
  const { h, text, object } = rtclab;
  const { filters } = rtclab.callBase;
  const names = new Map([["pcap", "Packet capture (Wireshark)"], ["events", "Events, one a line"], ["timeline", "Timeline, as here"]]);

  rtclab.callCapture = (context) => {
    const artifacts = Object.entries(object(context.call.artifacts)).filter(([, path]) => rtclab.artifact(path) !== null)
      .sort(([a], [b]) => (b === "pcap") - (a === "pcap"));
    const cause = object(context.call.cause);
    const rows = [
      ["all decisions of the network (drops, translations)", filters.decisions()],
      ["what was dropped", filters.dropped()],
      ["STUN and TURN", filters.stun()],
      ["the packets of the cause", filters.frames(rtclab.list(cause.packets))],
    ].filter(([, filter]) => filter);
    return rtclab.section("Capture and command", { class: "call-capture" },
      text(context.command) ? [h("p", {}, "This call again:"), rtclab.copyable(text(context.command), "the command that runs this call again")] : null,
      artifacts.length > 0 ? h("ul", {}, artifacts.map(([name, path]) =>
        h("li", {}, h("a", { href: rtclab.artifact(path), "data-artifact": name }, names.get(name) ?? name), h("span", { class: "soft mono" }, ` ${path}`)))) : null,
      h("p", {}, "Display filters for it:"),
      h("div", { class: "call-filters" }, rows.map(([name, filter]) =>
        h("div", {}, h("span", { class: "soft" }, name), rtclab.copyable(filter, `the filter for ${name}`)))));
  };
})();
