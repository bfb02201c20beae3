import { closeMenu } from "./menu.js";
import { copyItems } from "./detail.js";
import { exportMenu } from "./export.js";
import { followRow, jumpToExpert, jumpToPair, mark, togglePause } from "./actions.js";
import { byId, takesText } from "./dom.js";
import { showHelp } from "./help.js";
import { pasteDialog, pickFile } from "./inputs.js";
import { model } from "./model.js";
import { openMenu } from "./menu.js";
import { SHORTCUTS } from "./shortcuts.js";
import { TAB_IDS } from "./side.js";
import { nextTheme, shareAddress } from "./view.js";
import { turnTime } from "./header.js";

/**
 * The keys that work wherever the focus is, unless it is where text goes.
 * @param {{ list: import("./list.js").List, filter: import("./filterbar.js").FilterBar }} parts
 */
export function takeKeys({ list, filter }) {
  /** @type {Record<string, () => unknown>} */
  const does = {
    enter: () => {
      if (model.row.value === null) return;
      model.tab.value = "detail";
      /** @type {HTMLElement | null} */ (document.querySelector(".tree"))?.focus();
      byId("side").scrollIntoView({ block: "nearest" });
      if (model.node.value < 0) model.node.value = 0;
    },
    back: () => {
      closeMenu();
      if (document.activeElement !== list.grid) list.grid.focus();
      else if (model.filter.value) filter.set("");
    },
    filter: () => filter.focus(),
    next: () => jumpToExpert(true),
    previous: () => jumpToExpert(false),
    pair: jumpToPair,
    follow: () => followRow("transaction"),
    followConnection: () => followRow("connection"),
    nextTab: () => turnTab(1),
    previousTab: () => turnTab(-1),
    markA: () => mark("a"),
    markB: () => mark("b"),
    copy: () => openMenu(document.getElementById("copy") ?? list.grid, copyItems()),
    pause: togglePause,
    time: turnTime,
    open: pickFile,
    paste: pasteDialog,
    theme: nextTheme,
    export: () => exportMenu(byId("export")),
    share: shareAddress,
    help: showHelp,
  };
  const named = /** @type {Map<string, string>} */ (
    new Map(SHORTCUTS.flatMap(([, keys, , name]) => (name ? keys.map((key) => [key, name]) : [])))
  );
  addEventListener("keydown", (event) => {
    if (
      event.defaultPrevented ||
      event.ctrlKey ||
      event.altKey ||
      event.metaKey ||
      takesText(event.target) ||
      document.querySelector("dialog")
    )
      return;
    const target = /** @type {HTMLElement} */ (event.target);
    const pressed = /^(Enter| )$/.test(event.key) && target.closest("button, a, select, summary");
    if (pressed) return;
    const name = named.get(event.key);
    if (name) does[name]();
    else if (!(target === list.grid || target === document.body || /^[jk]$/.test(event.key)) || !list.key(event))
      return;
    event.preventDefault();
  });
}

/** The focus goes with it: it may have been in the tab before. @param {number} by */
function turnTab(by) {
  const at = TAB_IDS.indexOf(/** @type {any} */ (model.tab.value));
  model.tab.value = TAB_IDS[(at + by + TAB_IDS.length) % TAB_IDS.length];
  byId(`tab-${model.tab.value}`).focus();
}
