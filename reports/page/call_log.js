// SPDX-License-Identifier: Apache-2.0
//
// Everything that happened, by time, as a table: what the chart draws, for whoever reads
// better than looks, and to search in.
"use strict";

(() => {
  const { h, text, plural } = rtclab;
  const { moment, packetLink } = rtclab.callBase;
  const PAGE = 100;

  function makeLines(context) {
    const { model } = context;
    const lines = model.events.filter((e) => e.kind !== "packet.dropped").map((event) => {
      const { label } = rtclab.callDescribeEvent(event);
      return { t: event.t_us, where: text(event.src), kind: text(event.kind), what: label === event.kind ? "" : label, event };
    });
    for (const journey of model.journeys) {
      const last = journey.dropped ?? journey.late;
      lines.push({
        t: journey.fromUs, where: journey.from, kind: "packet", journey,
        what: `${journey.summary}, ${text(journey.first.src)} → ${text(journey.first.dst)}${last ? `, ${text(last.note)}` : ""}`,
      });
    }
    for (const line of lines) line.all = `${line.where} ${line.kind} ${line.what} ${line.event ? JSON.stringify(line.event.data) : ""}`.toLowerCase();
    return lines.sort((a, b) => a.t - b.t);
  }

  rtclab.callLog = (context) => {
    const lines = makeLines(context);
    const search = h("input", { type: "search", "aria-label": "Search in the log", placeholder: "Search: nat, srflx, 401, 198.51.100.1 …" });
    const count = h("span", { class: "soft", role: "status" });
    const body = h("tbody");
    const more = h("button", { type: "button", class: "call-more" });
    let found = lines, shown = 0;

    const showMore = () => {
      for (const line of found.slice(shown, shown + PAGE))
        body.append(h("tr", {}, h("th", { scope: "row", class: "number" }, moment(line.t)), h("td", {}, line.where),
          h("td", {}, line.journey ? packetLink(context, line.journey, `packet ${line.journey.first.number}`)
            : h("button", { type: "button", class: "call-link", on: { click: () => context.onevent(line.event) } }, line.kind)),
          h("td", {}, line.what)));
      shown = Math.min(shown + PAGE, found.length);
      more.hidden = shown >= found.length;
      more.textContent = `Show ${Math.min(PAGE, found.length - shown)} more of ${found.length - shown}`;
    };
    const apply = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      found = lines.filter((line) => words.every((word) => line.all.includes(word)));
      shown = 0;
      body.replaceChildren();
      showMore();
      count.textContent = plural(found.length, "line");
    };
    search.addEventListener("input", apply);
    more.addEventListener("click", showMore);
    apply();
    return rtclab.section("Log", { class: "call-log" },
      h("p", { class: "soft" }, "Events and packets by time: what the timeline draws."),
      h("div", { class: "call-filter" }, search, count),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Lines of the log" },
        h("table", {}, h("caption", { class: "unseen" }, "Events and packets by time"),
          h("thead", {}, h("tr", {}, ["Time", "Where", "Kind", "What"].map((title) => h("th", { scope: "col" }, title)))), body)),
      more);
  };
})();
