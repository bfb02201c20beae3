import { el } from "./dom.js";

/**
 * @typedef {object} Item
 * @property {string} text
 * @property {string} [key] the key that does the same
 * @property {boolean} [checked]
 * @property {boolean} [off] cannot be chosen now
 * @property {string} [title]
 * @property {() => void} run
 */

/** @type {HTMLElement | null} */
let shownMenu = null;

/**
 * Shows a menu under a button. Arrows, Home, End and the first letter move, Escape
 * closes and gives the focus back.
 * @param {HTMLElement} anchor
 * @param {(Item | string | null | undefined | false)[]} items a string is a heading
 */
export function openMenu(anchor, items) {
  const again = shownMenu?.dataset.anchor === anchor.title;
  closeMenu();
  if (again) return;
  const menu = el("div", {
    class: "menu",
    role: "menu",
    "aria-label": anchor.title,
    "data-anchor": anchor.title,
    onkeydown: menuKey,
  });
  for (const item of items) {
    if (!item) continue;
    if (typeof item === "string") menu.append(el("div", { class: "heading", role: "presentation", text: item }));
    else menu.append(entry(item, anchor));
  }
  document.body.append(menu);
  const at = anchor.getBoundingClientRect();
  const room = { x: innerWidth - menu.offsetWidth - 4, y: innerHeight - menu.offsetHeight - 4 };
  menu.style.left = `${Math.max(4, Math.min(at.left, room.x))}px`;
  menu.style.top = `${Math.max(4, Math.min(at.bottom + 2, room.y))}px`;
  shownMenu = menu;
  anchor.setAttribute("aria-expanded", "true");
  menu.addEventListener("close", () => anchor.setAttribute("aria-expanded", "false"));
  addEventListener("pointerdown", outside, true);
  /** @type {HTMLElement | null} */ (menu.querySelector("button:not(:disabled)"))?.focus();
}

/** @param {Item} item @param {HTMLElement} anchor */
function entry({ text, key, checked, off, title, run }, anchor) {
  return el(
    "button",
    {
      type: "button",
      role: checked === undefined ? "menuitem" : "menuitemcheckbox",
      disabled: Boolean(off),
      "aria-checked": checked === undefined ? null : String(checked),
      title,
      onclick: () => {
        closeMenu();
        anchor.focus();
        run();
      },
    },
    checked !== undefined && el("span", { class: "check", "aria-hidden": "true", text: checked ? "✓" : "" }),
    el("span", { text }),
    key && el("kbd", { text: key }),
  );
}

/** Closes the menu that is open, if one is. */
export function closeMenu() {
  if (!shownMenu) return;
  removeEventListener("pointerdown", outside, true);
  shownMenu.dispatchEvent(new Event("close"));
  shownMenu.remove();
  shownMenu = null;
}

/** @param {PointerEvent} event */
function outside(event) {
  if (!shownMenu?.contains(/** @type {Node} */ (event.target))) closeMenu();
}

/** @param {KeyboardEvent} event */
function menuKey(event) {
  event.stopPropagation();
  const items = /** @type {HTMLElement[]} */ ([...(shownMenu?.querySelectorAll("button:not(:disabled)") ?? [])]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at + items.length - 1) % items.length,
    Home: 0,
    End: items.length - 1,
  }[event.key];
  if (event.key === "Escape" || event.key === "Tab") {
    const anchor = document.querySelector("[aria-haspopup][aria-expanded=true]");
    closeMenu();
    /** @type {HTMLElement | null} */ (anchor)?.focus();
  } else if (to !== undefined) items[to]?.focus();
  else {
    const letter =
      event.key.length === 1 &&
      items.find((item) => item.textContent?.toLowerCase().startsWith(event.key.toLowerCase()));
    if (!letter) return;
    letter.focus();
  }
  event.preventDefault();
}
