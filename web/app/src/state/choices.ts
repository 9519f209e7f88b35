// Small choices of the user that belong to this browser, not to the account.

/** One of the allowed values; the first of them when nothing (or nonsense) was kept. */
export function readChoice<T extends string>(name: string, allowed: readonly [T, ...T[]]): T {
  try {
    const kept = localStorage.getItem(`anser.${name}`);
    return allowed.find((value) => value === kept) ?? allowed[0];
  } catch {
    // Storage is forbidden here: the default, every time.
    return allowed[0];
  }
}

/** Keeps it, where the browser lets us. */
export function writeChoice(name: string, value: string): void {
  try {
    localStorage.setItem(`anser.${name}`, value);
  } catch {
    return;
  }
}
