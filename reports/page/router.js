// SPDX-License-Identifier: Apache-2.0
//
// Which view is shown, and its state, are in the URL's hash: #/VIEW/REST?name=value. So a
// link says all, a reload loses nothing, and the browser's Back goes back.
"use strict";

(() => {
  const views = new Map();
  let shown = null; // { name, rest, handle }
  let route = null;

  // rtclab.view(name, { title(route), render(root, route) }): see README.md.
  rtclab.view = (name, view) => views.set(name, view);

  const decode = (part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part; // a stray % of a hand-written link
    }
  };

  function parse(hash) {
    const [path, query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
    const slash = path.indexOf("/");
    const name = slash < 0 ? path : path.slice(0, slash);
    const rest = slash < 0 ? "" : path.slice(slash + 1).split("/").map(decode).join("/");
    return { name: views.has(name) ? name : "", rest, params: new URLSearchParams(query) };
  }

  // The link to a view: rtclab.href("call", key, { zoom: "0-200" }).
  rtclab.href = (name, rest = "", params = {}) => {
    const query = new URLSearchParams();
    for (const [key, value] of params instanceof URLSearchParams ? params : Object.entries(params))
      if (value !== null && value !== undefined && value !== "") query.set(key, value);
    const path = rest ? `/${rest.split("/").map(encodeURIComponent).join("/")}` : "";
    const text = query.toString();
    return `#/${name}${path}${text ? `?${text}` : ""}`;
  };

  // Changes the state of the view that is shown: null or "" takes a name out. The view is
  // told by its update(). Leaves no step for Back, unless { push: true }.
  rtclab.setParams = (changes, { push = false } = {}) => {
    const params = new URLSearchParams(route.params);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === undefined || value === "") params.delete(name);
      else params.set(name, value);
    }
    const hash = rtclab.href(route.name, route.rest, params);
    if (hash === location.hash) return;
    if (push) {
      location.hash = hash;
      return;
    }
    history.replaceState(null, "", hash);
    show();
  };

  function complain(root, error) {
    console.error(error);
    root.replaceChildren(rtclab.h("p", { class: "notice", role: "alert" }, `This cannot be shown: ${error.message}`));
  }

  function show() {
    route = parse(location.hash);
    const root = document.getElementById("main");
    const view = views.get(route.name);
    document.title = `${view.title(route)} · rtclab`;
    rtclab.markNavigation(route);
    if (shown && shown.name === route.name && shown.rest === route.rest && shown.handle?.update) {
      shown.handle.update(route);
      return;
    }
    const isFirst = shown === null;
    shown?.handle?.leave?.();
    shown = { name: route.name, rest: route.rest, handle: null };
    root.replaceChildren();
    root.dataset.view = route.name || "overview";
    try {
      shown.handle = view.render(root, route);
    } catch (error) {
      complain(root, error);
    }
    if (!isFirst) { // as if a new page had been opened
      scrollTo(0, 0);
      root.focus({ preventScroll: true });
    }
  }

  rtclab.startRouter = () => {
    addEventListener("hashchange", show);
    show();
  };
})();
