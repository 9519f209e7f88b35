// Writes a `.br` beside every file of the build that gets smaller by it, and prints the sizes.

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const DIST = new URL("../dist", import.meta.url).pathname;
const COMPRESSIBLE = /\.(?:html|js|mjs|css|svg|wasm|json|webmanifest)$/;

for (const path of filesIn(DIST).sort()) {
  if (!COMPRESSIBLE.test(path)) continue;
  const bytes = readFileSync(path);
  const compressed = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  if (compressed.length >= bytes.length) continue;
  writeFileSync(`${path}.br`, compressed);
  console.log(`${relative(DIST, path).padEnd(52)} ${String(bytes.length).padStart(9)} ${String(compressed.length).padStart(8)} br`);
}

function filesIn(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });
}
