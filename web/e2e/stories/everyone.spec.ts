// Nobody is shut out: screen readers, keyboards, narrow windows, large letters, other writing, quiet motion.
import axe from "axe-core";
import type { Page } from "@playwright/test";
import { walkByTab, whatDoesNotFit, whatIsCutOff, whatIsTooSmall } from "../helpers/fit.ts";
import { type Screen, SCREENS, visit, wordsOf } from "../helpers/screens.ts";
import { expect, SHAPES, test } from "../helpers/shown.ts";
import { en } from "../../app/src/i18n/en.ts";

/** Asks the same of every screen and tells all that is wrong at once. */
async function onEveryScreen(page: Page, stage: string, locale: string, ask: (screen: Screen) => Promise<string[]>): Promise<void> {
  const wrong: string[] = [];
  for (const screen of SCREENS) {
    await test.step(screen.name, async () => {
      await visit(page, stage, screen, wordsOf(locale));
      wrong.push(...(await ask(screen)).map((what) => `${screen.name}: ${what}`));
    });
  }
  expect(wrong).toEqual([]);
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations: found } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id} at ${node.target.join(" ")}: ${node.failureSummary ?? ""}`));
}

for (const { name, ...looks } of SHAPES) {
  test.describe(name, () => {
    test.use(looks);
    test("axe finds nothing on any screen", async ({ page, stage }) => {
      await onEveryScreen(page, stage, looks.locale, () => violations(page));
    });
  });
}

test.describe("in a narrow window", () => {
  for (const locale of ["en-GB", "zh-CN"]) {
    test.describe(locale, () => {
      test.use({ locale, viewport: { width: 320, height: 640 } });
      test("at 320 pixels nothing is cut off and everything can be reached", async ({ page, stage }) => {
        await onEveryScreen(page, stage, locale, async () => [...(await whatDoesNotFit(page)), ...(await whatIsCutOff(page))]);
      });
    });
  }
});

test.describe("with thumbs", () => {
  test.use({ locale: "en-GB", viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  test("everything that can be pressed is as large as a thumb", async ({ page, stage }) => {
    await onEveryScreen(page, stage, "en-GB", () => whatIsTooSmall(page));
  });
});

test.describe("with everything twice as large", () => {
  // A window of 1280 × 800 in which the browser draws everything at 200 %.
  test.use({ locale: "en-GB", viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 });
  test("at 200 percent nothing is cut off and everything can be reached", async ({ page, stage }) => {
    await onEveryScreen(page, stage, "en-GB", async () => [...(await whatDoesNotFit(page)), ...(await whatIsCutOff(page))]);
  });
});

test.describe("by keyboard", () => {
  test.use({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
  test("Tab reaches every control of every screen, and shows where it is", async ({ page, stage }) => {
    await onEveryScreen(page, stage, "en-GB", async () => {
      const { missed, unmarked } = await walkByTab(page);
      return [...missed.map((control) => `Tab misses ${control}`), ...unmarked.map((control) => `nothing marks ${control}`)];
    });
  });
});

test.describe("with reduced motion", () => {
  test.use({ locale: "en-GB", contextOptions: { reducedMotion: "reduce" } });
  test("nothing moves by itself", async ({ page, stage }) => {
    await onEveryScreen(page, stage, "en-GB", () =>
      page.evaluate(() => document.getAnimations().map((moving) => ("animationName" in moving ? String(moving.animationName) : moving.constructor.name))),
    );
  });
});

test.describe("with the system's own high contrast", () => {
  test.use({ locale: "en-GB", contextOptions: { forcedColors: "active" } });
  test("own messages, the open chat and what is unread are told apart without colours of ours", async ({ page, stage }) => {
    const [group] = SCREENS.filter(({ name }) => name === "chat-group");
    await visit(page, stage, group!, en);
    const edge = (selector: string) =>
      page.locator(selector).first().evaluate((element) => {
        const style = getComputedStyle(element);
        return style.borderTopStyle !== "none" && parseFloat(style.borderTopWidth) > 0;
      });
    expect(await edge("[data-own=true]"), "an own bubble has an edge").toBe(true);
    expect(await edge("[data-own=false]"), "another's bubble has an edge").toBe(true);
    const background = (selector: string) => page.locator(selector).first().evaluate((element) => getComputedStyle(element).backgroundColor);
    expect(await background("[data-testid=chat-row][aria-current]")).not.toBe(await background("[data-testid=chat-row]:not([aria-current])"));
  });
});

test.describe("in other writing", () => {
  test.use({ locale: "en-GB" });
  test("text from right to left stands right in its bubble, beside text from left to right", async ({ page, stage }) => {
    const [unusual] = SCREENS.filter(({ name }) => name === "chat-unusual");
    await visit(page, stage, unusual!, en);
    const directionOf = (words: string) =>
      page.getByTestId("message-text").filter({ hasText: words }).evaluate((element) => getComputedStyle(element.closest("[dir]")!).direction);
    expect(await directionOf("مرحباً")).toBe("rtl");
    expect(await directionOf("שלום")).toBe("rtl");
    expect(await directionOf("Rindfleisch")).toBe("ltr");
    // A right-to-left line begins at the right edge of its bubble.
    const gaps = await page.getByTestId("message-text").filter({ hasText: "مرحباً" }).evaluate((element) => {
      const range = document.createRange();
      range.selectNodeContents(element);
      const pieces = [...range.getClientRects()];
      const top = Math.min(...pieces.map((piece) => piece.top));
      const line = pieces.filter((piece) => piece.top < top + 4);
      const bubble = element.closest("[data-testid=message]")!.getBoundingClientRect();
      return {
        left: Math.min(...line.map((piece) => piece.left)) - bubble.left,
        right: bubble.right - Math.max(...line.map((piece) => piece.right)),
      };
    });
    expect(gaps.right).toBeLessThanOrEqual(gaps.left + 1);
  });

  test("the page says which language it is in", async ({ page, stage }) => {
    await visit(page, stage, SCREENS[0]!, en);
    await expect(page.locator("html")).toHaveAttribute("lang", "en");
    await page.getByLabel(en.language).selectOption("zh");
    await expect(page.locator("html")).toHaveAttribute("lang", "zh-Hans");
  });
});

test.describe("with a screen reader", () => {
  test.use({ locale: "en-GB" });
  test("a new message is said once, politely", async ({ page, stage }) => {
    const [chat] = SCREENS.filter(({ name }) => name === "chat");
    await visit(page, stage, chat!, en);
    await page.evaluate(() => {
      const said: string[] = [];
      (globalThis as unknown as { said: string[] }).said = said;
      for (const region of document.querySelectorAll("[aria-live=polite]")) {
        const listen = new MutationObserver(() => {
          const words = region.textContent?.trim() ?? "";
          if (words !== "") said.push(words);
        });
        listen.observe(region, { childList: true, characterData: true, subtree: true });
      }
    });
    await page.getByRole("textbox", { name: en.message }).fill("Is anybody there?");
    await page.keyboard.press("Enter");
    // The made-up other answers after a while.
    await expect(page.getByTestId("message-text").filter({ hasText: "I see." })).toHaveCount(1);
    const said = () => page.evaluate(() => (globalThis as unknown as { said: string[] }).said);
    await expect.poll(said).toEqual(["Bob: I see."]);
  });
});
