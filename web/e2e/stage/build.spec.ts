// Before the pictures: builds the client with made-up people behind it.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "@playwright/test";

const APP = join(import.meta.dirname, "../../app");

test("the client with made-up people is built", () => {
  const vite = join(APP, "node_modules/vite/bin/vite.js");
  execFileSync(process.execPath, [vite, "build", "--mode", "fake", "--outDir", "dist-fake"], { cwd: APP, stdio: "pipe" });
});
