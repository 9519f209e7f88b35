// The language of a text where its script tells it: so that it is spoken, broken and drawn as its readers expect.

/** Kana and hangul are written in one language only, so they decide, however much Han stands between them. */
const DECIDING: readonly (readonly [lang: string, RegExp])[] = [
  ["ja", /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ["ko", /\p{Script=Hangul}/gu],
  ["zh", /[\p{Script=Han}\p{Script=Bopomofo}]/gu],
  ["th", /\p{Script=Thai}/gu],
  ["he", /\p{Script=Hebrew}/gu],
  ["el", /\p{Script=Greek}/gu],
  ["ka", /\p{Script=Georgian}/gu],
  ["hy", /\p{Script=Armenian}/gu],
];
const ANY_LETTER = /\p{L}/gu;
/** Anything beyond what European languages share; without it there is nothing to find. */
const TELLING = /[^\u0000-\u036f\u2000-\u2bff]/u;
/** Of all letters, so many must be of that language: a name in another script does not make a text of it. */
const SHARE_MIN = 0.3;

/** A language tag, or undefined: Latin, Cyrillic, Arabic and others are the scripts of many. */
export function langOf(text: string): string | undefined {
  if (!TELLING.test(text)) return undefined;
  const letters = count(text, ANY_LETTER);
  const han = count(text, DECIDING[2]![1]);
  for (const [lang, script] of DECIDING) {
    const own = count(text, script);
    if (own === 0) continue;
    const all = lang === "ja" || lang === "ko" ? own + han : own;
    if (all / letters >= SHARE_MIN) return lang;
  }
  return undefined;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
