// What `scripts/emoji-data.ts` makes of emojibase's data.

declare module "virtual:emoji/shapes" {
  /**
   * `[emoji, group, version it came with, version its skin tones came with]`. Versions begin at the one that every
   * system has; 0: it takes no tones.
   */
  const shapes: readonly (readonly [string, number, number, number])[];
  export default shapes;
}

declare module "virtual:emoji/en" {
  /** The name, then other words to find it by, folded, between bars; in the order of the shapes. */
  const words: readonly string[];
  export default words;
}

declare module "virtual:emoji/zh" {
  const words: readonly string[];
  export default words;
}
