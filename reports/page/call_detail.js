// SPDX-License-Identifier: Apache-2.0
//
// What is chosen, in full: a packet at every tap that saw it, its STUN attributes, its
// transaction, and Wireshark filters for both; or an event with its data. A sheet that stays
// at the bottom of the window while the page is scrolled.
"use strict";

(() => {
  const { h, text, list } = rtclab;
  const { duration, moment, reasonText, integrityText, filters, packetLink } = rtclab.callBase;

  function fields(rows) {
    return h("dl", { class: "call-fields" }, rows.filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  }

  // ---- a packet ----

  function hopsTable(context, journey) {
    const { taps } = context.model;
    return rtclab.table("The packet at each tap", [
      { title: "Frame", class: "number", cell: (p) => String(p.number) },
      { title: "Time", class: "number", cell: (p) => moment(p.t_us) },
      { title: "Tap", cell: (p) => taps[p.tap]?.name ?? "?" },
      { title: "From → to", cell: (p) => h("span", { class: "mono" }, `${text(p.src)} → ${text(p.dst)}`) },
      { title: "What happened", cell: (p) => fateOf(p) },
    ], journey.hops);
  }

  function fateOf(packet) {
    const is = packet.verdict;
    if (is === "dropped" || is === "late") {
      const why = reasonText(packet.reason);
      return h("span", { class: is === "dropped" ? "tone-bad" : "tone-odd" }, `✕ ${text(packet.note)}${why ? ` – ${why}` : ""}`);
    }
    return text(packet.note) || (packet.is_outward ? "left" : "arrived");
  }

  // Name and value in turn, as rtcprobe decode prints them.
  function attributePairs(message) {
    const flat = list(message.attributes);
    const pairs = [];
    for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([text(flat[i]), text(flat[i + 1])]);
    return pairs;
  }

  rtclab.callAttributes = (message) => {
    const pairs = attributePairs(message);
    const node = h("div", { class: "call-attributes" },
      h("p", {}, h("span", { class: `call-integrity ${text(message.integrity)}` }, integrityText(message.integrity)),
        message.has_fingerprint ? h("span", { class: message.is_fingerprint_right ? "soft" : "tone-bad" },
          message.is_fingerprint_right ? " · fingerprint is right" : " · ✗ fingerprint is wrong") : null,
        message.is_relayed ? ` · relayed, peer ${text(message.peer)}` : null,
        h("span", { class: "soft mono" }, ` · transaction ${text(message.transaction)}`)));
    if (pairs.length === 0) {
      node.append(h("p", { class: "soft" }, "No attributes."));
      return node;
    }
    node.append(h("dl", { class: "call-attribute-list" }, pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value || "present")))));
    return node;
  };

  // The requests of a transaction, what was lost, what came back.
  rtclab.callTransactionText = (model, transaction) => {
    const requests = list(transaction.requests).map((i) => model.packets[i]).filter(Boolean);
    const answer = model.packets[transaction.answer];
    const last = requests[requests.length - 1];
    const parts = [requests.length > 1 ? `sent ${requests.length} times` : "sent once"];
    const lost = list(transaction.losses).length;
    if (lost > 0) parts.push(`${lost} dropped`);
    if (answer && transaction.error_code) parts.push(`error ${transaction.error_code}`);
    if (answer && last) parts.push(`answer ${duration(answer.t_us - requests[0].t_us)} after the first`);
    else parts.push("no answer");
    if (transaction.nominates) parts.push("nominates (USE-CANDIDATE)");
    return parts.join(", ");
  };

  function transactionPart(context, journey) {
    const { model } = context;
    const transaction = model.transactions[journey.transaction];
    if (!transaction) return null;
    const packets = [...list(transaction.requests), ...(Number.isInteger(transaction.answer) ? [transaction.answer] : [])];
    const links = packets.map((i, n) => {
      const other = model.journeyOfPacket[i];
      if (!other) return "";
      const words = `${n === 0 ? "request" : i === transaction.answer ? "answer" : "again"} ${moment(other.fromUs)}${other.dropped ? " ✕" : ""}`;
      return h("li", {}, other === journey ? h("strong", {}, words) : packetLink(context, other, words));
    });
    return h("div", { class: "call-transaction" },
      h("p", {}, h("strong", {}, "Transaction: "), `${text(transaction.use)}, ${rtclab.callTransactionText(model, transaction)}`,
        transaction.server ? `, server ${text(transaction.server)}` : ""),
      h("ol", {}, links));
  }

  function filtersPart(journey) {
    const rows = [["the packet", filters.packet(journey)]];
    if (journey.message) rows.push(["the transaction", filters.transaction(text(journey.message.transaction))]);
    return h("div", { class: "call-filters" }, rows.filter(([, filter]) => filter)
      .map(([name, filter]) => h("div", {}, h("span", { class: "soft" }, `Wireshark, ${name}`), rtclab.copyable(filter, `the filter for ${name}`))));
  }

  function packetNodes(context, journey) {
    const end = journey.dropped ? `dropped by ${text(journey.dropped.element)}` : journey.to ?? "nowhere that a tap sees";
    const took = journey.toUs > journey.fromUs ? duration(journey.toUs - journey.fromUs) : "";
    const message = journey.message;
    return {
      title: [h("span", {}, journey.summary), " ", h("span", { class: "soft" }, `frame ${journey.first.number}`)],
      nodes: [
        fields([["From", journey.from], ["To", end], ["Left", moment(journey.fromUs)], ["Took", took],
          ["Size", Number.isInteger(journey.first.size) ? `${journey.first.size} bytes` : null]]),
        transactionPart(context, journey),
        message ? rtclab.callAttributes(message) : null,
        hopsTable(context, journey),
        filtersPart(journey),
      ],
    };
  }

  // ---- an event, a step ----

  function eventNodes(event) {
    const value = (v) => (v !== null && typeof v === "object" ? JSON.stringify(v, null, 1) : String(v));
    return {
      title: [h("span", {}, text(event.kind)), " ", h("span", { class: "soft" }, `${text(event.src)}, ${moment(event.t_us)}`)],
      nodes: [h("dl", { class: "call-attribute-list" }, Object.entries(rtclab.object(event.data))
        .map(([name, v]) => h("div", {}, h("dt", {}, name), h("dd", {}, h("pre", {}, value(v))))))],
    };
  }

  function stepNodes(context, step) {
    const { model } = context;
    const journeys = model.journeysOfFrames(step.packets);
    return {
      title: [h("span", {}, rtclab.callStepText(step))],
      nodes: [
        step.who ? h("p", {}, `Who: ${text(step.who)}`) : null,
        journeys.length > 0 ? h("p", {}, "Packets: ", journeys.slice(0, 20).map((journey, n) => [n > 0 ? ", " : "",
          packetLink(context, journey, `${journey.first.number} ${journey.summary}`)])) : null,
      ],
    };
  }

  // ---- the sheet ----

  // { node, show(journey or null), showEvent(event), showStep(step) }
  rtclab.callDetail = (context) => {
    const title = h("h2", { id: "call-detail-title", tabindex: -1 });
    const close = h("button", { type: "button", "aria-label": "Close details" }, "✕");
    const where = h("button", { type: "button", on: { click: () => context.chart.node.scrollIntoView() } }, "In the timeline");
    const inside = h("div", { class: "call-detail-inside" });
    const node = h("aside", { class: "call-detail", "aria-labelledby": "call-detail-title", hidden: true },
      h("div", { class: "call-detail-head" }, title, h("span", { class: "call-detail-buttons" }, where, " ", close)), inside);
    let opener = null;

    const open = ({ title: words, nodes }) => {
      const active = document.activeElement;
      if (node.hidden) opener = active;
      title.replaceChildren(...words.map((word) => (word instanceof Node ? word : document.createTextNode(word))));
      inside.replaceChildren(...nodes.filter(Boolean));
      inside.scrollTop = 0;
      node.hidden = false;
      if (active instanceof HTMLButtonElement) title.focus({ preventScroll: true });
    };
    const shut = () => {
      if (node.hidden) return;
      const hadFocus = node.contains(document.activeElement);
      node.hidden = true;
      if (hadFocus && opener?.isConnected) opener.focus({ preventScroll: true });
    };
    close.addEventListener("click", () => { context.onchoose(null); });
    node.addEventListener("keydown", (event) => { if (event.key === "Escape") context.onchoose(null); });
    return {
      node,
      show: (journey) => (journey ? open(packetNodes(context, journey)) : shut()),
      showEvent: (event) => open(eventNodes(event)),
      showStep: (step) => open(stepNodes(context, step)),
    };
  };
})();
