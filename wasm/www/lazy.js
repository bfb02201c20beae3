/** @type {Promise<any> | undefined} */
let plotter;

/** uPlot, loaded when a plot is first looked at. @returns {Promise<any>} */
export function loadPlotter() {
  plotter ??= import("./vendor/uplot.js").then((loaded) => loaded.default);
  return plotter;
}
