// The open chat's state: where it opens, what moves the reader, where the unread line is, what is told as read.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ALICE, BOB, makeChat, row, text } from "../src/engine/fake-world";
import type { Command } from "../src/engine/generated/Command";
import type { ConversationView } from "../src/engine/generated/ConversationView";
import type { Outcome } from "../src/engine/generated/Outcome";
import type { RowsChange } from "../src/engine/generated/RowsChange";
import type { RowView } from "../src/engine/generated/RowView";
import type { TimelineChange } from "../src/engine/generated/TimelineChange";
import { keep } from "../src/state/browser-storage";
import { Places } from "../src/state/places";
import { TimelineState } from "../src/state/timeline.svelte";
import { stubStorage } from "./helpers/browser-storage";

const NOW = Date.UTC(2026, 10, 22, 12);

function rows(first: number, last: number, sender = BOB): RowView[] {
  const made: RowView[] = [];
  for (let seq = first; seq <= last; seq += 1) made.push(row(seq, sender, NOW + seq, text(`${seq}`)));
  return made;
}

/** An engine that only listens, and answers what it is told to. */
class Ear {
  readonly commands: Command[] = [];
  answer: Outcome = { type: "done" };
  private views = 0;

  newView(): number {
    this.views += 1;
    return this.views;
  }

  async send(command: Command): Promise<Outcome> {
    this.commands.push(command);
    return this.answer;
  }

  asked<T extends Command["type"]>(type: T): Extract<Command, { type: T }>[] {
    return this.commands.filter((command): command is Extract<Command, { type: T }> => command.type === type);
  }
}

let ear: Ear;
let places: Places;

beforeEach(() => {
  stubStorage("sessionStorage");
  ear = new Ear();
  places = new Places();
});

afterEach(() => vi.unstubAllGlobals());

const chat = (all: RowView[], unread = 0): ConversationView => makeChat(1, BOB, "Bob", [ALICE, BOB], all, unread).view;

function change(state: TimelineState, what: RowsChange, over: Partial<TimelineChange> = {}): void {
  const view = ear.asked("openView").at(-1)!.view;
  state.apply([{ view, conversation: 1, rows: what, hasOlder: false, hasNewer: false, loading: false, ...over }]);
}

const append = (state: TimelineState, inserted: RowView[]): void =>
  change(state, { type: "patch", dropped: 0, above: [], at: state.rows.length, removed: 0, inserted });

/** A chat that is open, with its rows, and the list where it had to go. */
function opened(all: RowView[], unread = 0, over: Partial<TimelineChange> = {}): TimelineState {
  const state = new TimelineState(ear, places);
  state.open(chat(all, unread));
  change(state, { type: "all", rows: all }, over);
  state.arrived();
  return state;
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
};

// --- where it opens ---

test("a chat without unread opens at its end", () => {
  const state = new TimelineState(ear, places);
  state.open(chat(rows(1, 5)));
  expect(ear.commands).toEqual([{ type: "openView", view: 1, conversation: 1, at: null }]);
  change(state, { type: "all", rows: rows(1, 5) });
  expect(state.goal).toEqual({ type: "end" });
});

test("a chat with unread opens around the first of them, and its window follows no end", () => {
  const state = new TimelineState(ear, places);
  state.open(chat(rows(1, 50), 20));
  expect(ear.commands).toEqual([
    { type: "openView", view: 1, conversation: 1, at: 31 },
    { type: "followEnd", view: 1, follow: false },
  ]);
  change(state, { type: "all", rows: rows(10, 40) }, { hasNewer: true });
  expect(state.goal).toEqual({ type: "line" });
});

test("a chat that was left from further up opens there, with its line, though it is outside of the newest page", () => {
  const state = opened(rows(1, 50), 20);
  const anchor = { key: "row-12", seq: 12, offsetPx: -7 };
  state.moved(false, anchor, 12);
  state.close();
  expect(ear.commands.at(-1)).toEqual({ type: "closeView", view: 1 });

  // As after a reload: nothing is left but what the tab kept.
  const later = new TimelineState(ear, new Places());
  later.open(chat(rows(1, 90), 40));
  expect(ear.asked("openView").at(-1)).toMatchObject({ at: 12 });
  expect(later.line).toEqual({ after: 30, count: 20 });
  change(later, { type: "all", rows: rows(1, 60) }, { hasNewer: true });
  expect(later.goal).toEqual({ type: "row", anchor });
});

