// The letter and colour that stand for a person or a group until there are pictures.

/** How many colours `--hue-0` … the tokens define. */
export const HUES = 8;

let segmenter: Intl.Segmenter | undefined;

/** The first letter as the reader sees it: one grapheme, so that no emoji or accent is cut in half. */
export function initialOf(title: string): string {
  const trimmed = title.trim();
  if (trimmed === "") return "?";
  // Making one costs a hundred times what using it does.
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  for (const { segment } of segmenter.segment(trimmed)) return segment.toLocaleUpperCase();
  return "?";
}

/** The same colour for the same id, always. */
export function hueOf(id: number): number {
  // Multiplying by a large odd number spreads ids that follow each other.
  return Math.imul(id % 0x7fffffff, 0x9e3779b1) >>> 29;
}
