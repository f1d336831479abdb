// SPDX-License-Identifier: Apache-2.0
"use strict";

(() => {
  const { h, data } = rtclab;
  rtclab.view("", {
    title: () => "Overview",
    render(root) {
      root.append(h("h1", {}, data.headline || `${data.calls.length} calls`),
        h("ul", {}, data.calls.slice(0, 200).map((call) =>
          h("li", {}, rtclab.icon(call.tone, call.verdict), " ", h("a", { href: rtclab.href("call", call.key) }, call.key)))));
    },
  });
  for (const name of ["calls", "latency"])
    rtclab.view(name, { title: () => name, render(root) { root.append(h("h1", {}, name)); } });
})();
