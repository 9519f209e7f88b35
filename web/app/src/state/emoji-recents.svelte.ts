// Which emoji this person used last, and in which skin tone; forgotten when they sign out.

import { type Tone, TONES } from "../emoji/tones";
import { keep, readKept } from "./browser-storage";

/** Three rows on most screens. */
const RECENTS_MAX = 27;
const RECENTS = "recentEmoji";
const TONE = "skinTone";

/** Both are kept in this browser. */
export class EmojiRecents {
  list = $state.raw<readonly string[]>(readList());
  tone = $state<Tone>(readTone());

  /** It comes first from now on. */
  used(emoji: string): void {
    this.list = [emoji, ...this.list.filter((other) => other !== emoji)].slice(0, RECENTS_MAX);
    keep(RECENTS, JSON.stringify(this.list));
  }

  chooseTone(tone: Tone): void {
    this.tone = tone;
    keep(TONE, tone === "" ? undefined : tone);
  }

  /** Another person may come. */
  forget(): void {
    this.list = [];
    this.tone = "";
  }
}

function readList(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(readKept(RECENTS) ?? "[]");
    return Array.isArray(kept) ? kept.filter((emoji) => typeof emoji === "string").slice(0, RECENTS_MAX) : [];
  } catch {
    return [];
  }
}

function readTone(): Tone {
  const kept = readKept(TONE);
  return TONES.find((tone) => tone === kept) ?? "";
}
