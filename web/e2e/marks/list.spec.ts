// The list of 2,000 chats: how soon it is there without a server, and how it scrolls.
import type { CDPSession } from "@playwright/test";
import { RATES, test } from "./bench.ts";
import { measured, reportFrames } from "./meter.ts";
import { median, report } from "./report.ts";

const OPENINGS = 5;
const PIXELS_PER_SECOND = 8_000;

for (const rate of RATES) {
  test.describe(`${rate} times slower`, () => {
    test.use({ rate });

    test(`the first screen from the local store, at ${rate}`, async ({ atRate: { alice } }) => {
      await alice.canOpenOffline();
      alice.goesOffline();
      const taken: number[] = [];
      for (let opening = 0; opening < OPENINGS; opening += 1) {
        await alice.page.goto(alice.wire.address);
        taken.push(
          await alice.page.evaluate(async () => {
            const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
            while (document.querySelector("[data-testid=chat-row]") === null) await frame();
            await frame();
            // Counted from the beginning of the navigation.
            return performance.now();
          }),
        );
      }
      report({ mark: "first_screen_ms", value: median(taken), unit: "ms", limit: 1_000, throttle: rate });
      report({ mark: "first_screen_max_ms", value: Math.max(...taken), unit: "ms", throttle: rate });
      await alice.goesOnline();
      await alice.isIn();
    });

    test(`scrolling the list, at ${rate}`, async ({ atRate: { alice, cdp } }) => {
      const list = await alice.page.getByTestId("chat-row").nth(3).boundingBox();
      if (list === null) throw new Error("no list");
      const reading = await measured(alice.page, async () => {
        for (const way of [-40_000, 40_000]) await scroll(cdp, list.x + 50, list.y, way);
      });
      reportFrames("list", reading, rate, true);
    });
  });
}

async function scroll(cdp: CDPSession, x: number, y: number, yDistance: number): Promise<void> {
  const gestureSourceType = "mouse";
  await cdp.send("Input.synthesizeScrollGesture", { x, y, yDistance, speed: PIXELS_PER_SECOND, gestureSourceType });
}
