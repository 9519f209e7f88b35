// Where the list is brought, and who lets go of it: a reader with a list of which every height is known.

import type { VirtualizerHandle } from "virtua/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BOB, row, text } from "../src/engine/fake-world";
import type { Anchor, Goal } from "../src/state/places";
import type { TimelineState } from "../src/state/timeline.svelte";
import { arrange } from "../src/text/rows";
import { Reader } from "../src/ui/reader.svelte";

const HEIGHT = 700;
/** Of every row; a row that is measured makes all of them another height here. */
let rowPx = 40;
let scroller: { scrollTop: number; scrollHeight: number; clientHeight: number; querySelectorAll(): unknown[]; dispatchEvent(event: Event): void };
/** So many pixels the list has moved itself since it was last told where it is. */
let untoldPx = 0;
/** Rows from this one on are measured. */
let measuredFrom = 0;
let timeline: { goal: Goal | undefined; atEnd: boolean; loading: boolean; items: ReturnType<typeof items> };
/** The newest row that was called seen. */
let seen: number;
/** The row by which the reader's place was last kept. */
let keptBy: string | undefined;
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
  getScrollOffset: () => scroller.scrollTop - untoldPx,
  getScrollSize: () => timeline.items.length * rowPx,
  getViewportSize: () => HEIGHT,
} as Partial<VirtualizerHandle> as VirtualizerHandle;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (callback: () => void) => setTimeout(callback, 16));
  rowPx = 40;
  untoldPx = 0;
  measuredFrom = 0;
  seen = 0;
  // As a page does it: no further than there is something.
  let top = 0;
  scroller = {
    clientHeight: HEIGHT,
    querySelectorAll: () => timeline.items.slice(measuredFrom).map(({ row }) => ({ dataset: { key: row.key } })),
    dispatchEvent: ({ type }) => {
      if (type === "scroll") untoldPx = 0;
    },
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
    loading: false,
    items: items(400),
    rows: [],
    moved: (atEnd: boolean, anchor?: Anchor, newest = 0) => {
      state.atEnd = atEnd;
      keptBy = anchor?.key;
      seen = Math.max(seen, newest);
    },
    arrived: () => void (state.goal = undefined),
    toEnd: () => {
      state.goal = { type: "end" };
      state.atEnd = true;
    },
    loadOlder: () => {},
    loadNewer: () => {},
  };
  timeline = state;
  reader = new Reader(state as Partial<TimelineState> as TimelineState, () => true, () => {});
  reader.scroller = scroller as unknown as HTMLElement;
  reader.list = list;
});

