// SPDX-License-Identifier: Apache-2.0
//
// The swimlanes of a call: which there are, from top to bottom, and what stands in each.
//
// The offerer's lanes are on top, the answerer's at the bottom, what is between them in
// between: NATs, firewalls and links beside the peer they belong to, servers and the
// internet in the middle. A lane without anything in it is left out.
//
// Pure: a model in, lanes with marks out; times are microseconds, nothing knows pixels
// but for heights.
"use strict";

(() => {
  const { moment } = rtclab.callBase;

  // key, label; from top to bottom, for each peer
  const PEER_LANES = [
    ["states", "events"],
    ["signalling", "signalling"],
    ["gathering", "gathering"],
    ["checks", "checks"],
    ["dtls", "DTLS"],
    ["data", "data"],
    ["media", "media"],
    ["other", "other"],
  ];
  const LANE_HEIGHT = 24;
  const LABELLED_HEIGHT = 31; // a line of words above the marks
  const STATES_HEIGHT = 36;
  const GROUP_HEIGHT = 20;
  const MAPPING_HEIGHT = 4;
  const MAX_MAPPING_ROWS = 8;

  const text = (value) => (typeof value === "string" ? value : "");

  // ---- events in words ----

  const describe = {
    "call.started": () => ["states", "start", "minor"],
    "call.ended": (d) => ["states", `ended: ${text(d.outcome)}`, "plain"],
    "peer.started": (d) => ["states", `${text(d.stack)} ${text(d.version)} started`, "silent"],
    "peer.exited": () => ["states", "exited", "silent"],
    "peer.gathering-state": (d) =>
      ["gathering", text(d.state), d.state === "complete" ? "major" : "minor"],
    "peer.candidate": (d) => ["gathering", text(d.type) || "candidate", "plain"],
    "peer.candidate-error": (d) =>
      ["gathering", errorText(d), "bad"],
    "peer.remote-candidate": (d) => ["signalling", `took ${text(d.type)}`, "minor"],
    "peer.ice-state": (d) => ["states", `ICE ${text(d.state)}`, "minor"],
    "peer.check-list": (d) => ["checks", `list ${text(d.state)}`, "minor"],
    "peer.connection-state": (d) => ["states", text(d.state), "silent"],
    "peer.signaling-state": (d) => ["signalling", text(d.state), "minor"],
    "peer.selected-pair": (d) => ["checks", selectedText(d), "good"],
    "peer.dtls-state": (d) => ["dtls", text(d.state), d.state === "failed" ? "bad" : "plain"],
    "peer.channel-open": (d) => ["data", `open ${text(d.label)}`.trim(), "good"],
    "peer.message": () => ["data", "message", "plain"],
    "peer.first-media": (d) => ["media", `first ${text(d.kind) || "frame"}`, "good"],
    "peer.stats": () => ["states", "statistics", "silent"],
    "peer.warning": () => ["states", "warning", "bad"],
    "signal.held": (d) => ["signalling", `${text(d.type) || signalText(d)} held back`, "plain"],
    "signal.sent": (d) => ["signalling", signalText(d), d.sdp ? "major" : "minor"],
    "signal.delivered": (d) => ["signalling", `got ${signalText(d)}`, d.sdp ? "major" : "minor"],
    "signal.connection-state": (d) =>
      ["signalling", `WebSocket ${text(d.state)}`, d.state === "failed" ? "bad" : "plain"],
    "signal.warning": () => ["signalling", "warning", "bad"],
    "nat.mapping-created": (d) => ["states", mappingText(d), "minor"],
    "nat.mapping-refreshed": (d) => ["states", mappingText(d), "minor"],
    "nat.mapping-expired": (d) => ["states", mappingText(d), "minor"],
    "server.started": () => ["states", "answers", "minor"],
    "server.exited": () => ["states", "exited", "bad"],
  };

  function signalText(d) {
    if (text(d.sdp))
      return text(d.type) || "description";
    if (d.candidate === "")
      return "end of candidates";
    const type = / typ (\w+)/.exec(text(d.candidate));
    return type ? type[1] : "candidate";
  }
  const mappingText = (d) => `${text(d.internal)} is ${text(d.external)} for ${text(d.remote)}`;
  // As of an RTCPeerConnectionIceErrorEvent: errorCode, errorText, url
  function errorText(d) {
    const code = typeof d.errorCode === "number" ? d.errorCode : "";
    const words = text(d.errorText) || text(d.url);
    return ["error", code, words.length > 40 ? `${words.slice(0, 39)}…` : words].filter(Boolean).join(" ");
  }
  function selectedText(d) {
    const type = (side) => text(side && typeof side === "object" ? side.type : "");
    const pair = [type(d.local), type(d.remote)].filter(Boolean).join("~");
    return `selected ${pair}`.trim();
  }

  // What an event says, in a few words, its lane, and how much it matters.
  function describeEvent(event) {
    const kind = String(event.kind);
    const data = event.data && typeof event.data === "object" ? event.data : {};
    const known = Object.prototype.hasOwnProperty.call(describe, kind);
    const [lane, label, weight] = known ? describe[kind](data) : ["states", kind, "minor"];
    return { lane, label, weight };
  }

  // ---- lanes ----

  function makeLane(key, side, label, height) {
    return { key, side, label, height, marks: [], strips: [], mappings: [], y: 0 };
  }

  function toneOf(model, journey, packet) {
    if (packet.verdict === "dropped")
      return "dropped";
    if (packet.verdict === "late")
      return "late";
    if (journey.message && journey.message.class === 3)
      return "error";
    return journey.part === "again" ? "again" : "plain";
  }

  function addPackets(model, laneFor) {
    for (const journey of model.journeys)
      for (const packet of journey.hops) {
        const tap = model.taps[packet.tap];
        if (!tap || (tap.kind === "element" && packet.verdict === "translated"))
          continue;
        const lane = tap.kind === "peer" ? laneFor(journey.lane, tap.owner)
          : laneFor(tap.kind === "element" ? tap.name : tap.owner, null);
        lane.marks.push({
          t: packet.t_us, kind: "packet", journey, packet,
          isOut: Boolean(packet.is_outward), tone: toneOf(model, journey, packet),
        });
      }
  }

  function addEvents(model, laneFor) {
    for (const event of model.events) {
      if (/^(nat|packet)\./.test(event.kind) || event.kind === "call.started")
        continue;
      const { lane, label, weight } = describeEvent(event);
      const isPeer = rtclab.callRoles.includes(event.src);
      if (!isPeer && event.src === "call")
        continue;
      const target = isPeer ? laneFor(lane, event.src) : laneFor(String(event.src), null);
      const isStrip = isPeer && event.kind === "peer.connection-state";
      if (isStrip)
        target.strips.push({ t: event.t_us, state: label });
      target.marks.push({ t: event.t_us, kind: "event", event, label, tone: weight });
    }
  }

  // A bar for each mapping, one below the other; the rows are used again once free.
  function addMappings(model, laneFor) {
    for (const mapping of model.mappings) {
      const lane = laneFor(String(mapping.nat), null);
      const ends = typeof mapping.expired_us === "number" ? mapping.expired_us : model.endUs;
      lane.mappings.push({ mapping, from: mapping.created_us, to: ends });
    }
  }

  // NATs keep the place that their packets give them: what is nearer to the peer first.
  function elementOrder(model, side) {
    const taps = model.taps.filter((tap) => tap.kind === "element" && tap.side === side);
    const rank = (tap) => {
      const journey = model.journeys.find((j) => j.from === side
        && j.hops.some((p) => p.tap === tap.index));
      return journey ? journey.hops.findIndex((p) => p.tap === tap.index) : 99;
    };
    return taps.map((tap) => [rank(tap), tap]).sort((a, b) => a[0] - b[0])
      .map(([, tap]) => tap.name);
  }

  // @return {lanes, height}: lanes from top to bottom with y, height and marks by time;
  //         a lane of `key` "group" is a heading
  function callLanes(model) {
    const found = new Map();
    const laneFor = (key, side) => {
      const id = `${side || ""}|${key}`;
      if (!found.has(id)) {
        const height = key === "states" && side ? STATES_HEIGHT : LANE_HEIGHT;
        const known = PEER_LANES.find(([name]) => side && name === key);
        found.set(id, makeLane(key, side, known ? known[1] : key, height));
      }
      return found.get(id);
    };
    addPackets(model, laneFor);
    addEvents(model, laneFor);
    addMappings(model, laneFor);
    for (const lane of found.values()) {
      lane.marks.sort((a, b) => a.t - b.t);
      lane.strips.sort((a, b) => a.t - b.t);
      lane.hasWords = lane.marks.some((mark) => mark.kind === "event" && mark.tone !== "minor");
      if (lane.hasWords && lane.key !== "states")
        lane.height = LABELLED_HEIGHT;
      if (lane.mappings.length)
        lane.height = stackMappings(lane);
      // where marks stand: the middle of what words, strips and mappings leave
      lane.middle = lane.mappings.length ? 12 : lane.strips.length ? 12
        : lane.hasWords ? lane.height - 10 : lane.height / 2;
    }
    return arrange(model, found);
  }

  function stackMappings(lane) {
    const freeAt = [];
    lane.mappings.sort((a, b) => a.from - b.from);
    for (const bar of lane.mappings) {
      let row = freeAt.findIndex((t) => t <= bar.from);
      if (row < 0)
        row = freeAt.length;
      freeAt[row] = bar.to;
      bar.row = Math.min(row, MAX_MAPPING_ROWS - 1);
    }
    const rows = Math.min(freeAt.length, MAX_MAPPING_ROWS);
    return LANE_HEIGHT + rows * MAPPING_HEIGHT;
  }

  function arrange(model, found) {
    const lanes = [];
    let y = 0;
    const push = (lane) => {
      lane.y = y;
      y += lane.height;
      lanes.push(lane);
    };
    const take = (id) => {
      const lane = found.get(id);
      found.delete(id);
      if (lane)
        push(lane);
    };
    const heading = (label, side) => push(makeLane("group", side, label, GROUP_HEIGHT));
    const peer = (role) => {
      heading(role, role);
      for (const [key] of PEER_LANES)
        take(`${role}|${key}`);
    };
    peer("offerer");
    const bottom = PEER_LANES.map(([key]) => `answerer|${key}`);
    const far = elementOrder(model, "answerer").reverse().map((name) => `|${name}`);
    if ([...found.keys()].some((id) => !bottom.includes(id))) {
      heading("network", null);
      for (const name of elementOrder(model, "offerer"))
        take(`|${name}`);
      for (const id of [...found.keys()].sort())
        if (!bottom.includes(id) && !far.includes(id))
          take(id);
      for (const id of far)
        take(id);
    }
    peer("answerer");
    return { lanes, height: y };
  }

  // A mark in words, for the tooltip and for a screen reader.
  function describeMark(mark) {
    if (mark.kind === "event")
      return `${moment(mark.t)}: ${mark.event.src} ${mark.event.kind}, ${mark.label}`;
    const { journey, packet } = mark;
    const where = mark.isOut ? "sent" : "received";
    const fate = packet.verdict === "dropped" || packet.verdict === "late"
      ? String(packet.note || packet.verdict) : where;
    return `${moment(mark.t)}: ${journey.summary}, ${packet.src} → ${packet.dst}, ${fate}`;
  }

  Object.assign(rtclab, { callLanes, callDescribeEvent: describeEvent, callDescribeMark: describeMark });
})();
