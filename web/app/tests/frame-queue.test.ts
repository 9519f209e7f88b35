// What comes is drawn with the next frame; after a long one the hand has its turn first.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FrameQueue } from "../src/state/frame-queue";

let nowMs = 0;
let frames: (() => void)[] = [];
let drawn: number[][] = [];
/** How long one frame with something new takes. */
let drawMs = 0;
let queue: FrameQueue<number>;

beforeEach(() => {
  vi.useFakeTimers();
  nowMs = 1_000;
  frames = [];
  drawn = [];
  drawMs = 0;
  vi.stubGlobal("performance", { now: () => nowMs });
  vi.stubGlobal("document", { visibilityState: "visible" });
  vi.stubGlobal("requestAnimationFrame", (callback: () => void) => frames.push(callback));
  queue = new FrameQueue((gathered) => {
    drawn.push([...gathered]);
    nowMs += drawMs;
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const pass = (ms: number): void => {
  nowMs += ms;
  vi.advanceTimersByTime(ms);
};

/** One frame, and the task after it. */
const frame = (): void => {
  for (const callback of frames.splice(0)) callback();
  pass(0);
};

test("what comes between two frames is drawn at once with the next", () => {
  queue.add(1);
  queue.add(2);
  expect(drawn).toEqual([]);
  frame();
  queue.add(3);
  frame();
  expect(drawn).toEqual([[1, 2], [3]]);
});

test("after a frame that took long there is a rest as long, and nothing is lost", () => {
  drawMs = 30;
  queue.add(1);
  frame();
  queue.add(2);
  pass(29);
  frame();
  expect(drawn).toEqual([[1]]);
  queue.add(3);
  pass(1);
  frame();
  expect(drawn).toEqual([[1], [2, 3]]);
});

test("no rest is longer than anybody waits for a message", () => {
  drawMs = 2_000;
  queue.add(1);
  frame();
  queue.add(2);
  pass(50);
  frame();
  expect(drawn).toEqual([[1], [2]]);
});

test("what somebody waits for does not wait for the rest", () => {
  drawMs = 40;
  queue.add(1);
  frame();
  queue.add(2);
  frame();
  expect(drawn).toEqual([[1]]);
  queue.hurry();
  frame();
  // Asked for before that frame was over: the rest after it does not count.
  queue.hurry();
  pass(1);
  queue.add(3);
  frame();
  expect(drawn).toEqual([[1], [2], [3]]);
  pass(100);
  frame();
  expect(drawn).toHaveLength(3);
});

test("a hidden page has no frames, and goes on", () => {
  vi.stubGlobal("document", { visibilityState: "hidden" });
  queue.add(1);
  expect(drawn).toEqual([[1]]);
});
