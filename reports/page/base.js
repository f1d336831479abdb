// SPDX-License-Identifier: Apache-2.0
//
// What every part of the page is made with: elements, texts of numbers, icons. Whatever
// comes from a record is text to all of it; the policy in index.html (Trusted Types) has
// the browser refuse any other way.
"use strict";

const rtclab = Object.create(null);

(() => {
  const SVG = "http://www.w3.org/2000/svg";

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name === "on")
        for (const [type, handler] of Object.entries(value)) element.addEventListener(type, handler);
      else element.setAttribute(name, value === true ? "" : String(value));
    }
    for (const child of children.flat(Infinity))
      if (child !== null && child !== undefined && child !== false)
        element.append(child instanceof Node ? child : String(child));
    return element;
  }

  // h("a", { href, class, on: { click } }, "text", element, …): an element of HTML.
  rtclab.h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  // s("circle", { cx: 3 }): one of SVG.
  rtclab.s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

  const { h, s } = rtclab;

  // ---- texts of numbers ----

  // 512.4 -> "512 ms", 2120 -> "2.12 s"; null -> "–".
  rtclab.formatMs = (ms) => {
    if (typeof ms !== "number" || !Number.isFinite(ms)) return "–";
    const size = Math.abs(ms);
    if (size >= 9995) return `${(ms / 1000).toFixed(1)} s`;
    if (size >= 999.5) return `${(ms / 1000).toFixed(2)} s`;
    if (size >= 9.95 || Number.isInteger(ms)) return `${Math.round(ms)} ms`;
    return `${ms.toFixed(1)} ms`;
  };
  rtclab.formatSignedMs = (ms) => (ms > 0 ? "+" : ms < 0 ? "−" : "") + rtclab.formatMs(Math.abs(ms));
  // [148, 207] -> "[148, 207] ms"; "" if it is none, or has no width.
  rtclab.formatInterval = (interval) => {
    if (!Array.isArray(interval) || interval.length !== 2 || !interval.every(Number.isFinite) || interval[0] === interval[1]) return "";
    const isSeconds = Math.max(...interval.map(Math.abs)) >= 999.5;
    const texts = interval.map((ms) => (isSeconds ? (ms / 1000).toFixed(2) : String(Math.round(ms))).replace("-", "−"));
    return `[${texts.join(", ")}]${isSeconds ? " s" : " ms"}`;
  };
  rtclab.formatCount = (count) => count.toLocaleString("en-US");
  rtclab.plural = (count, one, many = `${one}s`) => `${rtclab.formatCount(count)} ${count === 1 ? one : many}`;
  rtclab.formatPercent = (share) => {
    const percent = share * 100;
    return `${percent > 99 && percent < 100 ? Math.floor(percent * 10) / 10 : +percent.toFixed(percent < 10 ? 1 : 0)} %`;
  };

  // ---- icons: the shape says it, the colour only helps ----

  const shapes = {
    good: "M3 8.5l3.2 3.2L13 5",
    bad: "M4 4l8 8M12 4l-8 8",
    odd: "M8 3v6.2M8 12.2v.6",
    none: "M4 8h8",
  };

  // A tone's icon: "good", "bad", "odd" or "none"; `label` is read out instead of it.
  rtclab.icon = (tone, label) =>
    s("svg", { class: `icon tone-${tone}`, viewBox: "0 0 16 16", role: "img", "aria-label": label, "aria-hidden": label ? null : "true" },
      s("circle", { cx: 8, cy: 8, r: 8 }), s("path", { d: shapes[tone] ?? shapes.none }));

  // A mode's mark, the same in each chart: its shape differs as well as its colour.
  rtclab.markPaths = { // without a prototype: modes are from a record
    __proto__: null,
    trickle: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
    half: "M0 -6L6 0L0 6L-6 0z",
    full: "M-4.6 -4.6h9.2v9.2h-9.2z",
  };
  rtclab.mark = (mode) =>
    s("svg", { class: `mark mode-${rtclab.markPaths[mode] ? mode : "other"}`, viewBox: "-7 -7 14 14", "aria-hidden": "true" },
      s("path", { d: rtclab.markPaths[mode] ?? "M-5 4L0 -5L5 4z" }));

  // ---- parts of a page ----

  // A scenario's id, which may break after a slash or a tilde.
  rtclab.breakable = (id) => id.split(/(?<=[~/])/).flatMap((part, i) => (i > 0 ? [h("wbr"), part] : [part]));

  rtclab.section = (title, attributes, ...children) => {
    const id = `section-${title.toLowerCase().replace(/[^a-z]+/g, "-")}`;
    return h("section", { "aria-labelledby": id, ...attributes }, h("h2", { id }, title), ...children);
  };

  // A table: `columns` are { title, class, cell(row) -> text or element }.
  rtclab.table = (caption, columns, rows, attributes) =>
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
      h("table", attributes, h("caption", { class: "unseen" }, caption),
        h("thead", {}, h("tr", {}, columns.map((c) => h("th", { scope: "col", class: c.class }, c.title)))),
        h("tbody", {}, rows.map((row) => h("tr", {}, columns.map((c, i) =>
          i === 0 ? h("th", { scope: "row", class: c.class }, c.cell(row)) : h("td", { class: c.class }, c.cell(row))))))));

  // A path to a file of the run, from the report's folder; null if it leads elsewhere.
  rtclab.artifact = (path) => {
    if (typeof path !== "string" || path.startsWith("/")) return null;
    const parts = path.split("/");
    if (parts.some((part) => part === "" || part === "." || part === "..")) return null;
    return `../${parts.map(encodeURIComponent).join("/")}`;
  };

  // Text that a button copies; where the browser forbids that, it is selected.
  rtclab.copyable = (text, label) => {
    const code = h("code", {}, text);
    const button = h("button", { type: "button", class: "copy", "aria-label": `Copy ${label}`, on: { click: async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    } } }, "Copy");
    return h("div", { class: "copyable" }, code, button);
  };
})();
