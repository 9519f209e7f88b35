// Every word of the screen comes from the catalogue: no component has words of its own.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "svelte/compiler";
import { expect, test } from "vitest";

const FOLDER = new URL("../src/ui/", import.meta.url).pathname;

/** Each language is named in itself, whatever the screen speaks. */
const SAME_IN_ALL = new Set(["English", "简体中文"]);

/** Attributes that people read or hear. */
const SPOKEN = new Set(["alt", "aria-label", "aria-description", "aria-placeholder", "aria-roledescription", "label", "placeholder", "title"]);

/** Parts of a node that hold TypeScript, not markup. */
const OF_THE_PROGRAM = new Set(["expression", "test", "context", "key", "loc", "name_loc", "metadata"]);

interface Node {
  type: string;
  name?: string;
  data?: string;
  value?: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

function isWord(text: string): boolean {
  return /\p{L}/u.test(text) && !SAME_IN_ALL.has(text.trim());
}

/** Plain text between tags, and in the attributes that are read out. */
function wordsIn(node: unknown, found: string[] = [], attribute?: string): string[] {
  if (Array.isArray(node)) {
    for (const child of node) wordsIn(child, found, attribute);
  } else if (isNode(node)) {
    if (node.type === "Text" && (attribute === undefined || SPOKEN.has(attribute)) && isWord(node.data ?? "")) found.push(node.data!.trim());
    const inside = node.type === "Attribute" ? node.name : attribute;
    for (const [key, child] of Object.entries(node)) if (!OF_THE_PROGRAM.has(key)) wordsIn(child, found, inside);
  }
  return found;
}

function wordsOf(source: string): string[] {
  return wordsIn(parse(source, { modern: true }).fragment);
}

test("no component has words of its own", () => {
  const wrong: string[] = [];
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".svelte"))) {
    wrong.push(...wordsOf(readFileSync(join(FOLDER, file), "utf8")).map((words) => `${file}: ${words}`));
  }
  expect(wrong).toEqual([]);
}, 60_000);

test("words are found where people meet them, and only there", () => {
  expect(wordsOf("<p>Hello <b>{name}</b></p>")).toEqual(["Hello"]);
  expect(wordsOf('<button aria-label="Close" class="icon">×</button>')).toEqual(["Close"]);
  expect(wordsOf("{#if a}<i title={t.close}>{t.end}</i>{:else}Nothing{/if}")).toEqual(["Nothing"]);
});
