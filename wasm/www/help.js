import { showDialog } from "./dialog.js";
import { el } from "./dom.js";
import { SHORTCUTS, keyName } from "./shortcuts.js";

/** Examples of filters, and what they let through. */
const FILTERS = [
  ["type == ORDER", "frames of one type"],
  ['payload[0].orders[0].path == "W693"', "by a field of the payload"],
  ['payload ~ "W693"', "a text anywhere in the payload"],
  ["latency > 2 s", "slow answers"],
  ["malformed || unanswered || gap", "what went wrong"],
  ["connection == 3 && !(type in (PING, LINK))", "one connection without keep-alives"],
];

/** Shows what the keys do and what a filter can say. */
export function showHelp() {
  const groups = [...new Set(SHORTCUTS.map(([group]) => group))];
  showDialog("Keys", [
    el(
      "div",
      { class: "help" },
      ...groups.map((group) =>
        el(
          "section",
          {},
          el("h3", { text: group }),
          el(
            "dl",
            {},
            ...SHORTCUTS.filter(([g]) => g === group).flatMap(([, keys, text]) => [
              el("dt", {}, ...keys.map((key) => el("kbd", { text: keyName(key) }))),
              el("dd", { text }),
            ]),
          ),
        ),
      ),
      el(
        "section",
        { class: "wide" },
        el("h3", { text: "Filters" }),
        el(
          "dl",
          {},
          ...FILTERS.flatMap(([filter, text]) => [el("dt", {}, el("code", { text: filter })), el("dd", { text })]),
        ),
      ),
    ),
    el("p", {
      class: "quiet-text",
      text: "Nothing leaves this browser. An address that is copied holds the view, not the data.",
    }),
  ]);
}
