// The module comes in parts: what opens an input and lists its rows, and the rest, a
// little later. (`wasm/page/build/split.rs` takes it apart. The page that is one file
// has it whole.)

/** Its address. The worker of a page that is one file has none to begin with. */
const latePart = () => new URL("wigwag_late.wasm", self.location.href);

/** What the module imports; null if it is whole. @type {WebAssembly.Imports | null} */
let partImports = null;
/** @type {WebAssembly.Exports} */
let firstPart;
let lateIsThere = false;
/** @type {Promise<void> | null} */
let lateIsComing = null;

/** What the module imports, with what it asks for the late part when that is needed
 * and not there. The glue calls it. @param {WebAssembly.Imports} given */
export function withParts(given) {
  partImports = { ...given, parts: { load: loadLateNow } };
  return partImports;
}

/** The first part is there. @param {WebAssembly.Exports} exports */
export function partsBegin(exports) {
  firstPart = exports;
}

/** Loads the late part, if it is not there: it should be before it is needed.
 * @returns {Promise<void>} */
export function loadLate() {
  if (partImports === null || lateIsThere) {
    return Promise.resolve();
  }
  lateIsComing ??= WebAssembly.compileStreaming(fetch(latePart())).then(putLate).catch((error) => {
    lateIsComing = null;
    throw new Error(`a part of the inspector cannot be loaded, is its server still there? (${error.message})`);
  });
  return lateIsComing;
}

/** A function of the late part is called and cannot wait. */
function loadLateNow() {
  const request = new XMLHttpRequest();
  request.open("GET", latePart(), false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) {
    throw new WebAssembly.RuntimeError(`the server answered ${request.status} instead of a part of the inspector`);
  }
  putLate(new WebAssembly.Module(request.response));
}

function putLate(module) {
  if (!lateIsThere) {
    new WebAssembly.Instance(module, { ...partImports, start: firstPart });
    lateIsThere = true;
  }
}
