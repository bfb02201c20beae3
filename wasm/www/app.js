import { closeInput, forgetRows, openInput, openLive, select, setFilter } from "./actions.js";
import { byId } from "./dom.js";
import { Engine } from "./engine.js";
import { FilterBar } from "./filterbar.js";
import { readFragment } from "./fragment.js";
import { emptyState, takeDropsAndPastes } from "./inputs.js";
import { takeKeys } from "./keys.js";
import { List } from "./list.js";
import { NOTHING, model } from "./model.js";
import { banner } from "./say.js";
import { sidePane } from "./side.js";
import { topBar } from "./topbar.js";
import { applyView, keepView, splitter } from "./view.js";

/** The page begins: the parts are put together, and what the address asks for is opened. */

const { view, token } = readFragment(location.hash);
model.token = token;
model.engine = new Engine();
/** What the worker last said of the numbers of rows. */
let renumbered = 0;
model.engine.onevent = (/** @type {any} */ event) => {
  if (event.event === "state") {
    if (event.renumbered !== renumbered) forgetRows();
    renumbered = event.renumbered;
    model.source.value = { ...NOTHING, ...event };
  }
  if (event.event === "crashed") {
    closeInput();
    banner(`${event.message}. It began anew; what was open has to be opened again.`, "The decoder stopped: ");
  }
};
applyView(view);
topBar(byId("top"));
const filter = new FilterBar(byId("filter"));
const list = new List(byId("frames"));
sidePane(byId("side"));
splitter();
emptyState({ live: openLive });
takeDropsAndPastes();
takeKeys({ list, filter });
keepView();
showOnly();
begin();

/** What has few frames (something pasted, most of all) is opened with the first one selected; what has none, with the reason. */
function showOnly() {
  model.source.changes(({ done, rows, live, generation, problems }) => {
    if (model.openedAt === null || generation === model.openedAt || !done || live !== "off") return;
    model.openedAt = null;
    if (!rows && problems) model.tab.value = "expert";
    if (rows > 0 && rows <= 20 && model.row.value === null) select(0, 0);
  });
}

/** Opens what the server has, and shows it as the address says. */
async function begin() {
  const embedded = await model.engine.embedded?.();
  if (embedded) await openInput(embedded);
  else if (token) {
    try {
      const answer = await fetch(`state?${new URLSearchParams({ token })}`);
      if (!answer.ok) throw new Error(`the server answered ${answer.status}: the address may be of an earlier run`);
      const { live, file, key_log: secrets } = await answer.json();
      model.served.value = Boolean(live);
      const url = new URL(`file?${new URLSearchParams({ token })}`, location.href);
      url.hash = "";
      if (file) {
        const keys = secrets ? await fetch(`keylog?${new URLSearchParams({ token })}`) : null;
        await openInput({ url: url.href, name: file, keyLog: await keys?.text() });
      } else if (live) await openLive();
    } catch (error) {
      banner(/** @type {Error} */ (error).message, "The server's data cannot be had: ");
    }
  }
  if (view.filter) {
    filter.input.value = view.filter;
    await setFilter(view.filter);
  }
  if (view.row !== null && model.opened.value) await select(view.row);
  list.grid.focus();
}
