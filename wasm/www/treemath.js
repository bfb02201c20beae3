/**
 * Arithmetic of a frame's tree and bytes. Nodes come in the order in which a tree
 * is read (each before its children); `parent` is an index that is smaller than the
 * node's own, or anything else for the root. Pure functions.
 */

/** @typedef {{ parent: number, label: string, kind: string, start: number, end: number, value: string, meaning?: string | null, path?: string }} TreeNode */

/** How deep each node is; the root is 0. @param {TreeNode[]} nodes */
export function levels(nodes) {
  const depth = new Uint16Array(nodes.length);
  nodes.forEach(({ parent }, i) => {
    depth[i] = parent >= 0 && parent < i ? depth[parent] + 1 : 0;
  });
  return depth;
}

/** How many children each node has. @param {TreeNode[]} nodes */
export function childCounts(nodes) {
  const children = new Uint32Array(nodes.length);
  nodes.forEach(({ parent }, i) => {
    if (parent >= 0 && parent < i) children[parent] += 1;
  });
  return children;
}

/** The nodes that are shown while some are closed. @param {TreeNode[]} nodes @param {Set<number>} closed */
export function openNodes(nodes, closed) {
  const hidden = new Uint8Array(nodes.length);
  /** @type {number[]} */
  const shown = [];
  nodes.forEach(({ parent }, i) => {
    const inside = parent >= 0 && parent < i;
    hidden[i] = inside && (hidden[parent] || closed.has(parent)) ? 1 : 0;
    if (!hidden[i]) shown.push(i);
  });
  return shown;
}

/** The smallest node that a byte belongs to, the deepest of those; -1 if none does. @param {TreeNode[]} nodes @param {number} byte */
export function nodeAt(nodes, byte) {
  let best = -1;
  nodes.forEach(({ start, end }, i) => {
    if (start <= byte && byte < end && (best < 0 || end - start <= nodes[best].end - nodes[best].start)) best = i;
  });
  return best;
}

/** The node and all it is in, the node first. @param {TreeNode[]} nodes @param {number} node */
export function ancestors(nodes, node) {
  const line = [];
  for (let i = node; i >= 0 && i < nodes.length;) {
    line.push(i);
    const { parent } = nodes[i];
    i = parent >= 0 && parent < i ? parent : -1;
  }
  return line;
}

/** How many bytes a line of the byte view holds: 8, 16 or 32, as the room allows. @param {number} width @param {number} character both in pixels */
export function bytesPerLine(width, character) {
  for (const bytes of [32, 16]) {
    if (lineWidth(bytes) * character <= width) return bytes;
  }
  return 8;
}

/** Characters that a line takes: offset, bytes with a gap after each eight, text. @param {number} bytes */
export function lineWidth(bytes) {
  return 6 + bytes * 3 + (bytes / 8) * 1 + 2 + bytes;
}
