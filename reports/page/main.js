// SPDX-License-Identifier: Apache-2.0
//
// The frame around each view: name, navigation, theme. The last script: here it starts.
"use strict";

(() => {
  const { h, data } = rtclab;
  const links = [["", "Overview"], ["calls", "Calls"], ["latency", "Latency"]];
  const navigation = new Map();

  // ---- theme: the system's, unless one was chosen here; ?theme= in a link decides ----

  const themes = ["auto", "light", "dark"];
  const storage = { // which a page from disk may not have
    get: () => { try { return localStorage.getItem("rtclab-theme"); } catch { return null; } },
    set: (theme) => { try { localStorage.setItem("rtclab-theme", theme); } catch { /* for this visit only */ } },
  };
  const linked = new URLSearchParams(location.hash.split("?")[1] ?? "").get("theme");
  let theme = [linked, storage.get()].find((name) => themes.includes(name)) ?? "auto";
  const toggle = h("button", { type: "button", class: "theme", id: "theme", on: { click: () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    storage.set(theme);
    applyTheme();
  } } });

  function applyTheme() {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    toggle.textContent = { auto: "Auto", light: "Light", dark: "Dark" }[theme];
    toggle.setAttribute("aria-label", `Theme: ${toggle.textContent}. Change`);
  }

  // ---- the frame ----

  rtclab.markNavigation = (route) => {
    for (const [name, link] of navigation) {
      if (name === (route.name === "call" ? "calls" : route.name)) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  };

  const main = h("main", { id: "main", tabindex: -1 });
  const skip = h("a", { href: "#main", class: "skip", on: { click: (event) => { event.preventDefault(); main.focus(); } } }, "Skip to the content");
  for (const [name, label] of links) navigation.set(name, h("a", { href: rtclab.href(name) }, label));
  document.body.prepend(
    skip,
    h("header", { class: "bar" },
      h("a", { class: "brand", href: rtclab.href("") }, "rtclab"),
      h("nav", { "aria-label": "Report" }, [...navigation.values()]),
      h("span", { class: "run-id" }, rtclab.text(data.run.id)),
      toggle),
    main);
  applyTheme();
  rtclab.startRouter();
  performance.mark("rtclab-shown"); // what the benchmark asks for
})();
