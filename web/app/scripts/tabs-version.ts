// A Vite plugin: the version of what tabs say to one another, made from the very files that define it.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Plugin } from "vite";

const FOLDER = new URL("../src/engine/generated/", import.meta.url);
const MESSAGES = new URL("../src/worker/messages.ts", import.meta.url);

/**
 * Gives `__TABS_VERSION__`. A number kept by hand would be forgotten one day, and then a tab of an old build would
 * misunderstand the engine of a new one.
 */
export function tabsVersion(): Plugin {
  return {
    name: "anser-tabs-version",
    config: () => ({ define: { __TABS_VERSION__: JSON.stringify(versionOf()) } }),
  };
}

function versionOf(): string {
  const hash = createHash("sha256").update(readFileSync(MESSAGES));
  for (const name of readdirSync(FOLDER).sort()) hash.update(name).update(readFileSync(new URL(name, FOLDER)));
  return hash.digest("hex").slice(0, 8);
}
