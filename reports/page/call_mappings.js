// SPDX-License-Identifier: Apache-2.0
//
// The mappings that NATs made (RFC 4787 section 4): what the bars in their lanes stand for.
"use strict";

(() => {
  const { h, text, list } = rtclab;
  const { moment } = rtclab.callBase;

  function refreshed(mapping) {
    const times = list(mapping.refreshed_us).filter((t) => typeof t === "number");
    return times.length === 0 ? "never" : `${rtclab.plural(times.length, "time")}, last ${moment(Math.max(...times))}`;
  }

  rtclab.callMappings = (context) => {
    const { mappings } = context.model;
    if (mappings.length === 0) return null;
    return rtclab.section("NAT mappings", { class: "call-mappings" },
      rtclab.table("Mappings of the NATs", [
        { title: "NAT", cell: (m) => text(m.nat) || "?" },
        { title: "Internal", class: "mono", cell: (m) => `${text(m.internal)} ${text(m.protocol)}` },
        { title: "External", class: "mono", cell: (m) => text(m.external) },
        { title: "First remote", class: "mono", cell: (m) => h("span", { title: "where its first packet went; what it is bound to, if the NAT maps address- or address-and-port-dependent" }, text(m.remote)) },
        { title: "Made", class: "number", cell: (m) => moment(m.created_us) },
        { title: "Refreshed", cell: refreshed },
        { title: "Expired", class: "number", cell: (m) => moment(m.expired_us) },
      ], mappings));
  };
})();
