// The language of the screen: the browser's, or the one chosen.

import { en, type Messages } from "../i18n/en";
import { zh } from "../i18n/zh";
import { readChoice, writeChoice } from "./choices";

export type Language = "en" | "zh";
const CHOICES = ["auto", "en", "zh"] as const;
export type LanguageChoice = (typeof CHOICES)[number];

const CATALOGUES: Record<Language, Messages> = { en, zh };

/** The words (`t`) and the tag for `Intl` (`tag`). */
export class LocaleState {
  choice = $state<LanguageChoice>(readChoice("language", CHOICES));

  /** What the browser asks for, best first. */
  preferred = $state.raw<readonly string[]>(globalThis.navigator?.languages ?? []);

  readonly language: Language = $derived(this.choice === "auto" ? firstKnown(this.preferred) : this.choice);

  readonly t: Messages = $derived(CATALOGUES[this.language]);

  /** The user's own variety of the language (`en-GB`, `zh-TW`), so that times look as they are used to. */
  readonly tag: string = $derived(
    this.preferred.find((tag) => languageOf(tag) === this.language) ?? (this.language === "zh" ? "zh-CN" : "en"),
  );

  choose(choice: LanguageChoice): void {
    this.choice = choice;
    writeChoice("language", choice);
    this.show();
  }

  /** Tells the page, for hyphenation, fonts and screen readers. */
  show(): void {
    document.documentElement.lang = this.language === "zh" ? "zh-Hans" : "en";
  }
}

function languageOf(tag: string): string {
  return tag.toLowerCase().split("-")[0]!;
}

function firstKnown(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const language = languageOf(tag);
    if (language === "en" || language === "zh") return language;
  }
  return "en";
}

export const locale = new LocaleState();
