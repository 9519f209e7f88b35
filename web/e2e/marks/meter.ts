// Measures inside the page: frames, tasks that held it up, and how long a key takes to the screen.
import type { CDPSession, Page } from "@playwright/test";
import { type Figure, quantile, report } from "./report.ts";

/** Everything between `begin` and `end`. */
export interface Reading {
  /** Milliseconds from one frame to the next. */
  frames: number[];
  /** Milliseconds of tasks over 50 ms on the main thread. */
  longTasks: number[];
  /** Milliseconds from a key's event until the next frame is painted. */
  keys: number[];
}

interface Meter {
  /** Calls back with the time when what was drawn in this frame is on the screen. */
  afterPaint(callback: (nowMs: number) => void): void;
  begin(): void;
  end(): Reading;
}

declare global {
  interface Window {
    anserMeter: Meter;
  }
}

/** Puts the meter into the page as it is now. */
export async function attachMeter(page: Page): Promise<void> {
  await page.evaluate(() => {
    if (window.anserMeter !== undefined) return;
    let reading: Reading | undefined;
    const frame = (before: number) => {
      requestAnimationFrame((now) => {
        if (reading === undefined) return;
        reading.frames.push(now - before);
        frame(now);
      });
    };
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) reading?.longTasks.push(duration);
    }).observe({ type: "longtask" });
    // A message sent while a frame is made arrives after that frame was painted.
    const painted = new MessageChannel();
    const waiting: ((nowMs: number) => void)[] = [];
    painted.port1.onmessage = () => {
      for (const callback of waiting.splice(0)) callback(performance.now());
    };
    const afterPaint = (callback: (nowMs: number) => void) => {
      waiting.push(callback);
      painted.port2.postMessage(null);
    };
    const keyPressed = ({ timeStamp }: KeyboardEvent) => {
      requestAnimationFrame(() => afterPaint((nowMs) => reading?.keys.push(nowMs - timeStamp)));
    };
    addEventListener("keydown", keyPressed, { capture: true });
    window.anserMeter = {
      afterPaint,
      begin() {
        reading = { frames: [], longTasks: [], keys: [] };
        requestAnimationFrame((now) => frame(now));
      },
      end() {
        const whole = reading ?? { frames: [], longTasks: [], keys: [] };
        reading = undefined;
        return whole;
      },
    };
  });
}

/** What the page did meanwhile. */
export async function measured(page: Page, deed: () => Promise<void>): Promise<Reading> {
  await attachMeter(page);
  await page.evaluate(() => window.anserMeter.begin());
  await deed();
  return page.evaluate(() => window.anserMeter.end());
}

/** The figures of frames; a limit of frames per second and of the longest frame, where there is one. */
export function reportFrames(name: string, { frames, longTasks }: Reading, throttle: number, held: boolean): void {
  const sum = frames.reduce((all, each) => all + each, 0);
  const figure = (mark: string, value: number, unit: string, limit?: number): Figure => ({
    mark: `${name}_${mark}`,
    value,
    unit,
    throttle,
    ...(limit === undefined || !held ? {} : { limit }),
  });
  report(figure("fps", (frames.length * 1_000) / sum, "1/s", 55));
  report(figure("frame_p50_ms", quantile(frames, 0.5), "ms"));
  report(figure("frame_p95_ms", quantile(frames, 0.95), "ms"));
  report(figure("frame_p99_ms", quantile(frames, 0.99), "ms"));
  report(figure("frame_max_ms", Math.max(...frames), "ms", 100));
  report(figure("frames_over_100ms", frames.filter((each) => each > 100).length, "frames", 0));
  report(figure("long_task_max_ms", Math.max(0, ...longTasks), "ms"));
  report(figure("frames", frames.length, "frames"));
}

/** Makes the main thread so many times slower. */
export async function throttle(cdp: CDPSession, rate: number): Promise<void> {
  await cdp.send("Emulation.setCPUThrottlingRate", { rate });
}
