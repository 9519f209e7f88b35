// How long the long chat takes to open at its end, and how long a written message takes to the screen.
import type { Page } from "@playwright/test";
import { LONG_CHAT, RATES, standsAtEnd, test } from "./bench.ts";
import { attachMeter } from "./meter.ts";
import { median, quantile, report } from "./report.ts";

const OPENINGS = 9;
const MESSAGES = 20;

for (const rate of RATES) {
  test.describe(`${rate} times slower`, () => {
    test.use({ rate });

    test(`opening, at ${rate}`, async ({ atRate: bench }) => {
      const { alice } = bench;
      await standsAtEnd(bench);
      const taken: number[] = [];
      for (let opening = 0; opening < OPENINGS; opening += 1) {
        // From another chat, as people do; the chat opens where its reader left it, at the end.
        await alice.chat(LONG_CHAT).waitFor();
        await openAnother(alice.page);
        taken.push(await timeToOpen(alice.page));
      }
      report({ mark: "open_chat_ms", value: median(taken), unit: "ms", limit: 500, throttle: rate });
      report({ mark: "open_chat_max_ms", value: Math.max(...taken), unit: "ms", throttle: rate });
    });

    test(`writing, at ${rate}`, async ({ atRate: bench }) => {
      const { alice } = bench;
      await standsAtEnd(bench);
      const taken: number[] = [];
      for (let number = 0; number < MESSAGES; number += 1) {
        const text = `own message ${number} at ${rate}`;
        await alice.composer.fill(text);
        const shown = timeFromEnter(alice.page, text);
        await alice.composer.press("Enter");
        taken.push(await shown);
      }
      report({ mark: "own_message_p50_ms", value: median(taken), unit: "ms", limit: 50, throttle: rate });
      report({ mark: "own_message_p95_ms", value: quantile(taken, 0.95), unit: "ms", throttle: rate });
    });
  });
}

/** The second chat of the list. */
async function openAnother(page: Page): Promise<void> {
  await page.getByTestId("chat-row").nth(1).click();
  await page.getByTestId("message").last().waitFor();
}

/** From the click on the long chat's row to the frame after the one in which its newest message is on the screen. */
async function timeToOpen(page: Page): Promise<number> {
  return page.evaluate(async (title) => {
    const row = document.querySelector<HTMLElement>(`[data-testid=chat-row][data-title="${title}"]`);
    const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
    await frame();
    const began = performance.now();
    row?.click();
    for (;;) {
      await frame();
      const log = document.querySelector("[role=log]");
      const heading = document.querySelector("h2");
      const rows = log?.querySelectorAll("[data-seq]") ?? [];
      const newest = rows[rows.length - 1];
      if (heading?.textContent !== title || log == null || newest === undefined) continue;
      const { bottom } = newest.getBoundingClientRect();
      const edge = log.getBoundingClientRect().bottom;
      const seq = Number(newest.getAttribute("data-seq"));
      if (seq > 90_000 && bottom <= edge + 1 && bottom > edge - 40) break;
    }
    await frame();
    return performance.now() - began;
  }, LONG_CHAT);
}

/** From the event of Enter until the text is painted among the messages. */
async function timeFromEnter(page: Page, text: string): Promise<number> {
  await attachMeter(page);
  return page.evaluate(
    (wanted) =>
      new Promise<number>((resolve) => {
        const pressed = ({ key, timeStamp }: KeyboardEvent) => {
          if (key !== "Enter") return;
          removeEventListener("keydown", pressed, { capture: true });
          const observer = new MutationObserver(() => {
            const shown = [...document.querySelectorAll("[role=log] [data-testid=message-text]")].slice(-5);
            if (!shown.some((node) => node.textContent === wanted)) return;
            observer.disconnect();
            window.anserMeter.afterPaint((nowMs) => resolve(nowMs - timeStamp));
          });
          observer.observe(document.body, { childList: true, subtree: true, characterData: true });
        };
        addEventListener("keydown", pressed, { capture: true });
      }),
    text,
  );
}
