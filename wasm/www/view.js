import { byId } from "./dom.js";
import { writeFragment } from "./fragment.js";
import { model } from "./model.js";
import { copy, say } from "./say.js";
import { settled } from "./signal.js";

/** The view's state in the address, the theme, and where the details are. */

/** @returns {import("./fragment.js").View} */
function currentView() {
  return {
    filter: model.filter.value,
    row: model.row.value,
    tab: model.tab.value,
    theme: model.theme.value,
    time: model.time.value,
    side: model.side.value,
    columns: model.columns.value,
  };
}

/** Copies an address of the view. The data is not in it, and neither is the token. */
export function shareAddress() {
  return copy(
    new URL(location.pathname + location.search, location.href).href + writeFragment(currentView()),
    "Address",
  );
}

/** Puts what an address says in force. @param {import("./fragment.js").View} view */
export function applyView(view) {
  model.tab.value = view.tab;
  model.theme.value = view.theme;
  model.time.value = view.time;
  model.side.value = view.side;
  model.columns.value = view.columns;
}

/** Light, dark, as the system has it, and again. */
export function nextTheme() {
  const next = /** @type {const} */ ({ "": "light", light: "dark", dark: "" })[model.theme.value];
  model.theme.value = next;
  say({ "": "Theme as the system has it", light: "Light theme", dark: "Dark theme" }[next]);
}

/** Keeps document and address in step with the view. */
export function keepView() {
  model.theme.watch((theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  });
  model.side.watch((side) => {
    byId("main").dataset.side = side;
  });
  const write = settled(() => {
    const hash = writeFragment(currentView(), model.token);
    history.replaceState(null, "", hash || location.pathname + location.search);
  }, 300);
  for (const part of [model.filter, model.row, model.tab, model.theme, model.time, model.side, model.columns])
    part.changes(write);
}

/** The line between list and details: dragged, or moved with arrows. */
export function splitter() {
  const bar = byId("splitter");
  const main = byId("main");
  const beside = () => getComputedStyle(main).flexDirection === "row";
  const set = (/** @type {number} */ share) => {
    const fitted = Math.min(0.85, Math.max(0.12, share));
    main.style.setProperty("--share", String(fitted));
    bar.setAttribute("aria-valuenow", String(Math.round(fitted * 100)));
  };
  const shareAt = (/** @type {PointerEvent} */ e) => {
    const box = main.getBoundingClientRect();
    return beside() ? (box.right - e.clientX) / box.width : (box.bottom - e.clientY) / box.height;
  };
  set(0.46);
  model.side.watch((side) => bar.setAttribute("aria-orientation", side === "right" ? "vertical" : "horizontal"));
  bar.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    event.preventDefault();
    bar.setPointerCapture(event.pointerId);
    bar.onpointermove = (/** @type {PointerEvent} */ e) => set(shareAt(e));
    bar.onlostpointercapture = () => {
      bar.onpointermove = null;
    };
  });
  bar.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowUp: 0.03, ArrowLeft: 0.03, ArrowDown: -0.03, ArrowRight: -0.03 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    set(Number(getComputedStyle(main).getPropertyValue("--share")) + by);
  });
}
