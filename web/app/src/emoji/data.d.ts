// What `scripts/emoji-data.ts` makes of emojibase's data.

declare module "virtual:emoji/shapes" {
  /** `[emoji, group, takes skin tones (0, 1), version if newer than what all systems have, else 0]`. */
  const shapes: readonly (readonly [string, number, 0 | 1, number])[];
  export default shapes;
}

declare module "virtual:emoji/en" {
  /** The name, then other words to find it by, between bars; in the order of the shapes. */
  const words: readonly string[];
  export default words;
}

declare module "virtual:emoji/zh" {
  const words: readonly string[];
  export default words;
}