test("what was asked for is what is kept, not where the list is on the way there", () => {
  const all = rows(1, 50);
  const state = opened(all);
  const anchor = { key: "row-12", seq: 12, offsetPx: -7 };
  state.moved(false, anchor, 12);
  const kept = (): unknown => {
    state.keepPlace();
    return new Places().of(1)?.goal;
  };
  expect(kept()).toEqual({ type: "row", anchor });
  state.toEnd();
  // None is kept: whoever stands at the end comes back to it.
  expect(kept()).toBeUndefined();
  state.arrived();
  state.moved(false, anchor, 12);
  // Nor while the window is another one.
  change(state, { type: "patch", dropped: 0, above: [], at: 50, removed: 0, inserted: [] }, { hasNewer: true });
  state.toEnd();
  state.moved(false, anchor, 12);
  expect(state.atEnd).toBe(true);
  expect(kept()).toBeUndefined();
});

test("a chat that is left before the list was where it had to go opens there again", () => {
  const state = opened(rows(1, 50), 20);
  const anchor = { key: "row-12", seq: 12, offsetPx: -7 };
  state.moved(false, anchor, 12);
  state.close();
  for (let time = 1; time <= 2; time += 1) {
    state.open(chat(rows(1, 50), 20));
    change(state, { type: "all", rows: rows(1, 50) });
    expect(state.goal).toEqual({ type: "row", anchor });
    state.close();
  }
  state.open(chat(rows(1, 50), 20));
  change(state, { type: "all", rows: rows(1, 50) });
  state.toLine();
  state.close();
  state.open(chat(rows(1, 50)));
  change(state, { type: "all", rows: rows(1, 50) });
  expect(state.goal).toEqual({ type: "line" });
});

test("a place in the form of an older version is none", () => {
  keep("places", JSON.stringify([[1, { anchor: { key: "row-12", seq: 12, offsetPx: -7 } }]]), "session");
  const state = new TimelineState(ear, new Places());
  state.open(chat(rows(1, 50)));
  expect(ear.asked("openView").at(-1)).toMatchObject({ at: null });
});

test("what was told as read is read after a reload, though the engine has not heard of it", () => {
  const all = rows(1, 200);
  const state = opened(all, 200);
  state.toEnd();
  expect(state.takeRead()).toBe(200);
  state.close();
  const later = new TimelineState(ear, new Places());
  later.open(chat(all, 200));
  expect(ear.asked("openView").at(-1)).toMatchObject({ at: null });
  later.close();
  // And what came after that is not.
  const last = new TimelineState(ear, places);
  last.open(chat(rows(1, 203), 203));
  expect(ear.asked("openView").at(-1)).toMatchObject({ at: 201 });
});

test("an end that goes on without the window, while the list is on its way there, is asked for again", () => {
  const state = opened(rows(1, 50));
  state.moved(false, { key: "row-12", seq: 12, offsetPx: 0 });
  state.toEnd();
  expect(state.goal).toEqual({ type: "end" });
  change(state, { type: "patch", dropped: 0, above: [], at: 50, removed: 0, inserted: [] }, { hasNewer: true });
  expect(ear.asked("openView").at(-1)).toMatchObject({ at: null });
  change(state, { type: "all", rows: rows(40, 90) }, { hasOlder: true });
  expect(state.goal).toEqual({ type: "end" });
  expect(state.atEnd).toBe(true);
});

test("a chat that was left from its end, read, opens there", () => {
  const state = opened(rows(1, 5));
  state.moved(true, { key: "row-1", seq: 1, offsetPx: 0 }, 5);
  state.close();
  state.open(chat(rows(1, 9)));
  expect(ear.asked("openView").at(-1)).toMatchObject({ at: null });
});

test("what is around a place cannot be had: the end may be here", async () => {
  ear.answer = { type: "failed", failure: { reason: "offline", field: "", retryAfterMs: 0 } };
  const state = new TimelineState(ear, places);
  state.open(chat(rows(1, 50), 20));
  await settled();
  expect(ear.asked("openView").map(({ at }) => at)).toEqual([31, null]);
  expect(state.trouble?.failure.reason).toBe("offline");
  expect(state.known).toBe(true);
});

