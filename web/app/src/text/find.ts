// Finding by what somebody types: without regard to case, accents, or the width of letters.

/** How well a name answers a query: 0 best; undefined: not at all. */
export type Rank = 0 | 1 | 2 | 3 | undefined;

/** Accents, and the points of Hebrew and Arabic. Other marks, as Hindi's vowels, are letters to those who read them. */
const ACCENTS = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]+/g;

/** What is compared: `Ångström` and `angstrom` are the same, so are `ＡＢ` and `ab`. */
export function fold(text: string): string {
  return text.normalize("NFKD").replace(ACCENTS, "").toLowerCase().trim();
}

/** The whole name, its beginning, the beginning of one of its words, or anywhere within. Both are folded already. */
export function rank(name: string, query: string): Rank {
  if (query === "") return undefined;
  if (name === query) return 0;
  if (name.startsWith(query)) return 1;
  const at = name.indexOf(query);
  if (at < 0) return undefined;
  if (startsWord(name, query)) return 2;
  return 3;
}

/** The best of several names, folded already. */
export function bestRank(names: readonly string[], query: string): Rank {
  let best: Rank;
  for (const name of names) {
    const found = rank(name, query);
    if (found !== undefined && (best === undefined || found < best)) best = found;
  }
  return best;
}

function startsWord(name: string, query: string): boolean {
  for (let at = name.indexOf(query); at >= 0; at = name.indexOf(query, at + 1)) {
    if (at === 0 || !/[\p{Letter}\p{Number}]/u.test(name[at - 1]!)) return true;
  }
  return false;
}
