// SPDX-License-Identifier: Apache-2.0
//
// Which calls a view is about: text, outcome, mode, peers, tag, scenario, all in the URL.
"use strict";

(() => {
  const { h, data } = rtclab;

  const verdicts = [
    ["unexpected", "not as expected"], ["known", "known failures"], ["flaky", "flaky"],
    ["unsupported", "unsupported"], ["expected", "as expected"],
  ];
  const outcomes = ["connected", "failed", "timeout", "error"];

  function outcomeChoices() {
    const present = new Set(data.calls.flatMap((call) => [call.verdict, call.outcome]));
    return [...verdicts, ...outcomes.map((name) => [name, name])].filter(([name]) => present.has(name));
  }

  const choices = {
    outcome: ["Outcome", outcomeChoices],
    mode: ["Mode", () => data.modes.map((mode) => [mode, mode])],
    peers: ["Peers", () => data.pairs.map((pair) => [pair, pair])],
    tag: ["Tag", () => data.tags.map((tag) => [tag, tag])],
  };

  const searched = (call) => `${call.key} ${data.title(call.scenario)} ${call.why}`.toLowerCase();

  // The calls that a route's params are about, as a test of one call.
  rtclab.matcher = (params) => {
    const words = (params.get("text") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const [outcome, mode, peers, tag, scenario] = ["outcome", "mode", "peers", "tag", "scenario"].map((name) => params.get(name));
    const tagged = tag && new Set([...data.scenarios].filter(([, s]) => rtclab.list(s.tags).includes(tag)).map(([id]) => id));
    return (call) =>
      (!outcome || call.verdict === outcome || call.outcome === outcome) &&
      (!mode || call.mode === mode) &&
      (!peers || `${call.offerer}~${call.answerer}` === peers) &&
      (!scenario || call.scenario === scenario) &&
      (!tag || tagged.has(call.scenario)) &&
      words.every((word) => searched(call).includes(word));
  };

  // The groups that hold such calls, each with only these: { ...group, shown: [calls] }.
  rtclab.matchingGroups = (params) => {
    const matches = rtclab.matcher(params);
    return data.groups.map((group) => ({ ...group, shown: group.calls.filter(matches) })).filter((group) => group.shown.length > 0);
  };

  function select(name, label, options) {
    return h("label", {}, h("span", {}, label),
      h("select", { id: `filter-${name}`, on: { change: (event) => rtclab.setParams({ [name]: event.target.value, page: null, rows: null }) } },
        h("option", { value: "" }, "all"), options.map(([value, text]) => h("option", { value }, text))));
  }

  // The controls: { element, sync(route, shown, all, noun) }, which says how many are shown.
  rtclab.filters = (label) => {
    let timer = 0;
    const search = h("input", { type: "search", id: "filter-text", placeholder: "scenario, key, reason", autocomplete: "off", spellcheck: "false", on: {
      input: () => {
        clearTimeout(timer);
        timer = setTimeout(() => rtclab.setParams({ text: search.value, page: null, rows: null }), 120);
      },
    } });
    const selects = new Map();
    for (const [name, [title, make]] of Object.entries(choices)) {
      const options = make();
      if (options.length > 1) selects.set(name, select(name, title, options));
    }
    const clear = h("button", { type: "button", id: "filter-clear", class: "plain", on: { click: () => {
      search.value = "";
      rtclab.setParams({ text: null, outcome: null, mode: null, peers: null, tag: null, scenario: null, page: null, rows: null });
    } } }, "Clear");
    const status = h("span", { class: "soft filter-status", role: "status" });
    const element = h("form", { class: "filters", role: "search", "aria-label": label, on: { submit: (event) => event.preventDefault() } },
      h("label", {}, h("span", {}, "Find"), search), [...selects.values()], clear, status);
    return {
      element,
      leave: () => clearTimeout(timer),
      sync(route, shown, all, noun) {
        if (document.activeElement !== search) search.value = route.params.get("text") ?? "";
        for (const [name, label_] of selects) label_.querySelector("select").value = route.params.get(name) ?? "";
        const scenario = route.params.get("scenario");
        status.textContent = `${shown === all ? rtclab.plural(all, noun) : `${rtclab.formatCount(shown)} of ${rtclab.plural(all, noun)}`}${scenario ? ` of ${scenario}` : ""}`;
        clear.hidden = !["text", "outcome", "mode", "peers", "tag", "scenario"].some((name) => route.params.get(name));
      },
    };
  };

  // A choice of a few, as a row of buttons: state in the URL under `name`, the first is preset.
  rtclab.choice = (name, label, options) => {
    const buttons = options.map(([value, text], i) => h("button", { type: "button", id: `${name}-${value}`, on: { click: () => rtclab.setParams({ [name]: i === 0 ? null : value }) } }, text));
    return {
      element: h("div", { class: "choice", role: "group", "aria-label": label }, h("span", { class: "soft" }, label), buttons),
      read: (route) => (options.find(([value]) => value === route.params.get(name)) ?? options[0])[0],
      sync(route) {
        const now = this.read(route);
        options.forEach(([value], i) => buttons[i].setAttribute("aria-pressed", String(value === now)));
      },
    };
  };
})();
