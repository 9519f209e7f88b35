// Light, dark, or as the system says.

import { readChoice, writeChoice } from "./choices";

const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** The choice is kept in this browser and stands on the root element, where the tokens look for it. */
export class ThemeState {
  choice = $state<Theme>(readChoice("theme", THEMES));

  choose(theme: Theme): void {
    this.choice = theme;
    writeChoice("theme", theme);
    this.show();
  }

  /** Puts it on the page. */
  show(): void {
    const root = document.documentElement;
    if (this.choice === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = this.choice;
  }
}

export const theme = new ThemeState();
