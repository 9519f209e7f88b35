// Emoji: the data that is built in, search in two languages, skin tones, and what the system cannot draw.

import { beforeAll, expect, test, vi } from "vitest";
import { type Catalogue, loadCatalogue, makeCatalogue, searchEmoji } from "../src/emoji/catalogue";
import { newestDrawn, type Pen } from "../src/emoji/support";
import { TONES, toned } from "../src/emoji/tones";

let english: Catalogue;
let chinese: Catalogue;

beforeAll(async () => {
  // No canvas here: nobody can tell what is drawn, so everything is shown.
  vi.stubGlobal("document", { createElement: () => ({ getContext: () => null }) });
  english = await loadCatalogue("en");
  chinese = await loadCatalogue("zh");
});

const found = (catalogue: Catalogue, query: string): string[] => searchEmoji(catalogue, query, 20).map(({ emoji }) => emoji);

test("all groups are there, named in the language of the screen", () => {
  expect(english.map(({ id }) => id)).toEqual(["smileys", "people", "nature", "food", "places", "activities", "objects", "symbols", "flags"]);
  expect(english.flatMap(({ emoji }) => emoji).length).toBeGreaterThan(1_800);
  expect(english[0]?.emoji[0]?.name).toBe("grinning face");
  expect(chinese[0]?.emoji[0]?.name).toMatch(/\p{Script=Han}/u);
});

test("an emoji is found by its name and by what it stands for", () => {
  expect(found(english, "duck")[0]).toBe("🦆");
  expect(found(english, "thumbs up")[0]).toBe("👍");
  expect(found(english, "THUMB")).toContain("👍");
  expect(found(english, "yes")).toContain("👍");
});

test("in either language of the screen both languages are understood", () => {
  expect(found(chinese, "鸭子")[0]).toBe("🦆");
  expect(found(chinese, "duck")[0]).toBe("🦆");
  expect(found(english, "鸭子")[0]).toBe("🦆");
  expect(found(english, "笑")).toContain("😂");
});

test("nothing is found by nothing, by nonsense, or by letters deep inside a word", () => {
  expect(found(english, "  ")).toEqual([]);
  expect(found(english, "qqqq")).toEqual([]);
  expect(found(english, "ducation")).toEqual([]);
});

test("every emoji is one grapheme, in every tone it takes", () => {
  const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  for (const { emoji, takesTone } of english.flatMap((group) => group.emoji)) {
    for (const tone of takesTone ? TONES : ([""] as const)) {
      const shown = toned(emoji, tone);
      expect([...segmenter.segment(shown)].length, shown).toBe(1);
    }
  }
});

test("everybody in an emoji gets the tone", () => {
  expect(toned("👍", "🏿")).toBe("👍🏿");
  expect(toned("☝️", "🏻")).toBe("☝🏻");
  expect(toned("👩‍❤️‍👨", "🏽")).toBe("👩🏽‍❤️‍👨🏽");
  expect(toned("👍", "")).toBe("👍");
});

test("emoji, and tones, that the system's font does not have are left out", async () => {
  const context = {
    measureText: () => ({ width: 18 }),
    clearRect: () => {},
    // A font of version 13: what came later is drawn as a box, in the colour of the pen.
    fillText: (text: string) => (drawn = ["", "😀", "🥲"].includes(text) ? text : `box in ${context.fillStyle}`),
    getImageData: () => ({ data: [drawn] }),
    fillStyle: "",
  };
  let drawn = "";
  vi.stubGlobal("document", { createElement: () => ({ getContext: () => context }) });
  const shown = (await makeCatalogue("en")).flatMap(({ emoji }) => emoji);
  expect(shown.map(({ emoji }) => emoji)).not.toContain("🫠");
  expect(shown.find(({ emoji }) => emoji === "🤝")?.takesTone).toBe(false);
  expect(shown.find(({ emoji }) => emoji === "👍")?.takesTone).toBe(true);
});

test("emoji newer than the system's font are known", () => {
  const pen = (newest: string[]): Pen => ({
    width: () => 18,
    draw: (text, colour) => (text === "" ? "" : newest.includes(text) ? text : `box in ${colour}`),
  });
  expect(newestDrawn(pen(["😀", "🥲", "🫠"]))).toBe(14);
  expect(newestDrawn(pen(["😀"]))).toBe(0);
  expect(newestDrawn(pen([]))).toBe(Infinity);
  expect(newestDrawn(undefined)).toBe(Infinity);
});
