// Skin tones: the same person in another colour.

/** None (yellow), then from light to dark. */
export const TONES = ["", "🏻", "🏼", "🏽", "🏾", "🏿"] as const;
export type Tone = (typeof TONES)[number];

/** Everybody in the emoji gets the tone. Only for emoji that take tones; others would fall apart. */
export function toned(emoji: string, tone: Tone): string {
  // A person drawn in colour by a selector has the tone in its place.
  return tone === "" ? emoji : emoji.replace(/(\p{Emoji_Modifier_Base})\uFE0F?/gu, `$1${tone}`);
}
