import { Connections } from "./connections.js";
import { Detail } from "./detail.js";
import { Diff } from "./diff.js";
import { el, setText } from "./dom.js";
import { Edit } from "./edit.js";
import { Expert, saidInAll } from "./expert.js";
import { count } from "./format.js";
import { model } from "./model.js";
import { Plot } from "./plot.js";
import { whileOpen } from "./refresh.js";

/** The tabs below or beside the list; each is made when it is first looked at. */
const TABS = /** @type {const} */ ([
  ["detail", "Detail", Detail],
  ["expert", "Expert", Expert],
  ["plot", "Plot", Plot],
  ["diff", "Diff", Diff],
  ["edit", "Edit & send", Edit],
  ["connections", "Connections", Connections],
]);

/** Ids of the tabs, in their order. */
export const TAB_IDS = TABS.map(([id]) => id);

/** @param {HTMLElement} host */
export function sidePane(host) {
  const bar = el("div", { class: "tabs", role: "tablist", "aria-label": "Details", onkeydown: tabKey });
  const made = new Set();
  host.append(bar);
  for (const [id, text] of TABS) {
    bar.append(
      el(
        "button",
        {
          type: "button",
          role: "tab",
          id: `tab-${id}`,
          "aria-controls": `panel-${id}`,
          onclick: () => {
            model.tab.value = id;
          },
        },
        el("span", { text }),
        el("span", { class: "badge", hidden: true }),
      ),
    );
    host.append(
      el("div", {
        class: `panel ${id}`,
        role: "tabpanel",
        id: `panel-${id}`,
        "aria-labelledby": `tab-${id}`,
        hidden: true,
      }),
    );
  }
  model.tab.watch((tab) => {
    for (const [id, , Panel] of TABS) {
      const on = id === tab;
      const head = /** @type {HTMLElement} */ (bar.querySelector(`#tab-${id}`));
      const panel = /** @type {HTMLElement} */ (host.querySelector(`#panel-${id}`));
      head.setAttribute("aria-selected", String(on));
      head.tabIndex = on ? 0 : -1;
      panel.hidden = !on;
      if (on && !made.has(id)) {
        made.add(id);
        new Panel(panel);
      }
    }
  });
  whileOpen(countForTabs, 1500);
  model.marks.watch(({ a, b }) => badge(bar, "diff", [a !== null && "A", b !== null && "B"].filter(Boolean).join(" ")));
}

/** Shows a word beside a tab's name. @param {ParentNode} bar @param {string} id @param {string} text */
export function badge(bar, id, text) {
  const node = /** @type {HTMLElement} */ (bar.querySelector(`#tab-${id} .badge`));
  node.hidden = !text;
  setText(node, text);
}

/** Keeps the tabs' counts: what is to be said, and connections if there are several. */
async function countForTabs() {
  const said = model.opened.value ? saidInAll(await model.engine.call("experts", { limit: 0 })) : 0;
  badge(document, "expert", said ? count(said) : "");
  /** @type {any[]} */
  const connections = model.opened.value ? await model.engine.call("connections", {}) : [];
  const told = (/** @type {any[]} */ all) => all.map(({ id, device, protocol, why }) => [id, device, protocol, why]).join();
  if (told(connections) !== told([...model.connections.value.values()]))
    model.connections.value = new Map(connections.map((it) => [it.id, it]));
  badge(document, "connections", connections.length > 1 ? count(connections.length) : "");
}

/** @param {KeyboardEvent} event */
function tabKey(event) {
  const at = TAB_IDS.indexOf(/** @type {any} */ (model.tab.value));
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: TAB_IDS.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  model.tab.value = TAB_IDS[(to + TAB_IDS.length) % TAB_IDS.length];
  document.getElementById(`tab-${model.tab.value}`)?.focus();
}
