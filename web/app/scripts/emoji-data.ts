// A Vite plugin: cuts emojibase's data down to what the picker needs, one module for the emoji and one per language.

import { createRequire } from "node:module";
import type { Plugin } from "vite";
import { fold } from "../src/text/find.ts";

/** What is read of one entry of emojibase's `data.json`. */
interface Entry {
  emoji: string;
  label: string;
  tags?: string[];
  group?: number;
  order?: number;
  version: number;
  skins?: Entry[];
}

const PREFIX = "virtual:emoji/";
/** The parts that other emoji are made of are not picked by themselves. */
const COMPONENTS = 2;
const TONES = ["🏻", "🏼", "🏽", "🏾", "🏿"];
/** Every system that can run this client draws what came up to here. */
const SUPPORTED_EVERYWHERE = 12;

const require = createRequire(import.meta.url);

/** Makes `virtual:emoji/shapes`, `virtual:emoji/en` and `virtual:emoji/zh`; `src/emoji/data.d.ts` says what they hold. */
export function emojiData(): Plugin {
  return {
    name: "anser-emoji-data",
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return undefined;
      const part = id.slice(PREFIX.length + 1);
      const data = part === "shapes" ? shapes() : words(part);
      // Parsing JSON is several times faster than evaluating the same as a literal.
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(data))});`;
    },
  };
}

/** `[emoji, group, version it came with, version its skin tones came with]`; `data.d.ts` says more. */
function shapes(): [string, number, number, number][] {
  return entries("en").map((entry) => {
    const plain = withoutNeedlessSelector(entry.emoji);
    return [plain, entry.group!, atLeast(entry.version), tonesSince(plain, entry)];
  });
}

function atLeast(version: number): number {
  return Math.max(version, SUPPORTED_EVERYWHERE);
}

/** The name, then other words to find it by, folded as the search does, between bars; in the order of the shapes. */
function words(language: string): string[] {
  const byEmoji = new Map(entries(language).map((entry) => [entry.emoji, entry]));
  return entries("en").map(({ emoji }) => {
    const { label, tags = [] } = byEmoji.get(emoji)!;
    return [label, ...tags.map(fold)].join("|");
  });
}

function entries(language: string): Entry[] {
  const all = require(`emojibase-data/${language}/data.json`) as Entry[];
  const shown = all.filter(({ group }) => group !== undefined && group !== COMPONENTS);
  return shown.sort((a, b) => a.group! - b.group! || a.order! - b.order!);
}

/** emojibase adds "draw in colour" even where Unicode does so by default; typed ones do not have it. */
function withoutNeedlessSelector(emoji: string): string {
  return /^\p{Emoji_Presentation}\uFE0F$/u.test(emoji) ? emoji.slice(0, -1) : emoji;
}

/** For emoji of which `toned` in `src/emoji/tones.ts`, which does the same, makes existing ones in every tone; else 0. */
function tonesSince(plain: string, entry: Entry): number {
  const versions = new Map((entry.skins ?? []).map(({ emoji, version }) => [emoji, version]));
  const found = TONES.map((tone) => versions.get(plain.replace(/(\p{Emoji_Modifier_Base})\uFE0F?/gu, `$1${tone}`)) ?? Infinity);
  const newest = Math.max(...found);
  return newest === Infinity ? 0 : atLeast(newest);
}