// --- what moves the reader ---

test("older rows keep the reader's place, newer ones do not shift", () => {
  const state = opened(rows(10, 20));
  change(state, { type: "patch", dropped: 0, above: rows(5, 9), at: 5, removed: 0, inserted: [] });
  expect(state.shift).toBe(true);
  append(state, rows(21, 21));
  expect(state.shift).toBe(false);
  expect(state.rows.map(({ seq }) => seq)).toEqual(rows(5, 21).map(({ seq }) => seq));
});

test("what concerns another view is not ours", () => {
  const state = opened(rows(1, 2));
  state.apply([{ view: 99, conversation: 1, rows: { type: "all", rows: rows(1, 9) }, hasOlder: false, hasNewer: false, loading: false }]);
  expect(state.rows).toHaveLength(2);
});

test("the engine is told when the reader leaves the end, and when they are back", () => {
  const state = opened(rows(1, 50));
  state.moved(false);
  state.moved(false);
  state.moved(true);
  expect(ear.asked("followEnd").map(({ follow }) => follow)).toEqual([false, true]);
});

test("the end of a window is not the end of the log", () => {
  const state = opened(rows(1, 50), 0, { hasNewer: true });
  state.moved(true);
  expect(state.atEnd).toBe(false);
});

test("the engine moves to another tab: the view is opened again where the reader is, and the rows stay", () => {
  const state = opened(rows(1, 50));
  state.moved(false, { key: state.rows[19]!.key, seq: 20, offsetPx: -3 }, 30);
  const before = state.rows;
  state.openAgain();
  expect(ear.asked("openView").at(-1)).toEqual({ type: "openView", view: 2, conversation: 1, at: 20 });
  expect(state.rows).toBe(before);
  const beginning = state.beginning;
  change(state, { type: "all", rows: rows(1, 50) });
  expect(state.rows).toBe(before);
  expect(state.beginning).toBe(beginning);
  expect(state.goal).toMatchObject({ type: "row", anchor: { seq: 20 } });
});

test("a window of quite other rows is a fresh beginning, and the reader is led back", () => {
  const state = opened(rows(1, 50));
  const anchor = { key: "gone", seq: 20, offsetPx: 4 };
  state.moved(false, anchor, 30);
  const { beginning } = state;
  change(state, { type: "all", rows: rows(200, 260) });
  expect(state.beginning).toBe(beginning + 1);
  expect(state.goal).toEqual({ type: "row", anchor });
});

test("to the end: scrolled when it is in the window, fetched when not", () => {
  const state = opened(rows(1, 50));
  state.moved(false);
  state.toEnd();
  expect(state.goal).toEqual({ type: "end" });
  expect(ear.asked("openView")).toHaveLength(1);

  const far = opened(rows(1, 50), 0, { hasNewer: true });
  far.toEnd();
  expect(ear.asked("openView").at(-1)).toMatchObject({ at: null });
});

test("a page is asked for once, until it is here", async () => {
  const state = opened(rows(10, 50), 0, { hasOlder: true });
  state.loadOlder();
  state.loadOlder();
  expect(ear.asked("loadOlder")).toHaveLength(1);
  await settled();
  state.loadOlder();
  expect(ear.asked("loadOlder")).toHaveLength(2);
  state.loadNewer();
  expect(ear.asked("loadNewer")).toHaveLength(0);
});

test("older ones that cannot be had are asked for again only when somebody says so, or the link is back", async () => {
  const state = opened(rows(10, 50), 0, { hasOlder: true });
  ear.answer = { type: "failed", failure: { reason: "offline", field: "", retryAfterMs: 0 } };
  state.loadOlder();
  await settled();
  expect(state.trouble?.failure.reason).toBe("offline");
  state.loadOlder();
  expect(ear.asked("loadOlder")).toHaveLength(1);
  ear.answer = { type: "done" };
  state.retry();
  await settled();
  expect(ear.asked("loadOlder")).toHaveLength(2);
  expect(state.trouble).toBeUndefined();
});

