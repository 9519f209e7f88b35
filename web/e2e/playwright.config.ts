// How the stories are played: one after the other, each with a server and browsers of its own.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  fullyParallel: false,
  workers: 1,
  retries: 0,
  forbidOnly: true,
  // A story that hangs fails; none of them tests how fast a machine is.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  outputDir: "test-results",
  projects: [
    { name: "stories", testDir: "stories" },
    { name: "screenshots", testDir: "pictures" },
  ],
});
