/**
 * Makes an element. `on…` properties are listeners, `class` and `text` are what
 * they say, `true` sets an attribute without a value, `false`, `null` and
 * `undefined` leave it out. There is no way to give it markup as text.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else if (key === "text") node.textContent = value;
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(.../** @type {(Node | string)[]} */ (children.filter((child) => child || child === "")));
  return node;
}

/** An element of the document that must be there. @param {string} id @returns {any} */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`index.html has no #${id}`);
  return node;
}

/** Sets an element's text only where it differs. @param {Node} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Paths on a 16 by 16 grid, drawn as lines. */
const PATHS = {
  open: "M1.5 12.5v-9h4l1.5 2h5.5v2M1.5 12.5l2-5h11l-2 5z",
  save: "M8 2v8M4.5 7 8 10.5 11.5 7M2.5 11v2.5h11V11",
  theme: "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
  help: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.6 8 9 8 10M8 12.6v.4",
  pause: "M5.5 3v10M10.5 3v10",
  play: "M5 3l7.5 5L5 13z",
  close: "M4 4l8 8M12 4l-8 8",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.5 10.5l3.5 3.5",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  right: "M2.5 3h11v10h-11zM9.5 3v10",
  bottom: "M2.5 3h11v10h-11zM2.5 9h11",
  copy: "M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3",
  link: "M6.5 9.5l3-3M7 5l1.8-1.8a2.8 2.8 0 0 1 4 4L11 9M9 11l-1.8 1.8a2.8 2.8 0 0 1-4-4L5 7",
  pair: "M3 5h9.5M10 2.5 12.5 5 10 7.5M13 11H3.5M6 8.5 3.5 11 6 13.5",
  follow: "M2.5 3.5h11L9.5 8.5v4l-3 1v-5z",
  edit: "M3 13l.6-2.8L11 2.8l2.2 2.2-7.4 7.4z",
  tail: "M8 2v9M4.5 8 8 11.5 11.5 8M3 14h10",
  up: "M4 10l4-4 4 4",
  down: "M4 6l4 4 4-4",
  swap: "M5 13V3M2.5 5.5 5 3l2.5 2.5M11 3v10M8.5 10.5 11 13l2.5-2.5",
};

/** A small drawing beside or instead of a word. @param {keyof typeof PATHS} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("class", "icon");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  return drawing;
}

/**
 * A button with an icon and, where it says more than the icon, a word.
 * @param {{ icon?: keyof typeof PATHS, text?: string, title?: string, class?: string, [more: string]: any }} options
 * @param {(event: MouseEvent) => void} onclick
 */
export function button({ icon: drawing, text, title, class: name = "", ...more }, onclick) {
  return el(
    "button",
    {
      type: "button",
      class: `button ${name}`,
      title: title ?? null,
      "aria-label": text === undefined ? title : null,
      onclick,
      ...more,
    },
    drawing && icon(drawing),
    text && el("span", { text }),
  );
}

/** Whether keys typed here are text. @param {EventTarget | null} target */
export function takesText(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      /^(TEXTAREA|SELECT)$/.test(target.tagName) ||
      (target instanceof HTMLInputElement && !/^(checkbox|radio|button|range)$/.test(target.type)))
  );
}
