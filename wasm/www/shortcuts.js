/** The keys: [group, keys, what they do, the name that keys.js knows it by]. */
export const SHORTCUTS = /** @type {const} */ ([
  ["Frames", ["j", "ArrowDown"], "Next frame", ""],
  ["Frames", ["k", "ArrowUp"], "Frame before", ""],
  ["Frames", ["PageDown"], "A page down", ""],
  ["Frames", ["PageUp"], "A page up", ""],
  ["Frames", ["Home"], "First frame", ""],
  ["Frames", ["End"], "Newest frame; stay there when live", ""],
  ["Frames", ["Enter"], "Into the frame's fields", "enter"],
  ["Frames", ["Escape"], "Back to the list; then take the filter away", "back"],
  ["Find", ["/"], "Filter", "filter"],
  ["Find", ["n"], "Next frame of which something is to be said", "next"],
  ["Find", ["N"], "The one before", "previous"],
  ["Find", ["p"], "The other half: the answer, or what it answers", "pair"],
  ["Find", ["f"], "Follow this transaction", "follow"],
  ["Find", ["F"], "Follow this connection", "followConnection"],
  ["Details", ["]"], "Next tab", "nextTab"],
  ["Details", ["["], "Tab before", "previousTab"],
  ["Details", ["a"], "Compare: this frame is A", "markA"],
  ["Details", ["b"], "Compare: this frame is B", "markB"],
  ["Details", ["c"], "Copy …", "copy"],
  ["Details", ["ArrowLeft", "ArrowRight"], "In the tree: close, open", ""],
  ["Page", [" "], "Pause or continue a live view", "pause"],
  ["Page", ["t"], "Time: absolute, since the start, since the row before", "time"],
  ["Page", ["o"], "Open a file", "open"],
  ["Page", ["Ctrl V", "v"], "Paste: at once, or with how to read it", "paste"],
  ["Page", ["e"], "Export", "export"],
  ["Page", ["y"], "Copy an address of this view", "share"],
  ["Page", ["d"], "Light, dark, or as the system has it", "theme"],
  ["Page", ["?"], "This sheet", "help"],
]);

const NAMES = /** @type {Record<string, string>} */ ({
  " ": "Space",
  ArrowDown: "↓",
  ArrowUp: "↑",
  ArrowLeft: "←",
  ArrowRight: "→",
  PageDown: "Page ↓",
  PageUp: "Page ↑",
  Escape: "Esc",
});

/** What is printed on a key. @param {string} key */
export function keyName(key) {
  return NAMES[key] ?? key;
}
