// All emoji with their names and words, loaded when somebody first wants one.

import type { Language } from "../state/locale.svelte";
import { bestRank, fold, rank } from "../text/find";
import { canvasPen, newestDrawn } from "./support";

/** One emoji as the picker shows it. */
export interface Emoji {
  emoji: string;
  /** What it is called in the language of the screen. */
  name: string;
  takesTone: boolean;
  /** Every word it is found by, in both languages, folded; the name comes first. */
  words: readonly string[];
}

/** The emoji of one kind, in Unicode's order. */
export interface EmojiGroup {
  id: EmojiGroupId;
  emoji: readonly Emoji[];
}

/** Unicode's groups, by emojibase's numbers (2, the components, is not shown). */
const GROUPS = { 0: "smileys", 1: "people", 3: "nature", 4: "food", 5: "places", 6: "activities", 7: "objects", 8: "symbols", 9: "flags" } as const;
export type EmojiGroupId = (typeof GROUPS)[keyof typeof GROUPS];

/** The lowest version in the data: nothing is told apart below it. */
const DRAWN_EVERYWHERE = 12;

/** In the picker's order. */
export type Catalogue = readonly EmojiGroup[];

const loaded = new Map<Language, Promise<Catalogue>>();

/** The names are those of `language`; they are found by the words of both languages. Loaded once; a failure is not kept. */
export function loadCatalogue(language: Language): Promise<Catalogue> {
  let catalogue = loaded.get(language);
  if (catalogue === undefined) {
    catalogue = makeCatalogue(language);
    loaded.set(language, catalogue);
    catalogue.catch(() => loaded.delete(language));
  }
  return catalogue;
}

/** Anew, for a page whose fonts may be others. */
export async function makeCatalogue(language: Language): Promise<Catalogue> {
  const [{ default: shapes }, { default: en }, { default: zh }] = await Promise.all([
    import("virtual:emoji/shapes"),
    import("virtual:emoji/en"),
    import("virtual:emoji/zh"),
  ]);
  // What all systems draw, in case this one's font is older than every probe.
  const newest = Math.max(newestDrawn(canvasPen()), DRAWN_EVERYWHERE);
  const groups = new Map<EmojiGroupId, Emoji[]>(Object.values(GROUPS).map((id) => [id, []]));
  shapes.forEach(([emoji, group, version, tonesSince], index) => {
    if (version > newest) return;
    const english = en[index]!.split("|");
    const chinese = zh[index]!.split("|");
    const [own, other] = language === "zh" ? [chinese, english] : [english, chinese];
    const names = [own.shift()!, other.shift()!] as const;
    const list = groups.get(GROUPS[group as keyof typeof GROUPS]);
    list?.push({ emoji, name: names[0], takesTone: tonesSince > 0 && tonesSince <= newest, words: [...names.map(fold), ...own, ...other] });
  });
  return [...groups].map(([id, emoji]) => ({ id, emoji }));
}

/** Those that have all words of the query, best first. */
export function searchEmoji(catalogue: Catalogue, query: string, limit: number): Emoji[] {
  const wanted = fold(query).split(/\s+/).filter((word) => word !== "");
  if (wanted.length === 0) return [];
  const found: { emoji: Emoji; score: number }[] = [];
  for (const group of catalogue) {
    for (const emoji of group.emoji) {
      const score = scoreOf(emoji, wanted);
      if (score !== undefined) found.push({ emoji, score });
    }
  }
  // The order of Unicode decides between equals: a sort in JavaScript keeps it.
  return found.sort((a, b) => a.score - b.score).slice(0, limit).map(({ emoji }) => emoji);
}

function scoreOf({ words }: Emoji, wanted: readonly string[]): number | undefined {
  let score = 0;
  for (const word of wanted) {
    const byName = rank(words[0]!, word);
    const byWord = bestRank(words, word);
    // Deep inside a Latin word is chance ("cat" in "education"); Chinese has no spaces to begin words after.
    if (byWord === undefined || (byWord === 3 && !/\p{Script=Han}/u.test(word))) return undefined;
    score += Math.min(byName ?? 9, byWord + 0.5);
  }
  return score;
}
