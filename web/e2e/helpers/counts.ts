// Every unread count that a page shows, as it shows it: a wrong one that is there for one frame is seen.
import type { Page } from "@playwright/test";

/** The values of each count in the order in which they were shown; the first is what was there at the beginning. */
export interface ShownCounts {
  /** Of the document's title. */
  page: string[];
  /** Of each row in the list of chats, by its title. */
  chats: Record<string, string[]>;
}

/** Begins to watch; the function that comes back tells what has been shown since. */
export async function watchesCounts(page: Page): Promise<() => Promise<ShownCounts>> {
  const handle = await page.evaluateHandle(() => {
    const shown: ShownCounts = { page: [], chats: {} };
    const add = (values: string[], value: string) => {
      if (values.at(-1) !== value) values.push(value);
    };
    const look = () => {
      add(shown.page, document.title);
      for (const row of document.querySelectorAll("[data-testid=chat-row]")) {
        const values = (shown.chats[row.getAttribute("data-title") ?? ""] ??= []);
        add(values, row.getAttribute("data-unread") ?? "");
      }
    };
    look();
    const what = { attributes: true, characterData: true, childList: true, subtree: true };
    new MutationObserver(look).observe(document.documentElement, what);
    return shown;
  });
  return () => handle.jsonValue();
}
