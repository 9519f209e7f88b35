// Asking the browser not to throw away what is kept here when it runs out of room.

/**
 * Called when the first own message is on its way: by then the user has something to lose, and a browser that asks
 * back asks somebody who knows why. Once for each page; browsers remember the answer themselves.
 */
export function keepLastingly(storage: StorageManager | undefined = globalThis.navigator?.storage): void {
  if (asked || storage?.persist === undefined) return;
  asked = true;
  void ask(storage);
}

let asked = false;

async function ask(storage: StorageManager): Promise<void> {
  try {
    if (!(await storage.persisted())) await storage.persist();
  } catch {
    // It would have been a kindness of the browser; nothing depends on it.
    return;
  }
}
