// What the single HTML file relies on: it puts the modules one after another into
// one script, so they must not need what a concatenation cannot give.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const FOLDER = new URL("../www/", import.meta.url);
const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith(".js") && !name.startsWith("worker"));
const SOURCES = new Map(NAMES.map((name) => [name, readFileSync(new URL(name, FOLDER), "utf8")]));
const importsOf = (source) =>
  [...source.matchAll(/^import \{([^}]*)\} from "\.\/([\w.-]+)";$/gm)].map(([, names, from]) => ({
    names: names
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean),
    from,
  }));

test("imports and exports are plain", () => {
  for (const [name, source] of SOURCES) {
    assert.equal(
      (source.match(/^import /gm) ?? []).length,
      importsOf(source).length,
      `${name}: only import { a } from "./x.js";`,
    );
    assert.doesNotMatch(source, /\bimport\.meta\b|^export default|^export \{|^export \*|^await /m, name);
    const code = source.replaceAll(/\/\*\*.*?\*\//gs, "");
    assert.equal(/\bimport\(/.test(code), name === "lazy.js", `${name}: only lazy.js imports late`);
    for (const { names } of importsOf(source))
      assert.ok(
        names.every((imported) => /^\w+$/.test(imported)),
        `${name}: nothing is renamed`,
      );
  }
});

test("what is imported is exported", () => {
  for (const [name, source] of SOURCES) {
    for (const { names, from } of importsOf(source)) {
      const other = SOURCES.get(from);
      assert.ok(other, `${name} imports ${from}, which is not there`);
      for (const imported of names)
        assert.match(
          other,
          new RegExp(`^export (async )?(function|const|let|class) ${imported}\\b`, "m"),
          `${name}: ${imported} of ${from}`,
        );
    }
  }
});

test("names at the top are unique over all modules", () => {
  const seen = new Map();
  for (const [name, source] of SOURCES) {
    for (const [, declared] of source.matchAll(/^(?:export )?(?:async )?(?:function|const|let|class) (\w+)/gm)) {
      assert.equal(seen.get(declared), undefined, `${declared} is in ${name} and ${seen.get(declared)}`);
      seen.set(declared, name);
    }
  }
});

test("there are no cycles, and the page's entry reaches every module", () => {
  const done = new Set();
  const visit = (name, line) => {
    assert.ok(!line.includes(name), `${[...line, name].join(" -> ")}`);
    if (done.has(name)) return;
    for (const { from } of importsOf(SOURCES.get(name) ?? "")) visit(from, [...line, name]);
    done.add(name);
  };
  visit("app.js", []);
  assert.deepEqual(
    NAMES.filter((name) => !done.has(name)),
    [],
  );
});

test("no text spans lines, so that indentation can be taken away", () => {
  for (const [name, source] of SOURCES) {
    const code = source.replaceAll(/\/\*[^]*?\*\//g, "").replaceAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, "");
    for (const [text] of code.matchAll(/`[^`]*`/g)) assert.doesNotMatch(text, /\n\s|\n\/\//, `${name}: ${text}`);
  }
});

test("nothing of the page gives markup or code as text", () => {
  for (const [name, source] of SOURCES)
    assert.doesNotMatch(
      source,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\("style"/,
      name,
    );
  const html = readFileSync(new URL("index.html", FOLDER), "utf8");
  assert.doesNotMatch(
    html,
    /\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)/,
    "index.html has no style and no script of its own",
  );
});
