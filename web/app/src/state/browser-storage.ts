// What is kept in the browser beside the engine's database: choices stay, everything of an account goes with it.

const PREFIX = "anser.";
/** Belong to whoever uses this browser, so they outlive a sign-out. Everything else does not. */
const CHOICES: readonly string[] = ["language", "theme", "sendWith", "notifications", "notificationText"];

/** One place to keep small texts. */
export type Shelf = "local" | "session";

/** The text kept under a name; undefined when there is none, or when this browser keeps nothing. */
export function readKept(name: string, shelf: Shelf = "local"): string | undefined {
  try {
    return shelfOf(shelf).getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a text, or forgets it (undefined), where the browser lets us. */
export function keep(name: string, value: string | undefined, shelf: Shelf = "local"): void {
  try {
    if (value === undefined) shelfOf(shelf).removeItem(PREFIX + name);
    else shelfOf(shelf).setItem(PREFIX + name, value);
  } catch {
    // Forbidden or full: it lasts as long as the page.
    return;
  }
}

/** Somebody signed out: nothing of theirs stays, on either shelf. */
export function wipeAccount(): void {
  for (const shelf of ["local", "session"] as const) {
    try {
      const storage = shelfOf(shelf);
      const names = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
      for (const name of names) {
        if (name.startsWith(PREFIX) && !CHOICES.includes(name.slice(PREFIX.length))) storage.removeItem(name);
      }
    } catch {
      continue;
    }
  }
}

function shelfOf(shelf: Shelf): Storage {
  return shelf === "local" ? localStorage : sessionStorage;
}
