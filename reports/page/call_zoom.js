// SPDX-License-Identifier: Apache-2.0
//
// Zoom and pan of a time axis: by wheel, drag, two fingers, buttons and keys.
//
// A wheel without Ctrl scrolls the page as everywhere, until the chart has the focus; a
// vertical drag of a finger does so too. The view is [from, to] in microseconds and is
// never outside its bounds.
"use strict";

(() => {
  const MIN_SPAN_US = 100;
  const CLICK_SLACK_PX = 4;

  function clamp([from, to], [least, most]) {
    const span = Math.min(Math.max(to - from, MIN_SPAN_US), most - least);
    const middle = (from + to) / 2;
    const start = Math.min(Math.max(middle - span / 2, least), most - span);
    return [start, start + span];
  }

  // @param surface the element that takes the pointer
  // @param options bounds: [from, to]; get(), set(view): the view; timeAt(clientX);
  //                onclick(event): a press that was no drag
  function callZoom(surface, options) {
    const set = (view) => options.set(clamp(view, options.bounds));
    const zoom = {
      // factor > 1: out; `at` stays where it is
      by(factor, at) {
        const [from, to] = options.get();
        const fixed = at === undefined ? (from + to) / 2 : at;
        set([fixed - (fixed - from) * factor, fixed + (to - fixed) * factor]);
      },
      pan(part) {
        const [from, to] = options.get();
        set([from + (to - from) * part, to + (to - from) * part]);
      },
      to: set,
    };
    listenWheel(surface, options, zoom);
    listenPointers(surface, options, zoom);
    return zoom;
  }

  function listenWheel(surface, options, zoom) {
    surface.addEventListener("wheel", (event) => {
      const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      const hasFocus = options.hasFocus();
      if (!isSideways && !event.ctrlKey && !event.metaKey && !hasFocus)
        return;
      event.preventDefault();
      const unit = event.deltaMode === 1 ? 16 : 1;
      const delta = (isSideways ? event.deltaX || event.deltaY : event.deltaY) * unit;
      if (isSideways)
        zoom.pan(delta / surface.clientWidth);
      else
        zoom.by(2 ** (delta / 240), options.timeAt(event.clientX));
    }, { passive: false });
  }

  function listenPointers(surface, options, zoom) {
    const down = new Map();
    let start = null; /* of a drag: x and the view */
    const begin = () => {
      const xs = [...down.values()].map((event) => event.clientX);
      start = { xs, view: options.get(), times: xs.map(options.timeAt) };
    };
    surface.addEventListener("pointerdown", (event) => {
      if (event.button !== 0)
        return;
      down.set(event.pointerId, event);
      begin();
      start.isClick = down.size === 1;
    });
    surface.addEventListener("pointermove", (event) => {
      if (!down.has(event.pointerId))
        return;
      down.set(event.pointerId, event);
      const xs = [...down.values()].map((at) => at.clientX);
      const [from, to] = start.view;
      const perPixel = (to - from) / options.plotWidth();
      if (xs.length === 2) {
        const [a, b] = start.times;
        const apart = Math.max(Math.abs(xs[1] - xs[0]), 8);
        const scale = Math.abs(b - a) / apart / perPixel;
        const middle = (a + b) / 2;
        zoom.to([middle - (middle - from) * scale, middle + (to - middle) * scale]);
        return;
      }
      const moved = xs[0] - start.xs[0];
      if (Math.abs(moved) > CLICK_SLACK_PX && start.isClick) {
        start.isClick = false;
        surface.setPointerCapture(event.pointerId);
      }
      if (!start.isClick)
        zoom.to([from - moved * perPixel, to - moved * perPixel]);
    });
    const end = (event) => {
      if (!down.delete(event.pointerId))
        return;
      if (event.type === "pointerup" && start.isClick && down.size === 0)
        options.onclick(event);
      if (down.size)
        begin();
    };
    surface.addEventListener("pointerup", end);
    surface.addEventListener("pointercancel", end);
  }

  Object.assign(rtclab, { callZoom, callClampView: clamp });
})();
