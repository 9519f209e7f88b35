// How the stories are played: each with a server and browsers of its own.
import { defineConfig, type Project } from "@playwright/test";
import { CHROMIUM, PICTURE_FLAGS } from "./helpers/browser.ts";
import { TIME_ZONE } from "./helpers/screens.ts";

/** The stories that need no server, only the screens. */
const SCREENS_ONLY = "everyone.spec.ts";

const onStage: Project = {
  dependencies: ["stage"],
  expect: {
    timeout: 30_000,
    // Letters may be drawn a shade different by another version of the browser; anything that moved shows.
    toHaveScreenshot: { animations: "disabled", caret: "hide", scale: "css", threshold: 0.1, maxDiffPixelRatio: 0.0015 },
  },
  use: {
    launchOptions: { executablePath: CHROMIUM, args: PICTURE_FLAGS },
    serviceWorkers: "block",
    timezoneId: TIME_ZONE,
    actionTimeout: 30_000,
    contextOptions: { reducedMotion: "reduce" },
  },
};

export default defineConfig({
  // Played side by side: each story has a server and browsers of its own, and much of it is waiting.
  fullyParallel: true,
  workers: 3,
  retries: 0,
  forbidOnly: true,
  // A story that hangs fails; none of them tests how fast a machine is.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  outputDir: "test-results",
  snapshotPathTemplate: "pictures/{arg}{ext}",
  projects: [
    { name: "stories", testDir: "stories", testIgnore: SCREENS_ONLY },
    { name: "stage", testDir: "stage" },
    // Figures, no checks: `cargo xtask marks`.
    { name: "marks", testDir: "marks", timeout: 900_000 },
    { name: "everyone", testDir: "stories", testMatch: SCREENS_ONLY, ...onStage },
    { name: "pictures", testDir: "pictures", ...onStage },
  ],
});
