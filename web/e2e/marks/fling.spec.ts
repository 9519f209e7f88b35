// Flinging up through ten thousand rows and more: do frames keep coming, and does memory stay where it was?
import type { CDPSession, Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { RATES, standsAtEnd, test } from "./bench.ts";
import { measured, reportFrames } from "./meter.ts";
import { report } from "./report.ts";

/** Where the main thread is slowed down, a shorter way tells as much. */
const ROWS_AT: Record<number, number> = { 1: 10_000, 6: 500 };
/** As far as a quick hand gets in a second. */
const PIXELS_PER_SECOND = 8_000;
const PIXELS_PER_GESTURE = 8_000;
/** A page that cannot follow shall not hold the others up. */
const FLING_MS_MAX = 150_000;

for (const rate of RATES) {
  test.describe(`${rate} times slower`, () => {
    test.use({ rate });

    test(`flinging up, at ${rate}`, async ({ atRate: bench }) => {
      const { alice, cdp } = bench;
      const { page } = alice;
      // Nothing of what was read before the reload is in memory; on the local disk it is.
      await alice.reloads();
      await alice.isIn();
      await standsAtEnd(bench);
      const rows = ROWS_AT[rate] ?? 0;
      const end = await topSeq(page);
      const heapBefore = await heap(cdp);
      const memoryBefore = await rendererMemory(page);
      const began = Date.now();
      const reading = await measured(page, () => flingTo(page, cdp, end - rows));
      const seconds = (Date.now() - began) / 1_000;
      reportFrames("fling", reading, rate, true);
      report({ mark: "fling_rows_per_second", value: (end - (await topSeq(page))) / seconds, unit: "1/s", throttle: rate });
      report({ mark: "heap_before_mb", value: heapBefore, unit: "MB", throttle: rate });
      report({ mark: "heap_half_way_mb", value: await heap(cdp), unit: "MB", throttle: rate });
      await flingTo(page, cdp, end - 2 * rows);
      report({ mark: "heap_after_mb", value: await heap(cdp), unit: "MB", throttle: rate });
      report({ mark: "renderer_before_mb", value: memoryBefore, unit: "MB", throttle: rate });
      report({ mark: "renderer_after_mb", value: await rendererMemory(page), unit: "MB", throttle: rate });
      report({ mark: "rows_read", value: end - (await topSeq(page)), unit: "rows", throttle: rate });
      report({ mark: "rows_in_page", value: await page.locator("[data-seq]").count(), unit: "rows", throttle: rate });
    });

    test(`an empty page under the same gesture, at ${rate}`, async ({ atRate: { alice } }) => {
      const page = await alice.page.context().newPage();
      const cdp = await page.context().newCDPSession(page);
      await cdp.send("Emulation.setCPUThrottlingRate", { rate });
      await page.setContent(`<div role="log">${"<p>a row of nothing but words</p>".repeat(3_000)}</div>`);
      await page.evaluate(() => {
        const log = document.querySelector<HTMLElement>("[role=log]");
        log?.style.setProperty("height", "700px");
        log?.style.setProperty("overflow-y", "scroll");
        log?.scrollTo(0, log.scrollHeight);
      });
      const reading = await measured(page, async () => {
        for (let gesture = 0; gesture < 4; gesture += 1) await fling(page, cdp, PIXELS_PER_GESTURE);
      });
      reportFrames("empty_page_fling", reading, rate, false);
      await page.close();
      await alice.page.bringToFront();
    });
  });
}

/** Gesture after gesture until this seq is near, or time is up. */
async function flingTo(page: Page, cdp: CDPSession, seq: number): Promise<void> {
  const began = Date.now();
  while ((await topSeq(page)) > seq && Date.now() - began < FLING_MS_MAX) await fling(page, cdp, PIXELS_PER_GESTURE);
}

/** A real gesture, as the browser gets it from a wheel. */
async function fling(page: Page, cdp: CDPSession, pixels: number): Promise<void> {
  const box = await page.getByRole("log").boundingBox();
  if (box === null) throw new Error("no chat is open");
  await cdp.send("Input.synthesizeScrollGesture", {
    x: box.x + box.width / 2,
    y: box.y + box.height / 2,
    yDistance: pixels,
    speed: PIXELS_PER_SECOND,
    gestureSourceType: "mouse",
    preventFling: false,
  });
}

async function topSeq(page: Page): Promise<number> {
  return page.evaluate(() => Number(document.querySelector("[data-seq]")?.getAttribute("data-seq")));
}

/** Megabytes of JavaScript that are really in use by the page. */
async function heap(cdp: CDPSession): Promise<number> {
  await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  return usedSize / 1e6;
}

/** Megabytes of the largest page's process: the engine's worker, its WebAssembly and the browser's caches are in it. */
async function rendererMemory(page: Page): Promise<number> {
  const browser = await page.context().browser()?.newBrowserCDPSession();
  const { processInfo } = (await browser?.send("SystemInfo.getProcessInfo")) ?? { processInfo: [] };
  await browser?.detach();
  const sizes = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => residentBytes(id));
  return Math.max(0, ...sizes) / 1e6;
}

function residentBytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) * 1_024;
}
