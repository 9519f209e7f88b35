// A test that looks at screens: a stage to stand on, a browser in each shape that people have.
import { test as base } from "@playwright/test";
import type { Looks } from "./person.ts";
import { Stage } from "./stage.ts";

const PHONE: Looks = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const DESKTOP: Looks = { viewport: { width: 1280, height: 800 } };

/** Both widths, both themes, both languages, in four pictures instead of eight. */
export const SHAPES: readonly (Looks & { name: string; locale: string })[] = [
  { name: "desktop-light-en", ...DESKTOP, colorScheme: "light", locale: "en-GB" },
  { name: "desktop-dark-zh", ...DESKTOP, colorScheme: "dark", locale: "zh-CN" },
  { name: "phone-light-zh", ...PHONE, colorScheme: "light", locale: "zh-CN" },
  { name: "phone-dark-en", ...PHONE, colorScheme: "dark", locale: "en-GB" },
];

export const test = base.extend<object, { stage: string }>({
  stage: [
    // Playwright wants the first parameter to be a pattern.
    async ({}, use) => {
      const stage = await Stage.open();
      await use(stage.address);
      await stage.close();
    },
    { scope: "worker" },
  ],
  // A page that throws is broken, however it looks.
  page: async ({ page }, use) => {
    const troubles: string[] = [];
    page.on("pageerror", (error) => troubles.push(error.stack ?? error.message));
    page.on("console", (message) => {
      if (message.type() === "error") troubles.push(message.text());
    });
    await use(page);
    if (troubles.length > 0) throw new Error(`the page had errors:\n${troubles.join("\n")}`);
  },
});

export { expect } from "@playwright/test";
