/** Single values of a JSON text, to change them one by one. Pure functions. */

/** Integers that JavaScript's numbers cannot hold are left as they are written. */
const BIG = /-?\d{16,}/;

/**
 * The single values in a JSON text, in their order; null if it is not JSON, or
 * holds numbers that would not survive.
 * @param {string} json
 * @returns {{ path: (string | number)[], name: string, text: string }[] | null}
 */
export function readScalars(json) {
  const value = parsed(json);
  if (value === undefined) return null;
  /** @type {{ path: (string | number)[], name: string, text: string }[]} */
  const found = [];
  const walk = (/** @type {any} */ item, /** @type {(string | number)[]} */ path) => {
    if (found.length >= 200 || path.length > 40) return;
    if (item !== null && typeof item === "object") {
      for (const key of Object.keys(item)) walk(item[key], [...path, Array.isArray(item) ? Number(key) : key]);
    } else found.push({ path, name: pathName(path), text: typeof item === "string" ? item : JSON.stringify(item) });
  };
  walk(value, []);
  return found;
}

/**
 * The JSON text with one value replaced; its type stays. Null if the new text does
 * not fit the type.
 * @param {string} json
 * @param {(string | number)[]} path
 * @param {string} text
 */
export function writeScalar(json, path, text) {
  const value = parsed(json);
  if (value === undefined || !path.length) return null;
  let holder = value;
  for (const step of path.slice(0, -1)) {
    if (holder === null || typeof holder !== "object" || !Object.hasOwn(holder, step)) return null;
    holder = holder[step];
  }
  const last = path[path.length - 1];
  const old = holder?.[last];
  if (typeof old === "string") holder[last] = text;
  else {
    const fresh = parsed(text.trim());
    if (fresh === undefined || (fresh !== null && typeof fresh === "object")) return null;
    holder[last] = fresh;
  }
  return JSON.stringify(value, null, 2);
}

/** @param {string} json */
function parsed(json) {
  if (BIG.test(json)) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** @param {(string | number)[]} path */
function pathName(path) {
  return path.map((step, i) => (typeof step === "number" ? `[${step}]` : i ? `.${step}` : step)).join("");
}
