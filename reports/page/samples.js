// SPDX-License-Identifier: Apache-2.0
//
// Samples of set-up time: those of calls that connected, and those that are censored, which
// took longer than anybody waited. Calls that never ran, or that must not connect, have none.
"use strict";

(() => {
  const { object, data } = rtclab;

  const mustFail = (call) => object(object(data.scenarios.get(call.scenario)).expect).outcome === "failed";

  // { times: sorted [{ ms, call }], censored: [call], all: how many of both }
  rtclab.samples = (calls) => {
    const times = [], censored = [];
    for (const call of calls) {
      if (typeof call.setup_ms === "number" && call.outcome === "connected") times.push({ ms: call.setup_ms, call });
      else if (["failed", "timeout"].includes(call.outcome) && !mustFail(call)) censored.push(call);
    }
    times.sort((a, b) => a.ms - b.ms);
    return { times, censored, all: times.length + censored.length };
  };

  // The sample at a quantile, censored ones being the slowest: { ms, call }, or null where it
  // is one of those. The nearest rank, so that it is a call that can be opened.
  rtclab.quantile = ({ times, all }, p) => times[Math.max(0, Math.ceil(p * all - 1e-9) - 1)] ?? null;

  // Calls without a sample: [what they are, how many].
  rtclab.leftOut = (calls) => {
    const counts = [
      ["that must not connect", calls.filter((call) => mustFail(call) && call.outcome !== "connected").length],
      ["unsupported", calls.filter((call) => call.outcome === "unsupported").length],
      ["ended by an error", calls.filter((call) => call.outcome === "error").length],
    ];
    return counts.filter(([, count]) => count > 0);
  };
})();
