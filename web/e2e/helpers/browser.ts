// Which browser the stories are played in, and how it is started.

/** The system's Chromium; CI says where another one is. */
export const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

export const CHROMIUM_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Letters are drawn the same on every machine: no hinting, no colours at their edges. */
export const PICTURE_FLAGS = [...CHROMIUM_FLAGS, "--font-render-hinting=none", "--disable-lcd-text", "--force-color-profile=srgb"];
