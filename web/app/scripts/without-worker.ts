// A Vite plugin: leaves the worker out of the build with made-up people, which so needs no WebAssembly to be made.

import type { Plugin } from "vite";

/** As it stands in the source; Vite would follow it into the worker's own build. */
const WORKER = /new URL\("[^"]*\/worker\/main\.ts", import\.meta\.url\)/;

export function withoutWorker(): Plugin {
  return {
    name: "anser-without-worker",
    enforce: "pre",
    apply: (_config, { mode }) => mode === "fake",
    transform(code, id) {
      return id.includes("/src/engine/") && WORKER.test(code) ? code.replace(WORKER, '""') : undefined;
    },
  };
}
