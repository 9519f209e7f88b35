// The letter and colour that stand for a person or a group until there are pictures.

/** How many colours `--hue-0` … the tokens define. */
export const HUES = 8;

/** Names whose letter is remembered: as many as are on the screens of a while. */
const REMEMBERED_MAX = 500;

let segmenter: Intl.Segmenter | undefined;
const initials = new Map<string, string>();

/** The first letter as the reader sees it: one grapheme, so that no emoji or accent is cut in half. */
export function initialOf(title: string): string {
  let initial = initials.get(title);
  if (initial === undefined) {
    initial = findInitial(title.trim());
    if (initials.size >= REMEMBERED_MAX) initials.clear();
    // Every row with a face asks, and to find a grapheme takes a tenth of what the whole row does.
    initials.set(title, initial);
  }
  return initial;
}

function findInitial(title: string): string {
  // Making one costs a hundred times what using it does.
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  for (const { segment } of segmenter.segment(title)) return segment.toLocaleUpperCase();
  return "?";
}

/** The same colour for the same id, always. */
export function hueOf(id: number): number {
  // Multiplying by a large odd number spreads ids that follow each other.
  return Math.imul(id % 0x7fffffff, 0x9e3779b1) >>> 29;
}
