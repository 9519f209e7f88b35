// A Vite plugin: writes `sw.js`, which keeps the app shell of this build for offline starts.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

/** Files from `public/` that belong to the shell. */
const PUBLIC = ["icon.svg", "icon-unread.svg", "icon-192.png", "manifest.webmanifest"];

/** Parts of SQLite's package that come into the build but are never loaded, being other ways to reach a disk: they go. */
const UNUSED = /sqlite3-(?:worker1|opfs-async-proxy)/;

/** The list of assets is known only when they are made, so it is filled in then. */
export function serviceWorker(): Plugin {
  return {
    name: "anser-service-worker",
    apply: "build",
    generateBundle(_options, bundle) {
      for (const name of Object.keys(bundle)) if (UNUSED.test(name)) delete bundle[name];
      const built = Object.keys(bundle).filter((name) => name.startsWith("assets/"));
      const assets = ["/", ...built.map((name) => `/${name}`), ...PUBLIC.map((name) => `/${name}`)];
      const version = createHash("sha256").update(assets.join("\n")).update(pageOf(bundle)).digest("hex").slice(0, 12);
      const template = readFileSync(new URL("./service-worker-template.js", import.meta.url), "utf8");
      const source = template
        .replace('"__VERSION__"', JSON.stringify(version))
        .replace('["__ASSETS__"]', JSON.stringify(assets.sort()));
      this.emitFile({ type: "asset", fileName: "sw.js", source });
    },
  };
}

function pageOf(bundle: Record<string, unknown>): string {
  const page = bundle["index.html"];
  return typeof page === "object" && page !== null && "source" in page ? String(page.source) : "";
}
