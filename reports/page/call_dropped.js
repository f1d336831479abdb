// SPDX-License-Identifier: Apache-2.0
//
// What was dropped: by whom and why, counted, then packet by packet. What a link lost of TCP
// and had arrive later is told apart (harness/README.md, "TCP on a virtual clock").
"use strict";

(() => {
  const { h, text, plural } = rtclab;
  const { moment, reasonText, filters, packetLink } = rtclab.callBase;
  const MOST = 200;

  // By element and reason, the most first.
  function countCauses(packets) {
    const causes = new Map();
    for (const packet of packets) {
      const key = JSON.stringify([text(packet.element), text(packet.reason)]);
      const cause = causes.get(key) ?? { element: text(packet.element), reason: text(packet.reason), n: 0 };
      cause.n++;
      causes.set(key, cause);
    }
    return [...causes.values()].sort((a, b) => b.n - a.n);
  }

  function table(context, name, packets) {
    const { model } = context;
    const rows = packets.slice(0, MOST).map(({ packet, journey }) => ({ packet, journey }));
    const node = rtclab.table(name, [
      { title: "Frame", class: "number", cell: ({ packet, journey }) => packetLink(context, journey, String(packet.number)) },
      { title: "Time", class: "number", cell: ({ packet }) => moment(packet.t_us) },
      { title: "By", cell: ({ packet }) => text(packet.element) || model.taps[packet.tap]?.name || "?" },
      { title: "Why", cell: ({ packet }) => h("code", { title: reasonText(packet.reason) }, text(packet.reason)) },
      { title: "What", cell: ({ journey }) => journey.summary },
      { title: "From → to", class: "mono", cell: ({ packet }) => `${text(packet.src)} → ${text(packet.dst)}` },
    ], rows);
    return [node, packets.length > MOST ? h("p", { class: "soft" }, `The first ${MOST} of ${packets.length}; the filter finds all of them in the capture.`) : null];
  }

  rtclab.callDropped = (context) => {
    const { model } = context;
    const at = (verdict) => model.packets.map((packet, i) => ({ packet, journey: model.journeyOfPacket[i] })).filter(({ packet }) => packet?.verdict === verdict);
    const dropped = at("dropped"), late = at("late");
    const section = rtclab.section("Dropped packets", { class: "call-dropped", "data-count": dropped.length });
    if (dropped.length + late.length === 0) {
      section.append(h("p", { class: "soft" }, "Nothing was dropped."));
      return section;
    }
    if (dropped.length > 0)
      section.append(h("ul", { class: "call-causes" }, countCauses(dropped.map(({ packet }) => packet)).map(({ element, reason, n }) =>
        h("li", {}, h("strong", {}, plural(n, "packet")), ` by ${element || "?"}: `, h("code", {}, reason), reasonText(reason) ? ` ${reasonText(reason)}` : ""))),
      h("div", { class: "call-filters" }, h("div", {}, h("span", { class: "soft" }, "Wireshark, what was dropped"), rtclab.copyable(filters.dropped(), "the filter for dropped packets"))),
      ...table(context, "Each dropped packet", dropped).filter(Boolean));
    if (late.length > 0)
      section.append(h("h3", {}, "Lost, and late instead"), ...table(context, "Lost TCP segments, which arrived later", late).filter(Boolean));
    return section;
  };
})();
