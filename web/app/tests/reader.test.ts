// Where the list is brought, and who lets go of it: a reader with a list of which every height is known.

import type { VirtualizerHandle } from "virtua/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BOB, row, text } from "../src/engine/fake-world";
import type { Goal, TimelineState } from "../src/state/timeline.svelte";
import { arrange } from "../src/text/rows";
import { Reader } from "../src/ui/reader.svelte";

const HEIGHT = 700;
/** Of every row; a row that is measured makes all of them another height here. */
let rowPx = 40;
let scroller: { scrollTop: number; scrollHeight: number; clientHeight: number };
let timeline: { goal: Goal | undefined; atEnd: boolean; items: ReturnType<typeof items> };
/** The newest row that was called seen. */
let seen: number;
let reader: Reader;

const items = (count: number, unreadAfter?: number) =>
  arrange(
    Array.from({ length: count }, (_, index) => row(index + 1, BOB, index * 1_000, text(`line ${index + 1}`))),
    unreadAfter,
    "UTC",
  );

const list = {
  findItemIndex: (offset: number) => Math.floor(offset / rowPx),
  getItemOffset: (index: number) => index * rowPx,
  getItemSize: () => rowPx,
  getScrollOffset: () => scroller.scrollTop,
  getScrollSize: () => timeline.items.length * rowPx,
  getViewportSize: () => HEIGHT,
} as Partial<VirtualizerHandle> as VirtualizerHandle;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (callback: () => void) => setTimeout(callback, 16));
  rowPx = 40;
  seen = 0;
  // As a page does it: no further than there is something.
  let top = 0;
  scroller = {
    clientHeight: HEIGHT,
    get scrollHeight() {
      return timeline.items.length * rowPx;
    },
    get scrollTop() {
      return top;
    },
    set scrollTop(wanted) {
      top = Math.max(0, Math.min(wanted, this.scrollHeight - HEIGHT));
    },
  };
  const state = {
    goal: { type: "end" } as Goal | undefined,
    atEnd: true,
    items: items(400),
    rows: [],
    moved: (atEnd: boolean, _anchor: unknown, newest = 0) => {
      state.atEnd = atEnd;
      seen = Math.max(seen, newest);
    },
    arrived: () => void (state.goal = undefined),
    loadOlder: () => {},
    loadNewer: () => {},
  };
  timeline = state;
  reader = new Reader(state as Partial<TimelineState> as TimelineState, () => true, () => {});
  reader.scroller = scroller as Partial<HTMLElement> as HTMLElement;
  reader.list = list;
});

afterEach(() => {
  reader.leave();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const isEnd = (): boolean => scroller.scrollTop === scroller.scrollHeight - HEIGHT;

/** The chat opens, and all has come to rest. */
async function opens(goal: Goal): Promise<void> {
  timeline.goal = goal;
  timeline.atEnd = goal.type === "end";
  await reader.follow(goal);
  await vi.advanceTimersByTimeAsync(1_000);
}

test("rows that fall off the window's head move the list up, and nobody has left the end", async () => {
  await opens({ type: "end" });
  expect(isEnd()).toBe(true);
  timeline.items = items(200);
  const followed = reader.follow(undefined);
  // The list tells that it moved before it is at the end again.
  scroller.scrollTop = 3_000;
  reader.look();
  expect(timeline.atEnd).toBe(true);
  await followed;
  expect(isEnd()).toBe(true);
});

test("rows that turn out taller do not push the end out of sight, and whoever goes up is not pulled back", async () => {
  await opens({ type: "end" });
  await reader.follow(undefined);
  rowPx = 60;
  await reader.measured();
  expect(isEnd()).toBe(true);
  reader.heads(true);
  scroller.scrollTop -= 200;
  const { scrollTop } = scroller;
  reader.look();
  expect(timeline.atEnd).toBe(false);
  rowPx = 70;
  await reader.measured();
  await reader.follow(undefined);
  expect(scroller.scrollTop).toBe(scrollTop);
});

test("a hand between a message and its place on the screen counts", async () => {
  await opens({ type: "end" });
  const followed = reader.follow(undefined);
  reader.heads(true);
  scroller.scrollTop -= 300;
  const { scrollTop } = scroller;
  await followed;
  await reader.measured();
  expect(scroller.scrollTop).toBe(scrollTop);
});

test("the unread line is found while rows are measured; after that the list is the reader's", async () => {
  timeline.items = items(400, 100);
  const goal: Goal = { type: "line" };
  timeline.goal = goal;
  timeline.atEnd = false;
  await reader.follow(goal);
  expect(scroller.scrollTop).toBe(100 * 40 - 90);
  for (rowPx = 50; rowPx < 90; rowPx += 10) {
    await reader.measured();
    await vi.advanceTimersByTimeAsync(100);
    expect(scroller.scrollTop).toBe(100 * rowPx - 90);
  }
  await vi.advanceTimersByTimeAsync(400);
  rowPx = 40;
  await reader.measured();
  expect(scroller.scrollTop).toBe(100 * 80 - 90);
});

test("what is on the screen only until rows are measured is not read", async () => {
  timeline.items = items(400, 100);
  const goal: Goal = { type: "line" };
  timeline.goal = goal;
  timeline.atEnd = false;
  await reader.follow(goal);
  // The first look, two frames later, is at rows that are taken to be smaller than they are.
  await vi.advanceTimersByTimeAsync(100);
  rowPx = 80;
  await reader.measured();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(seen).toBe(107);
});

test("what still moves when a place is asked for does not lead away from it", async () => {
  await opens({ type: "end" });
  reader.heads(true);
  scroller.scrollTop = 500;
  reader.look();
  timeline.goal = { type: "end" };
  timeline.atEnd = true;
  await reader.follow(timeline.goal);
  await vi.advanceTimersByTimeAsync(50);
  for (const top of [300, 100, 0]) {
    await vi.advanceTimersByTimeAsync(50);
    scroller.scrollTop = top;
    reader.look();
    expect(isEnd()).toBe(true);
  }
  expect(timeline.atEnd).toBe(true);
});

test("whoever is led away from the end by something else than a hand has left it", async () => {
  await opens({ type: "end" });
  await reader.follow(undefined);
  reader.look();
  // A search in the page, say.
  scroller.scrollTop = 2_000;
  reader.look();
  expect(timeline.atEnd).toBe(false);
  await reader.follow(undefined);
  await reader.measured();
  expect(scroller.scrollTop).toBe(2_000);
});

test("and if a row came in that very moment, once all is quiet", async () => {
  await opens({ type: "end" });
  await reader.follow(undefined);
  reader.look();
  timeline.items = items(401);
  scroller.scrollTop = 2_000;
  reader.look();
  expect(timeline.atEnd).toBe(true);
  await vi.advanceTimersByTimeAsync(400);
  expect(timeline.atEnd).toBe(false);
  await reader.follow(undefined);
  expect(scroller.scrollTop).toBe(2_000);
});

test("who takes hold of the scrollbar is not pulled; a press on a row is no such thing", async () => {
  await opens({ type: "end" });
  const press = (target: object, offsetX: number) => reader.grabs({ target, offsetX } as unknown as PointerEvent);
  Object.assign(scroller, { clientWidth: 500 });
  press({}, 505);
  press(scroller, 300);
  expect(timeline.atEnd).toBe(true);
  press(scroller, 505);
  expect(timeline.atEnd).toBe(false);
});