afterEach(() => {
  reader.leave();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const isEnd = (): boolean => scroller.scrollTop === scroller.scrollHeight - HEIGHT;

/** The first row that begins on the screen, and where. */
const atTop = () => {
  const index = Math.ceil(scroller.scrollTop / rowPx);
  return [timeline.items[index]?.row.key, list.getItemOffset(index) - scroller.scrollTop];
};

/** The chat opens, and all has come to rest. */
async function opens(goal: Goal): Promise<void> {
  timeline.goal = goal;
  timeline.atEnd = goal.type === "end";
  await reader.follow();
  await vi.advanceTimersByTimeAsync(1_000);
}

test("rows that fall off the window's head move the list up, and nobody has left the end", async () => {
  await opens({ type: "end" });
  expect(isEnd()).toBe(true);
  timeline.items = items(200);
  const followed = reader.follow();
  // The list tells that it moved before it is at the end again.
  scroller.scrollTop = 3_000;
  reader.look();
  expect(timeline.atEnd).toBe(true);
  await followed;
  expect(isEnd()).toBe(true);
});

test("rows that turn out taller do not push the end out of sight, and whoever goes up is not pulled back", async () => {
  await opens({ type: "end" });
  await reader.follow();
  rowPx = 60;
  await reader.follow();
  expect(isEnd()).toBe(true);
  reader.heads(true);
  scroller.scrollTop -= 200;
  reader.look();
  expect(timeline.atEnd).toBe(false);
  const top = atTop();
  rowPx = 70;
  await reader.follow();
  await reader.follow();
  expect(atTop()).toEqual(top);
});

test("a list that takes the newest row for one above the screen does not move the reader", async () => {
  await opens({ type: "end" });
  reader.heads(true);
  scroller.scrollTop = 4_010;
  reader.look();
  const top = atTop();
  timeline.items = items(401);
  scroller.scrollTop -= 7;
  await reader.follow();
  expect(atTop()).toEqual(top);
  // No height has changed: somebody else moved it, a search in the page, say.
  scroller.scrollTop -= 7;
  await reader.follow();
  expect(scroller.scrollTop).toBe(4_003);
});

test("where older rows come above the reader, the same ones stay on the screen", async () => {
  timeline.items = items(400).slice(200);
  await opens({ type: "end" });
  reader.heads(true);
  scroller.scrollTop = 410;
  reader.look();
  const top = atTop();
  timeline.items = items(400);
  // The list has moved with them, but not by enough.
  scroller.scrollTop = 8_403;
  await reader.follow();
  expect(atTop()).toEqual(top);
});

test("rows that are not measured yet keep nobody's place", async () => {
  await opens({ type: "end" });
  reader.heads(true);
  scroller.scrollTop = 4_010;
  measuredFrom = 105;
  reader.look();
  const place = () => list.getItemOffset(measuredFrom) - scroller.scrollTop;
  const before = place();
  rowPx = 60;
  await reader.follow();
  expect(place()).toBe(before);
});

test("at the end of the rows, too, the place is kept by a row: the log may go on below them", async () => {
  await opens({ type: "end" });
  reader.look();
  expect(timeline.atEnd).toBe(true);
  expect(keptBy).toBe(atTop()[0]);
});

test("a list that has moved itself is told where it is before anything else changes", async () => {
  await opens({ type: "end" });
  reader.heads(true);
  scroller.scrollTop = 4_010;
  reader.look();
  untoldPx = 2_400;
  const followed = reader.follow();
  expect(untoldPx).toBe(0);
  await followed;
});

test("a hand between a message and its place on the screen counts", async () => {
  await opens({ type: "end" });
  const followed = reader.follow();
  reader.heads(true);
  scroller.scrollTop -= 300;
  const { scrollTop } = scroller;
  await followed;
  await reader.follow();
  expect(scroller.scrollTop).toBe(scrollTop);
});

test("the unread line is found while rows are measured; after that the list is the reader's", async () => {
  timeline.items = items(400, 100);
  const goal: Goal = { type: "line" };
  timeline.goal = goal;
  timeline.atEnd = false;
  await reader.follow();
  expect(scroller.scrollTop).toBe(100 * 40 - 90);
  for (rowPx = 50; rowPx < 90; rowPx += 10) {
    await reader.follow();
    await vi.advanceTimersByTimeAsync(100);
    expect(scroller.scrollTop).toBe(100 * rowPx - 90);
  }
  await vi.advanceTimersByTimeAsync(400);
  // Now it is a row on the screen that stays, not the line.
  const top = atTop();
  rowPx = 90;
  await reader.follow();
  expect(atTop()).toEqual(top);
  expect(scroller.scrollTop).not.toBe(100 * 90 - 90);
});

test("however much comes meanwhile, what was asked for is reached, and let go of", async () => {
  for (const goal of [{ type: "line" }, { type: "end" }] as const) {
    timeline.items = items(200, 100);
    timeline.goal = goal;
    timeline.atEnd = goal.type === "end";
    for (let news = 1; news <= 30; news += 1) {
      timeline.items = items(200 + news, 100);
      await reader.follow();
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(timeline.goal).toBeUndefined();
    if (goal.type === "line") expect(scroller.scrollTop).toBe(100 * rowPx - 90);
    else expect(isEnd()).toBe(true);
  }
});

test("what is on the screen only until rows are measured is not read", async () => {
  timeline.items = items(400, 100);
  const goal: Goal = { type: "line" };
  timeline.goal = goal;
  timeline.atEnd = false;
  await reader.follow();
  // The first look, two frames later, is at rows that are taken to be smaller than they are.
  await vi.advanceTimersByTimeAsync(100);
  rowPx = 80;
  await reader.follow();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(seen).toBe(107);
});

/** A hand sends the list up, and while it still moves the end is asked for. */
async function asksForTheEndOnTheWayUp(): Promise<void> {
  await opens({ type: "end" });
  reader.heads(true);
  scroller.scrollTop = 500;
  reader.look();
  expect(timeline.atEnd).toBe(false);
  timeline.goal = { type: "end" };
  timeline.atEnd = true;
  await reader.follow();
}

test("what still moves when the end is asked for does not lead away from it", async () => {
  await asksForTheEndOnTheWayUp();
  for (const top of [300, 100, 0]) {
    await vi.advanceTimersByTimeAsync(40);
    scroller.scrollTop = top;
    reader.look();
    expect(isEnd()).toBe(true);
    // What a reload comes back to.
    expect(timeline.goal).toEqual({ type: "end" });
  }
  await vi.advanceTimersByTimeAsync(200);
  expect(timeline.goal).toBeUndefined();
  expect(timeline.atEnd).toBe(true);
});

test("... however late a slow machine comes to it", async () => {
  await asksForTheEndOnTheWayUp();
  // No frame for long: time passes, and what the hand had moved is told with the first one.
  vi.stubGlobal("requestAnimationFrame", (callback: () => void) => setTimeout(callback, 400));
  await vi.advanceTimersByTimeAsync(500);
  scroller.scrollTop = 0;
  reader.look();
  expect(isEnd()).toBe(true);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(timeline.goal).toBeUndefined();
  expect(timeline.atEnd).toBe(true);
});

test("a hand takes the list away from what was asked for, at once", async () => {
  await asksForTheEndOnTheWayUp();
  await vi.advanceTimersByTimeAsync(40);
  reader.heads(false);
  expect(timeline.goal).toEqual({ type: "end" });
  reader.heads(true);
  expect(timeline.goal).toBeUndefined();
  scroller.scrollTop = 3_000;
  reader.look();
  await reader.follow();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(scroller.scrollTop).toBe(3_000);
  expect(timeline.atEnd).toBe(false);
});

test("what is asked for again while the list is on its way is waited for again, and let go of", async () => {
  const goal: Goal = { type: "row", anchor: { key: "r:100", seq: 100, offsetPx: -7 } };
  await opens({ type: "end" });
  timeline.goal = goal;
  timeline.atEnd = false;
  await reader.follow();
  expect(scroller.scrollTop).toBe(99 * 40 + 7);
  // The engine moved to another tab: until it has said what is there, nothing is asked of the list.
  timeline.goal = undefined;
  await vi.advanceTimersByTimeAsync(1_000);
  timeline.goal = goal;
  await reader.follow();
  expect(timeline.goal).toBe(goal);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(timeline.goal).toBeUndefined();
});

test("a place that is nowhere is the end, once no more rows are on their way", async () => {
  await opens({ type: "end" });
  timeline.goal = { type: "row", anchor: { key: "gone", seq: 0, offsetPx: 0 } };
  timeline.atEnd = false;
  timeline.loading = true;
  scroller.scrollTop = 500;
  await reader.follow();
  expect(timeline.goal).toMatchObject({ type: "row" });
  expect(scroller.scrollTop).toBe(500);
  timeline.loading = false;
  await reader.follow();
  expect(timeline.goal).toEqual({ type: "end" });
  await reader.follow();
  expect(isEnd()).toBe(true);
});

test("near the end is at the end, but not for whoever is on the way up", async () => {
  await opens({ type: "end" });
  reader.heads(true);
  scroller.scrollTop -= 20;
  reader.look();
  expect(timeline.atEnd).toBe(false);
  reader.heads(false);
  scroller.scrollTop += 5;
  reader.look();
  expect(timeline.atEnd).toBe(true);
});

test("whoever is led away from the end by something else than a hand has left it", async () => {
  await opens({ type: "end" });
  await reader.follow();
  reader.look();
  // A search in the page, say.
  scroller.scrollTop = 2_000;
  reader.look();
  expect(timeline.atEnd).toBe(false);
  await reader.follow();
  await reader.follow();
  expect(scroller.scrollTop).toBe(2_000);
});

test("who takes hold of the scrollbar is not pulled; a press on a row, or a wheel that zooms, is no such thing", async () => {
  await opens({ type: "end" });
  reader.wheels({ deltaY: -100, ctrlKey: true } as WheelEvent);
  reader.wheels({ deltaY: 0, ctrlKey: false } as WheelEvent);
  expect(timeline.atEnd).toBe(true);
  const press = (target: object, offsetX: number) => reader.grabs({ target, offsetX } as unknown as PointerEvent);
  Object.assign(scroller, { clientWidth: 500 });
  press({}, 505);
  press(scroller, 300);
  expect(timeline.atEnd).toBe(true);
  press(scroller, 505);
  expect(timeline.atEnd).toBe(false);
});

test("the keys that go up let go of the end, and those that go down come back to it", async () => {
  const press = (key: string, over: Partial<KeyboardEvent> = {}) =>
    reader.pressed({ key, preventDefault: () => {}, ...over } as KeyboardEvent);
  for (const [key, over] of [["ArrowUp", {}], ["PageUp", {}], ["Home", {}], [" ", { shiftKey: true }]] as const) {
    await opens({ type: "end" });
    press(key, { ...over, ctrlKey: true });
    press("PageDown");
    press(" ");
    expect(timeline.atEnd).toBe(true);
    press(key, over);
    expect(timeline.atEnd).toBe(false);
  }
  press("End");
  await reader.follow();
  expect(isEnd()).toBe(true);
});
