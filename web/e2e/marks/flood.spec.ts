// Fifty messages a second for a minute into the open chat: does the page stay awake, and does typing?
import { setTimeout as pause } from "node:timers/promises";
import type { Page } from "@playwright/test";
import { type Bench, RATES, standsAtEnd, test } from "./bench.ts";
import { attachMeter, measured, type Reading, reportFrames } from "./meter.ts";
import { median, quantile, report } from "./report.ts";

const PER_SECOND = 50;
const SECONDS = 60;
const BASELINE_SECONDS = 10;
const WRITERS = 10;
const TYPED = "people type about so fast, eight keys a second, and want to see each of them at once ";
const KEY_PAUSE_MS = 125;

for (const rate of RATES) {
  test.describe(`${rate} times slower`, () => {
    test.use({ rate });

    test(`an empty page while as much is written, at ${rate}`, async ({ atRate: bench }) => {
      // Alice's page is behind it: her engine works all the same.
      const page = await bench.alice.page.context().newPage();
      await page.setContent("<p>nothing</p>");
      const reading = await measured(page, () => flood(bench, BASELINE_SECONDS));
      reportFrames("empty_page_flood", reading, rate, false);
      await page.close();
      await bench.alice.page.bringToFront();
    });

    test(`reading and typing while others write, at ${rate}`, async ({ atRate: bench }) => {
      const { alice } = bench;
      await standsAtEnd(bench);
      await alice.composer.click();
      const arrivals = await watchArrivals(alice.page);
      let writing = true;
      const reading = await measured(alice.page, async () => {
        const typing = typeWhile(alice.page, () => writing);
        await flood(bench, SECONDS);
        writing = false;
        await typing;
      });
      await pause(1_000);
      const delays = await arrivals();
      reportFrames("flood", reading, rate, true);
      reportKeys(reading, rate);
      report({ mark: "received_p50_ms", value: median(delays), unit: "ms", limit: 100, throttle: rate });
      report({ mark: "received_p95_ms", value: quantile(delays, 0.95), unit: "ms", throttle: rate });
      report({ mark: "received_max_ms", value: Math.max(...delays), unit: "ms", throttle: rate });
      report({ mark: "received_shown", value: delays.length, unit: "messages", throttle: rate });
      await alice.composer.fill("");
    });

    test(`receiving one at a time, at ${rate}`, async ({ atRate: bench }) => {
      const { alice } = bench;
      await standsAtEnd(bench);
      const arrivals = await watchArrivals(alice.page);
      const { sender, conversation } = await bench.writer(1);
      for (let number = 0; number < 30; number += 1) {
        await sender.writes(conversation, stamped());
        await pause(150);
      }
      await pause(500);
      sender.close();
      const delays = await arrivals();
      report({ mark: "received_quiet_p50_ms", value: median(delays), unit: "ms", limit: 100, throttle: rate });
      report({ mark: "received_quiet_max_ms", value: Math.max(...delays), unit: "ms", throttle: rate });
    });
  });
}

function reportKeys({ keys }: Reading, rate: number): void {
  report({ mark: "typing_lag_p50_ms", value: median(keys), unit: "ms", limit: 50, throttle: rate });
  report({ mark: "typing_lag_p95_ms", value: quantile(keys, 0.95), unit: "ms", limit: 50, throttle: rate });
  report({ mark: "typing_lag_max_ms", value: Math.max(...keys), unit: "ms", throttle: rate });
}

/** Evenly spread over the writers and the time. */
async function flood(bench: Bench, seconds: number): Promise<void> {
  const people = Array.from({ length: WRITERS }, (_, index) => index + 1);
  const writers = await Promise.all(people.map((person) => bench.writer(person)));
  const began = performance.now();
  const sends: Promise<number>[] = [];
  for (let number = 0; number < PER_SECOND * seconds; number += 1) {
    const wait = began + (number * 1_000) / PER_SECOND - performance.now();
    if (wait > 0) await pause(wait);
    const writer = writers[number % WRITERS];
    if (writer !== undefined) sends.push(writer.sender.writes(writer.conversation, stamped()));
  }
  await Promise.all(sends);
  const took = (performance.now() - began) / 1_000;
  report({ mark: "flood_written_per_second", value: sends.length / took, unit: "1/s" });
  for (const { sender } of writers) sender.close();
}

/** A text that says when it was written. */
function stamped(): string {
  return `written at ${performance.timeOrigin + performance.now()} by somebody with something to say`;
}

async function typeWhile(page: Page, goOn: () => boolean): Promise<void> {
  while (goOn()) {
    for (const key of TYPED) {
      if (!goOn()) break;
      await page.keyboard.type(key);
      await pause(KEY_PAUSE_MS);
    }
    await page.getByRole("textbox", { name: "Message" }).fill("");
  }
}

/**
 * From now on, how long each stamped message took from its writer's hand until it is painted: the way through the
 * server and its disk is in it.
 */
async function watchArrivals(page: Page): Promise<() => Promise<number[]>> {
  await attachMeter(page);
  const handle = await page.evaluateHandle(() => {
    const delays: number[] = [];
    const seen = new Set<string>();
    const began = performance.timeOrigin + performance.now();
    const log = document.querySelector("[role=log]");
    new MutationObserver(() => {
      const texts = [...document.querySelectorAll("[role=log] [data-testid=message-text]")].slice(-40);
      for (const node of texts) {
        const text = node.textContent ?? "";
        const at = Number(/^written at ([\d.]+) /.exec(text)?.[1]);
        if (!(at > began) || seen.has(text)) continue;
        seen.add(text);
        window.anserMeter.afterPaint((nowMs) => delays.push(performance.timeOrigin + nowMs - at));
      }
    }).observe(log ?? document.body, { childList: true, subtree: true });
    return delays;
  });
  return () => handle.jsonValue();
}
