import { button, el } from "./dom.js";

/**
 * Shows a dialog; Escape and the close button close it.
 * @param {string} title
 * @param {(Node | string | false | null)[]} children
 * @param {{ text: string, run: () => void | false } | null} [done] its main button; `false` keeps it open
 * @returns {HTMLDialogElement}
 */
export function showDialog(title, children, done = null) {
  document.querySelector("dialog")?.remove();
  const finish = () => {
    if (done?.run() !== false) dialog.close();
  };
  /** @type {HTMLDialogElement} */
  const dialog = el(
    "dialog",
    {
      "aria-labelledby": "dialog-title",
      onclose: () => dialog.remove(),
      onclick: (/** @type {Event} */ e) => e.target === dialog && dialog.close(),
    },
    el(
      "div",
      { class: "dialog" },
      el(
        "div",
        { class: "dialog-head" },
        el("h2", { id: "dialog-title", text: title }),
        button({ icon: "close", title: "Close", class: "quiet" }, () => dialog.close()),
      ),
      el("div", { class: "dialog-body" }, ...children),
      done &&
        el(
          "div",
          { class: "dialog-foot" },
          button({ text: "Cancel" }, () => dialog.close()),
          button({ text: done.text, class: "main-button" }, finish),
        ),
    ),
  );
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) finish();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** A label with what it names. @param {string} text @param {HTMLElement} input @param {string} [help] */
export function field(text, input, help) {
  return el("label", { class: "field" }, el("span", { text }), input, help && el("small", { text: help }));
}

/** A choice. @param {[value: string, text: string][]} options @param {string} [value] @param {Record<string, any>} [props] */
export function choice(options, value = "", props = {}) {
  const node = el("select", props, ...options.map(([key, text]) => el("option", { value: key, text })));
  node.value = value;
  return node;
}
