// Finds messages that are nothing but a few emoji: they are shown larger.

/** More than these are a line like any other. */
const EMOJI_MAX = 3;
/** The longest emoji are families and flags of regions; what is longer cannot be three of them. */
const UNITS_MAX = EMOJI_MAX * 40;

/** One emoji as a reader sees it: a picture by itself, one made a picture by a selector, a flag, or a keycap. */
const EMOJI = /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}(?=\ufe0f|\p{Emoji_Modifier})|\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3)/u;

let segmenter: Intl.Segmenter | undefined;

/** How many emoji a message consists of, when these are all and not more than three; else 0. */
export function countOnlyEmoji(text: string): number {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.length > UNITS_MAX || !EMOJI.test(trimmed)) return 0;
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  let count = 0;
  for (const { segment } of segmenter.segment(trimmed)) {
    if (segment === " ") continue;
    if (!EMOJI.test(segment)) return 0;
    count += 1;
  }
  return count <= EMOJI_MAX ? count : 0;
}
