// The emoji picker's state: what it shows, where its keys stand, what it remembers.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Catalogue } from "../src/emoji/catalogue";
import { EmojiPanel } from "../src/state/emoji-panel.svelte";
import { EmojiRecents } from "../src/state/emoji-recents.svelte";
import { stubStorage } from "./helpers/browser-storage";

let kept: Map<string, string>;

beforeEach(() => {
  kept = stubStorage("localStorage");
});

afterEach(() => vi.unstubAllGlobals());

const emoji = (shown: string, name: string, takesTone = false) => ({ emoji: shown, name, takesTone, words: [name] });
const CATALOGUE: Catalogue = [
  { id: "smileys", emoji: [emoji("😀", "grin"), emoji("😂", "joy"), emoji("🙂", "smile"), emoji("😎", "cool")] },
  { id: "people", emoji: [emoji("👍", "thumbs up", true), emoji("👎", "thumbs down", true)] },
];

function opened(recents = new EmojiRecents()): EmojiPanel {
  const panel = new EmojiPanel(recents);
  panel.catalogue = CATALOGUE;
  panel.resize(3);
  return panel;
}

test("rows are headings and as many emoji as fit", () => {
  const panel = opened();
  expect(panel.rows.map((row) => (row.type === "heading" ? row.group : row.cells.map(({ shown }) => shown).join("")))).toEqual([
    "smileys",
    "😀😂🙂",
    "😎",
    "people",
    "👍👎",
  ]);
  expect(panel.headings).toEqual([
    { group: "smileys", row: 0 },
    { group: "people", row: 3 },
  ]);
});

test("arrow keys walk over the cells, past the headings, and stop at the ends", () => {
  const panel = opened();
  const after = (...moves: Parameters<EmojiPanel["move"]>[0][]): string | undefined => {
    for (const move of moves) panel.move(move);
    return panel.active?.shown;
  };
  expect(after("down")).toBe("😀");
  expect(after("right", "right")).toBe("🙂");
  expect(after("right")).toBe("😎");
  expect(after("right")).toBe("👍");
  expect(after("end")).toBe("👎");
  expect(after("right", "down")).toBe("👎");
  expect(after("up")).toBe("😎");
  expect(after("left")).toBe("🙂");
  expect(after("begin", "left", "up")).toBe("😀");
});

test("whoever searches stands on the first that is found", () => {
  const panel = opened();
  panel.search("thumbs");
  expect(panel.rows[0]).toEqual({ type: "heading", group: "found" });
  expect(panel.active?.shown).toBe("👍");
  panel.search("nothing like it");
  expect(panel.rows).toEqual([]);
  expect(panel.active).toBeUndefined();
  panel.search("");
  expect(panel.rows).toHaveLength(5);
});

test("the tone is chosen once and kept", () => {
  const recents = new EmojiRecents();
  recents.chooseTone("🏿");
  const panel = opened(new EmojiRecents());
  panel.search("thumbs up");
  expect(panel.active?.shown).toBe("👍🏿");
  expect(new EmojiRecents().tone).toBe("🏿");
});

test("what was used comes first the next time, newest first, with its name", () => {
  const recents = new EmojiRecents();
  const before = opened(recents);
  recents.used("👍🏽");
  recents.used("😎");
  recents.used("👍🏽");
  expect(before.headings[0]?.group).toBe("smileys");
  const panel = opened(new EmojiRecents());
  expect(panel.rows[0]).toEqual({ type: "heading", group: "recent" });
  expect(panel.rows[1]).toEqual({
    type: "cells",
    cells: [
      { shown: "👍🏽", name: "thumbs up" },
      { shown: "😎", name: "cool" },
    ],
  });
});

test("nonsense in the browser's storage is no trouble", () => {
  kept.set("anser.recentEmoji", "{");
  kept.set("anser.skinTone", "purple");
  expect(new EmojiRecents().list).toEqual([]);
  expect(new EmojiRecents().tone).toBe("");
});
