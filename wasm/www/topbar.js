import { closeInput, openInput, openLive, togglePause } from "./actions.js";
import { button, el, icon, setText } from "./dom.js";
import { exportMenu } from "./export.js";
import { count, counted, size } from "./format.js";
import { showHelp } from "./help.js";
import { openMenu } from "./menu.js";
import { pasteDialog, pickFile, readAsDialog } from "./inputs.js";
import { model } from "./model.js";
import { banner, say, toast } from "./say.js";
import { nextTheme, shareAddress } from "./view.js";
import { columnChoices, toggleColumn } from "./header.js";

/** The bar at the top: what is open, how it is doing, and what can be done with it. @param {HTMLElement} host */
export function topBar(host) {
  const name = el("span", { class: "source-name", id: "source-name" });
  const live = el("span", { class: "pill", id: "live", hidden: true });
  const figures = el("span", { class: "figures", id: "figures" });
  const progress = el("progress", { max: "1", hidden: true, "aria-label": "Reading" });
  const dropped = el("span", { class: "pill warning", id: "dropped", hidden: true });
  const problems = button(
    { class: "pill warning", id: "problems", hidden: true, text: "", title: "What of the input could not be read" },
    () => {
      model.tab.value = "expert";
    },
  );
  const pause = button(
    { icon: "pause", text: "Pause", id: "pause", title: "Pause or continue (Space)", hidden: true },
    togglePause,
  );
  const tail = button(
    {
      icon: "tail",
      text: "Follow",
      id: "tail",
      title: "Stay at the newest frame (End)",
      hidden: true,
      "aria-pressed": "false",
    },
    () => {
      model.follow.value = !model.follow.value;
    },
  );
  const source = button({ text: "", title: "Source", class: "source", id: "source", "aria-haspopup": "menu" }, (e) =>
    openMenu(/** @type {any} */ (e.currentTarget), sourceItems()),
  );
  source.replaceChildren(name, icon("down"));

  host.append(
    el("h1", { class: "brand", text: "wigwag" }),
    source,
    live,
    progress,
    figures,
    dropped,
    problems,
    el("span", { class: "space" }),
    pause,
    tail,
    button({ icon: "open", text: "Open", title: "Open a file (o)", id: "open", class: "wordy" }, () => pickFile()),
    button(
      {
        icon: "save",
        text: "Export",
        title: "Export frames (e)",
        class: "wordy",
        id: "export",
        "aria-haspopup": "menu",
      },
      (e) => exportMenu(/** @type {any} */ (e.currentTarget)),
    ),
    button({ icon: "link", id: "share", title: "Copy an address of this view, without data (y)" }, shareAddress),
    button({ icon: "columns", id: "columns", title: "Columns", "aria-haspopup": "menu" }, (e) =>
      openMenu(/** @type {any} */ (e.currentTarget), columnItems()),
    ),
    button({ icon: "right", title: "Details below or beside", id: "turn" }, () => {
      model.side.value = model.side.value === "right" ? "bottom" : "right";
    }),
    button({ icon: "theme", id: "theme", title: "Light, dark, or as the system has it (d)" }, nextTheme),
    button({ icon: "help", id: "help", title: "Keys and help (?)" }, showHelp),
  );

  model.side.watch((side) => host.querySelector("#turn")?.replaceChildren(icon(side === "right" ? "bottom" : "right")));
  model.paused.watch((on) => {
    pause.replaceChildren(icon(on ? "play" : "pause"), el("span", { text: on ? "Continue" : "Pause" }));
    pause.classList.toggle("on", on);
  });
  model.follow.watch((on) => {
    tail.setAttribute("aria-pressed", String(on));
    tail.classList.toggle("on", on);
  });
  model.source.watch((state) => {
    const streaming = state.live !== "off";
    setText(name, model.opened.value ? state.name || model.input?.name || "untitled" : "Nothing is open");
    document.title = state.name ? `${state.name} · Wigwag inspector` : "Wigwag inspector";
    live.hidden = !streaming;
    live.className = `pill live ${state.live}`;
    setText(live, { off: "", connecting: "○ connecting", on: "● live", lost: "✖ lost, trying again", ended: "✖ ended" }[state.live]);
    pause.hidden = tail.hidden = !streaming;
    const reading = model.opened.value && !state.done && !streaming;
    progress.hidden = !reading;
    if (state.total) progress.value = Math.min(1, state.bytes / state.total);
    else progress.removeAttribute("value");
    const kind = state.kind && !streaming ? `${state.kind} · ` : "";
    setText(figures, model.opened.value ? `${kind}${counted(state.rows, "frame")} · ${size(state.bytes)}` : "");
    dropped.hidden = !state.dropped;
    setText(dropped, `▲ ${count(state.dropped)} dropped`);
    dropped.title = "Records that the server left out because this page, or the network to it, was too slow";
    problems.hidden = !state.problems;
    setText(problems, `▲ ${counted(state.problems, "problem")}`);
  });
  tellChanges();
}

/** Tells who listens what happens to the source. */
function tellChanges() {
  let before = model.source.value;
  let lost = false;
  model.source.changes((state) => {
    if (state.error && state.error !== before.error) banner(state.error, `${state.name}: `);
    if (state.live !== before.live && state.live !== "off") {
      const back = state.live === "on" && lost;
      if (back) toast("Live again: the server tells what it has from its begin");
      else say({ connecting: "Connecting", on: "Live", lost: "The connection was lost; trying again", ended: "" }[state.live]);
      lost = state.live === "lost" || (lost && state.live === "connecting");
      if (state.live === "ended")
        banner("The server was started again and has a new token: open the address that it printed. With --token-file it keeps its token.", "Not live: ");
    } else if (state.done && !before.done && state.live === "off") say(`${counted(state.rows, "frame")} read`);
    else if (before.filtering && !state.filtering)
      say(`${count(state.viewRows)} of ${counted(state.rows, "frame")} shown`);
    before = state;
  });
}

function sourceItems() {
  return [
    { text: "Open a file …", key: "o", run: () => pickFile() },
    { text: "Paste …", key: "v", run: pasteDialog },
    { text: "Open the sample", run: () => openInput({ sample: true, name: "sample" }) },
    model.served.value && { text: "Live from the server", run: openLive },
    model.input && !model.input.live && !model.input.sample && { text: "Read it another way …", run: readAsDialog },
    model.opened.value && { text: "Close", run: closeInput },
  ];
}

function columnItems() {
  return columnChoices().map(({ id, title, on }) => ({ text: title, checked: on, run: () => toggleColumn(id) }));
}
