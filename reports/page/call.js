// SPDX-License-Identifier: Apache-2.0
"use strict";

(() => {
  const { h, data } = rtclab;
  rtclab.view("call", {
    title: (route) => route.rest,
    render(root, route) {
      const call = data.find(route.rest);
      root.append(h("h1", {}, route.rest));
      if (!call) {
        root.append(h("p", { class: "notice", role: "alert" }, "This run has no such call."));
        return null;
      }
      rtclab.loadCall(call.index).then(
        (details) => root.append(h("pre", {}, JSON.stringify(details.call, null, 2))),
        (error) => root.append(h("p", { class: "notice", role: "alert" }, error.message)));
      return null;
    },
  });
})();
