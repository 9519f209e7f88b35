// Small choices of the user that belong to this browser, not to the account.

import { keep, readKept } from "./browser-storage";

/** One of the allowed values; the first of them when nothing (or nonsense) was kept. */
export function readChoice<T extends string>(name: string, allowed: readonly [T, ...T[]]): T {
  const kept = readKept(name);
  return allowed.find((value) => value === kept) ?? allowed[0];
}

/** Keeps it, where the browser lets us. */
export function writeChoice(name: string, value: string): void {
  keep(name, value);
}
