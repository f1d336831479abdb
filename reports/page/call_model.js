// SPDX-License-Identifier: Apache-2.0
//
// What the call page knows of a call: its timeline (harness/README.md, "Timeline"), made
// ready for drawing. Packets are put together to journeys: one packet as all taps saw it,
// from its sender to its receiver or to whoever dropped it. Each journey belongs to a lane.
//
// Pure: nothing here touches the page. Everything in a timeline is somebody else's text or
// number; what is missing or of another type is left out, never trusted.
"use strict";

(() => {
  const ROLES = ["offerer", "answerer"];
  const { text, list, object } = rtclab;

  const isTime = (value) => typeof value === "number" && Number.isFinite(value);

  // "home-a" of "home-a/nat"; the whole name where there is no slash
  const ownerOf = (tap) => String(tap).split("/")[0];
  const isInterface = (tap) => /\/eth\d+$/.test(tap);

  // ---- taps ----

  // A peer says at its start which tap is its own; older records have hosts of its name.
  function makeTaps(timeline) {
    const own = new Map(list(timeline.events).filter((e) => e?.kind === "peer.started" && ROLES.includes(e.src) && e.data?.tap)
      .map((e) => [text(e.data.tap), e.src]));
    return list(timeline.taps).map((name, index) => {
      const owner = own.get(name) ?? ownerOf(name);
      const isRole = ROLES.includes(owner) && isInterface(name);
      return {
        index,
        name: String(name),
        owner,
        kind: isRole ? "peer" : isInterface(name) ? "host" : "element",
        side: isRole ? owner : null,
      };
    });
  }

  // Whose side an element is on: that of the peer whose packets it sees leave or arrive.
  // One that both sides share, such as a carrier's NAT, is on neither.
  function findSides(model) {
    const votes = new Map();
    const vote = (tap, side) => {
      const at = votes.get(tap.owner) || { offerer: 0, answerer: 0 };
      at[side]++;
      votes.set(tap.owner, at);
    };
    for (const journey of model.journeys)
      for (const packet of journey.hops) {
        const tap = model.taps[packet.tap];
        const near = packet.is_outward ? journey.from : journey.to;
        if (tap && tap.kind === "element" && ROLES.includes(near))
          vote(tap, near);
      }
    for (const tap of model.taps) {
      const { offerer, answerer } = votes.get(tap.owner) || { offerer: 0, answerer: 0 };
      if (tap.kind !== "element" || tap.name === "internet")
        continue;
      if (offerer > 0 && answerer === 0)
        tap.side = "offerer";
      if (answerer > 0 && offerer === 0)
        tap.side = "answerer";
    }
  }

  // ---- journeys ----

  function makeJourneys(model) {
    const byId = new Map();
    model.packets.forEach((packet, index) => {
      if (packet === null)
        return;
      const id = packet.id === undefined || packet.id === null ? `frame-${index}` : String(packet.id);
      let journey = byId.get(id);
      if (!journey) {
        journey = { id, hops: [], index: model.journeys.length, transaction: null };
        byId.set(id, journey);
        model.journeys.push(journey);
      }
      journey.hops.push(packet);
      model.journeyOfPacket[index] = journey;
    });
    for (const journey of model.journeys)
      describeJourney(model, journey);
    model.journeyById = byId;
  }

  function describeJourney(model, journey) {
    const tapOf = (packet) => model.taps[packet.tap] || { owner: "?", kind: "element" };
    const isEnd = (packet) => tapOf(packet).kind !== "element";
    const sent = journey.hops.find((p) => isEnd(p) && p.is_outward);
    const received = journey.hops.find((p) => isEnd(p) && !p.is_outward);
    const first = journey.hops[0];
    journey.sent = sent || null;
    journey.received = received || null;
    journey.dropped = journey.hops.find((p) => p.verdict === "dropped") || null;
    journey.late = journey.hops.find((p) => p.verdict === "late") || null;
    journey.from = tapOf(sent || first).owner;
    journey.to = received ? tapOf(received).owner : null;
    journey.fromUs = (sent || first).t_us;
    journey.toUs = journey.hops.reduce((t, p) => Math.max(t, p.t_us), journey.fromUs);
    journey.first = sent || first;
    journey.summary = String((sent || first).summary || "packet");
    const withMessage = journey.hops.find((p) => Number.isInteger(p.message));
    journey.message = withMessage ? model.messages[withMessage.message] || null : null;
  }

  function bindTransactions(model) {
    model.transactions.forEach((transaction, index) => {
      const own = [
        ...list(transaction.requests).map((packet, n) => [packet, n ? "again" : "request"]),
        ...(Number.isInteger(transaction.answer) ? [[transaction.answer, "answer"]] : []),
        ...list(transaction.losses).map((packet) => [packet, "lost"]),
      ];
      for (const [packet, part] of own) {
        const journey = model.journeyOfPacket[packet];
        if (!journey)
          continue;
        journey.transaction = index;
        if (part !== "lost" || !journey.part)
          journey.part = part === "lost" ? "request" : part;
      }
    });
  }

  // ---- lanes ----

  const byUse = { check: "checks", keepalive: "checks", gathering: "gathering", turn: "gathering" };

  // By what the packet is; the capture's words for what is not STUN.
  function laneOf(model, journey) {
    const transaction = model.transactions[journey.transaction];
    const lane = transaction && rtclab.callBase.own(byUse, transaction.use);
    if (lane)
      return lane;
    if (journey.message) {
      if (journey.message.is_check)
        return "checks";
      const isBetweenPeers = ROLES.includes(journey.from) && ROLES.includes(journey.to);
      return isBetweenPeers || journey.message.is_relayed ? "checks" : "gathering";
    }
    const summary = journey.summary;
    if (/\bDTLS\b/.test(summary))
      return /application data/i.test(summary) ? "data" : "dtls";
    if (/\bS?RTC?P\b/.test(summary))
      return "media";
    if (/\bSCTP\b/.test(summary))
      return "data";
    if (/\b(TCP|TLS|HTTP|WebSocket)\b/.test(summary))
      return byServer(model, journey);
    const isToServer = [journey.first.src, journey.first.dst].some((end) => model.stunServers.has(text(end)));
    if (/\bbytes, relayed\b/.test(summary) || (/\bbytes\b/.test(summary) && !isToServer))
      return "data";
    return "other";
  }

  // TCP is what its server is for: signals, or TURN; between peers it is ICE-TCP.
  function byServer(model, journey) {
    const far = ROLES.includes(journey.from) ? journey.first.dst : journey.first.src;
    if (model.stunServers.has(String(far)))
      return "gathering";
    if (model.peerHosts.has(hostOf(far)))
      return "checks";
    return model.hasSignallingServer ? "signalling" : "other";
  }

  const hostOf = (endpoint) => String(endpoint).replace(/:\d+$/, "").replace(/^\[|\]$/g, "");

  // What an address belongs to: servers by transactions, peers by candidates and mappings.
  function findAddresses(model) {
    for (const transaction of model.transactions)
      if (transaction.server)
        model.stunServers.add(text(transaction.server));
    for (const role of ROLES)
      for (const candidate of model.candidates[role])
        model.peerHosts.add(text(candidate.address));
    for (const mapping of model.mappings)
      model.peerHosts.add(hostOf(mapping.external));
    model.hasSignallingServer = model.events.some((e) => e.kind === "signal.connection-state");
  }

  // ---- all of it ----

  // @param timeline the parsed timeline.json
  // @return what the parts of the call page draw
  function callModel(timeline) {
    const model = {
      timeline,
      // by their numbers others refer to them: what is none leaves a gap
      packets: list(timeline.packets).map((p) => (isTime(p?.t_us) ? p : null)),
      messages: list(timeline.messages).map(object),
      transactions: list(timeline.transactions).map(object),
      events: list(timeline.events).map(object).filter((e) => isTime(e.t_us)),
      mappings: list(timeline.mappings).map(object),
      descriptions: list(timeline.descriptions).map(object),
      candidates: {},
      pairs: {},
      taps: makeTaps(timeline),
      journeys: [],
      journeyOfPacket: [],
      stunServers: new Set(),
      peerHosts: new Set(),
      setupUs: isTime(timeline.setup_ms) ? timeline.setup_ms * 1000 : null,
    };
    for (const role of ROLES) {
      model.candidates[role] = list(object(timeline.candidates)[role]).map(object);
      model.pairs[role] = list(object(timeline.pairs)[role]).map(object);
    }
    makeJourneys(model);
    bindTransactions(model);
    findAddresses(model);
    findSides(model);
    for (const journey of model.journeys)
      journey.lane = laneOf(model, journey);
    const times = [...model.events, ...model.packets].filter(Boolean).map((e) => e.t_us);
    model.startUs = times.reduce((a, b) => Math.min(a, b), 0);
    model.endUs = times.reduce((a, b) => Math.max(a, b), 1000);
    const byNumber = new Map(model.packets.map((p, i) => [p?.number, i]));
    // The journeys of frame numbers, each once.
    model.journeysOfFrames = (numbers) =>
      [...new Set(list(numbers).map((n) => model.journeyOfPacket[byNumber.get(n)]).filter(Boolean))];
    // Those of packets, each under the number that is named, which is what other reports say.
    model.namedFrames = (numbers) => {
      const found = new Map();
      for (const number of list(numbers)) {
        const journey = model.journeyOfPacket[byNumber.get(number)];
        if (journey && !found.has(journey)) found.set(journey, number);
      }
      return [...found].map(([journey, number]) => ({ journey, number }));
    };
    return model;
  }

  rtclab.callModel = callModel;
  rtclab.callRoles = ROLES;
})();
