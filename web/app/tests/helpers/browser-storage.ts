// `localStorage` and `sessionStorage`, where there is no browser.
import { vi } from "vitest";

/** Puts a storage under this name, until `vi.unstubAllGlobals`. What lies in it is the map that is returned. */
export function stubStorage(name: "localStorage" | "sessionStorage", kept = new Map<string, string>()): Map<string, string> {
  vi.stubGlobal(name, {
    get length() {
      return kept.size;
    },
    key: (index: number) => [...kept.keys()][index] ?? null,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  });
  return kept;
}