test("newer ones that cannot be had are missing below, and asked for again there", async () => {
  const state = opened(rows(10, 50), 0, { hasOlder: true, hasNewer: true });
  ear.answer = { type: "failed", failure: { reason: "offline", field: "", retryAfterMs: 0 } };
  state.loadNewer();
  await settled();
  expect(state.missing).toBe("below");
  state.retry();
  expect(ear.asked("loadNewer")).toHaveLength(2);
  expect(ear.asked("loadOlder")).toHaveLength(0);
});

test("an answer to what was asked before the view was moved means nothing", async () => {
  const state = opened(rows(10, 50), 0, { hasOlder: true, hasNewer: true });
  ear.answer = { type: "failed", failure: { reason: "notPossible", field: "", retryAfterMs: 0 } };
  state.loadOlder();
  ear.answer = { type: "done" };
  state.toEnd();
  await settled();
  expect(state.trouble).toBeUndefined();
});

test("a window that is empty though there are older ones is a trouble, not an empty chat", () => {
  const state = opened([], 0, { hasOlder: true });
  expect(state.missing).toBe("above");
  change(state, { type: "all", rows: [] });
  expect(state.missing).toBeUndefined();
});

// --- the unread line ---

const lines = (state: TimelineState): number[] => state.items.flatMap(({ unreadLine, row: { seq } }) => (unreadLine ? [seq] : []));

test("the unread line stays where it was when the chat was opened, until one writes", () => {
  const state = opened(rows(1, 5), 2);
  expect(lines(state)).toEqual([4]);
  append(state, rows(6, 9));
  expect(lines(state)).toEqual([4]);
  state.wrote();
  expect(lines(state)).toEqual([]);
  expect(state.atEnd).toBe(true);
});

test("what comes while nobody looks gets the line; what comes under the reader's eyes does not", () => {
  const state = opened(rows(1, 5));
  append(state, rows(6, 6));
  state.hear({ ...chat(rows(1, 6), 1) }, true);
  expect(lines(state)).toEqual([]);
  state.hear({ ...chat(rows(1, 6), 0) }, true);

  append(state, rows(7, 7));
  state.hear({ ...chat(rows(1, 7), 1) }, false);
  append(state, rows(8, 8));
  state.hear({ ...chat(rows(1, 8), 2) }, false);
  expect(lines(state)).toEqual([7]);
  expect(state.line?.count).toBe(2);
});

test("what comes while the reader is further up gets the line, once the rest was read", () => {
  const state = opened(rows(1, 50), 3);
  state.moved(false);
  append(state, rows(51, 51));
  state.hear({ ...chat(rows(1, 51), 4) }, true);
  expect(lines(state)).toEqual([48]);
  state.hear({ ...chat(rows(1, 51), 0) }, true);
  append(state, rows(52, 52));
  state.hear({ ...chat(rows(1, 52), 1) }, true);
  expect(lines(state)).toEqual([52]);
});

test("the way to a line outside of the window leads through the engine", () => {
  const state = new TimelineState(ear, places);
  state.open(chat(rows(1, 900), 700));
  change(state, { type: "all", rows: rows(180, 240) }, { hasNewer: true });
  state.arrived();
  state.toEnd();
  change(state, { type: "all", rows: rows(840, 900) }, { hasOlder: true });
  state.arrived();
  state.toLine();
  expect(ear.asked("openView").map(({ at }) => at)).toEqual([201, null, 201]);
});

// --- reading ---

test("read is told once, only forward: at the end all, further up what was on the screen", () => {
  const state = opened(rows(1, 50), 20);
  state.moved(false, undefined, 34);
  expect(state.takeRead()).toBe(34);
  expect(state.takeRead()).toBeUndefined();
  state.moved(false, undefined, 25);
  expect(state.takeRead()).toBeUndefined();
  state.moved(true);
  expect(state.takeRead()).toBe(50);
});

test("what was read on another device is not told again", () => {
  const state = opened(rows(1, 50), 20);
  state.hear({ ...chat(rows(1, 50), 5) }, true);
  state.moved(false, undefined, 40);
  expect(state.takeRead()).toBeUndefined();
});

test("an unsent row has no seq to be read", () => {
  const unsent = row(0, ALICE, NOW + 9, text("x"), { type: "sending", sendKey: "k" });
  const state = opened([...rows(1, 3), unsent], 2);
  state.moved(true);
  expect(state.takeRead()).toBe(3);
});
