// SPDX-License-Identifier: Apache-2.0
//
// The run, read from the page's data (README.md, "Data"): rtclab.data. And the details of a
// call, which are a script each: rtclab.loadCall().
"use strict";

(() => {
  const modeOrder = ["trickle", "half", "full"];

  const text = (value) => (typeof value === "string" ? value : "");
  const list = (value) => (Array.isArray(value) ? value : []);
  const object = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});
  const isTrue = new Set(["as_expected", "flaky"]);

  function readCalls(index) {
    const columns = object(index.columns), values = object(index.values), keys = object(index.keys);
    const names = Object.keys(columns);
    const calls = [];
    for (let i = 0; i < index.count; i++) {
      const call = { index: i };
      for (const name of names) {
        const cell = columns[name][i];
        call[name] = isTrue.has(name) ? cell === 1 : Object.hasOwn(values, name) ? values[name][cell] : cell;
      }
      for (const name of ["scenario", "offerer", "answerer", "mode", "outcome", "why"]) call[name] = text(call[name]);
      call.key = Object.hasOwn(keys, i) ? text(keys[i])
        : `${call.offerer}~${call.answerer}/${call.scenario}/${call.mode}/${call.repeat}`;
      calls.push(call);
    }
    return calls;
  }

  // What a call is to whoever reads the report: one word, and a tone (base.js).
  function judge(call) {
    const known = object(call.known_failure).status;
    if (call.outcome === "unsupported") return ["unsupported", "none"];
    if (known === "fails") return ["known", "odd"];
    if (!call.as_expected) return ["unexpected", "bad"];
    if (call.flaky) return ["flaky", "odd"];
    return ["expected", "good"];
  }

  const groupId = (entry) => JSON.stringify([entry.scenario, entry.offerer, entry.answerer]);

  function readGroups(calls, comparisons) {
    const groups = new Map();
    for (const call of calls) {
      const id = groupId(call);
      let group = groups.get(id);
      if (!group) {
        group = { id, scenario: call.scenario, offerer: call.offerer, answerer: call.answerer, calls: [], byMode: new Map(), comparison: {}, medians: null };
        groups.set(id, group);
      }
      group.calls.push(call);
      if (!group.byMode.has(call.mode)) group.byMode.set(call.mode, []);
      group.byMode.get(call.mode).push(call);
    }
    for (const comparison of list(comparisons)) {
      const group = groups.get(groupId(object(comparison)));
      if (group) group.comparison = object(comparison);
    }
    for (const group of groups.values())
      group.medians = new Map([...group.byMode].map(([mode, some]) => [mode, d3.median(some, (call) => (call.outcome === "connected" ? call.setup_ms ?? NaN : NaN)) ?? null]));
    return [...groups.values()];
  }

  function read(index) {
    const calls = readCalls(index);
    for (const call of calls) [call.verdict, call.tone] = judge(call);
    const scenarios = new Map(list(index.scenarios).map(([id, scenario]) => [text(id), object(scenario)]));
    const present = new Set(calls.map((call) => call.mode));
    const modes = [...modeOrder.filter((mode) => present.has(mode)), ...[...present].filter((mode) => !modeOrder.includes(mode))];
    const byKey = new Map(calls.map((call) => [call.key, call]));
    const groups = readGroups(calls, index.comparisons);
    return {
      run: object(index.run), headline: text(index.headline), baseline: index.baseline ? object(index.baseline) : null,
      calls, groups, modes, scenarios,
      pairs: [...new Set(groups.map((group) => `${group.offerer}~${group.answerer}`))],
      tags: [...new Set([...scenarios.values()].flatMap((scenario) => list(scenario.tags).map(text)))].sort(),
      title: (id) => text(scenarios.get(id)?.title),
      find: (key) => byKey.get(key) ?? null,
    };
  }

  rtclab.object = object;
  rtclab.list = list;
  rtclab.text = text;
  rtclab.data = read(JSON.parse(document.getElementById("data").textContent));
  document.getElementById("data").remove(); // it is read: a second copy is not kept

  // ---- details ----

  const waiting = new Map(); // index -> { resolve, reject }
  const loaded = new Map(); // index -> promise

  // The bytes of an LZ4 block (lz4's doc/lz4_Block_format.md), which become `size`.
  function unpack(block, size) {
    const out = new Uint8Array(size);
    let from = 0, to = 0;
    const length = (start) => {
      let sum = start;
      for (let byte = start === 15 ? 255 : 0; byte === 255; sum += byte) byte = block[from++];
      return sum;
    };
    while (from < block.length) {
      const token = block[from++];
      const literals = length(token >> 4);
      out.set(block.subarray(from, from + literals), to);
      from += literals;
      to += literals;
      if (from >= block.length) break;
      const offset = block[from] | (block[from + 1] << 8);
      from += 2;
      const end = to + length(token & 15) + 4;
      if (offset === 0 || offset > to || end > size) throw new Error("it is damaged");
      for (; to < end; to++) out[to] = out[to - offset];
    }
    if (to !== size) throw new Error("it is cut off");
    return out;
  }

  function readTimeline(packed, size) {
    if (packed === null) return null;
    const bytes = unpack(Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0)), size);
    return object(JSON.parse(new TextDecoder().decode(bytes)));
  }

  // Called by report/calls/NNNNNN.js.
  globalThis.rtclabCall = (index, entry, timeline, size, command) => {
    const waiter = waiting.get(index);
    waiting.delete(index);
    try {
      waiter?.resolve({ call: object(JSON.parse(entry)), timeline: readTimeline(timeline, size), command });
    } catch (error) {
      const problem = new Error(`The record of this call cannot be read: ${error.message}`);
      waiter?.reject(Object.assign(problem, { command }));
    }
  };

  const path = (name) => (/^calls\/\d{6,}\.js$/.test(name) ? name : "");
  const policy = globalThis.trustedTypes?.createPolicy("rtclab-details", { createScriptURL: path }) ?? { createScriptURL: path };

  // Loads a call's details: a promise of { call, timeline, command }: the entry of results.json
  // in full, the timeline, null if there is none, and what makes the call again in a shell.
  // Rejected with an Error to be shown, which has the command where it is known.
  rtclab.loadCall = (index) => {
    if (!loaded.has(index)) {
      loaded.set(index, new Promise((resolve, reject) => {
        const name = `calls/${String(index).padStart(6, "0")}.js`;
        const script = document.createElement("script");
        waiting.set(index, { resolve, reject });
        script.charset = "utf-8";
        script.src = policy.createScriptURL(name);
        script.addEventListener("load", () => { script.remove(); reject(new Error(`report/${name} does not hold this call.`)); });
        script.addEventListener("error", () => {
          script.remove();
          loaded.delete(index);
          reject(new Error(`report/${name} cannot be loaded: it belongs beside this page.`));
        });
        document.head.append(script);
      }));
    }
    return loaded.get(index);
  };
})();
