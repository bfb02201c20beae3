// In Node the module is read from the disk, and is ready when it is imported.

import { readFileSync } from "node:fs";
import init, { initSync } from "./wigwag.js";

initSync({ module: readFileSync(new URL("./wigwag_bg.wasm", import.meta.url)) });

export * from "./wigwag.js";
export default init;
