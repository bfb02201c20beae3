// Runs in each page before its own scripts, so that a test can see what the page's
// worker tells, and ask it what the page could ask.
(() => {
  const { Worker: Plain } = window;
  if (!Plain) return;
  let last = 0;
  window.watched = { worker: null, state: null, events: 0, crashed: null };

  window.Worker = class extends Plain {
    constructor(...given) {
      super(...given);
      window.watched.worker = this;
      this.addEventListener("message", ({ data }) => {
        if (data.event === "crashed") window.watched.crashed = data.message;
        if (data.event !== "state") return;
        window.watched.state = data;
        window.watched.events += 1;
      });
    }
  };

  /** Asks the worker of the page. */
  window.ask = (op, args = {}) =>
    new Promise((resolve, reject) => {
      const { worker } = window.watched;
      const id = `test ${++last}`;
      const take = ({ data }) => {
        if (data.id !== id) return;
        worker.removeEventListener("message", take);
        if (data.error) reject(new Error(JSON.stringify(data.error)));
        else resolve(data.result);
      };
      worker.addEventListener("message", take);
      worker.postMessage({ ...args, id, op });
    });

  /** An answer as JSON text. */
  window.plain = (answer) =>
    JSON.stringify(answer, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value));

  /** All rows of the view, as objects. */
  window.rowsOfView = async () => {
    const { viewRows } = await window.ask("stats");
    const rows = [];
    for (let from = 0; from < viewRows; from += 1000) {
      const { generation, ...columns } = await window.ask("window", { from, to: from + 1000 });
      const names = Object.keys(columns);
      columns.rows.forEach((_, i) => rows.push(Object.fromEntries(names.map((name) => [name, columns[name][i]]))));
    }
    return rows;
  };

  /** The rows that are drawn, from the top: each a list of its cells' texts. */
  window.drawnRows = () =>
    [...document.querySelectorAll("#grid .row:not(.head)")]
      .filter((row) => row.dataset.row !== undefined)
      .sort((a, b) => a.getAttribute("aria-rowindex") - b.getAttribute("aria-rowindex"))
      .map((row) => Object.fromEntries([["frame", row.dataset.row], ...[...row.children].map((cell) => [cell.className.split(" ")[1].slice(2), cell.textContent])]));

  /** A file as a person has it. */
  window.fileOf = (base64, name) =>
    new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name);
})();
