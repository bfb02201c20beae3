import { byId, el, icon, setText } from "./dom.js";

/** Tells who listens to the page with a screen reader. @param {string} text */
export function say(text) {
  setText(byId("says"), text);
}

/**
 * Shows a message above the list until it is closed or replaced.
 * @param {string | null} text
 * @param {string} [what] a word in front
 */
export function banner(text, what = "") {
  const node = byId("banner");
  node.hidden = !text;
  node.replaceChildren(
    ...(text
      ? [
          el("span", { class: "mark", "aria-hidden": "true", text: "✖" }),
          what && el("strong", { text: what }),
          el("span", { text }),
          el(
            "button",
            { type: "button", class: "button quiet", "aria-label": "Close the message", onclick: () => banner(null) },
            icon("close"),
          ),
        ].filter(Boolean)
      : []),
  );
}

let fading = 0;

/** Says that something small was done, in a corner, for a moment. @param {string} text */
export function toast(text) {
  /** @type {any} */
  let node = document.getElementById("toast");
  if (!node) document.body.append((node = el("div", { id: "toast", class: "toast", "aria-hidden": "true" })));
  setText(node, text);
  node.classList.add("on");
  say(text);
  clearTimeout(fading);
  fading = setTimeout(() => node.classList.remove("on"), 1800);
}

/** Text to the clipboard. Pages from disk are not asked for permission: they copy as of old. @param {string} text @param {string} what */
export async function copy(text, what) {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyFromField(text);
    toast(`${what} copied`);
  } catch {
    toast(`The browser did not let ${what} be copied`);
  }
}

/** @param {string} text */
function copyFromField(text) {
  const field = el("textarea", { class: "sr", "aria-hidden": "true" });
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

/** Hands a file to the person. @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = el("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
