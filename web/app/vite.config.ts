// How the client is built and served while developing.

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";
import { emojiData } from "./scripts/emoji-data.ts";
import { serviceWorker } from "./scripts/service-worker.ts";
import { tabsVersion } from "./scripts/tabs-version.ts";
import { withoutWorker } from "./scripts/without-worker.ts";

/** The server that `npm run dev` talks to. */
const server = process.env["ANSER_SERVER"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [svelte(), emojiData(), tabsVersion(), serviceWorker(), withoutWorker()],
  worker: { format: "es" },
  build: {
    target: "es2022",
    // Everything is a file of its own: the policy forbids what is inlined, and wasm must stream.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  optimizeDeps: {
    // It finds its wasm relative to itself.
    exclude: ["@sqlite.org/sqlite-wasm"],
  },
  server: {
    proxy: { "/v1": { target: server, ws: true } },
  },
  test: {
    // A test that hangs fails; none of them tests how fast a machine is.
    testTimeout: 60_000,
    projects: [
      { extends: true, test: { name: "logic", include: ["tests/*.test.ts"], environment: "node" } },
      {
        extends: true,
        plugins: [svelteTesting()],
        test: {
          name: "components",
          include: ["tests/components/*.test.ts"],
          setupFiles: ["tests/components/page.ts"],
          environment: "jsdom",
        },
      },
    ],
  },
});
