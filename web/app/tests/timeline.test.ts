// The open chat's state: what moves the reader, what counts as new, what is told as read.

import { expect, test } from "vitest";
import { ALICE, BOB, makeChat, row, text } from "../src/engine/fake-world";
import type { RowView } from "../src/engine/generated/RowView";
import { TimelineState } from "../src/state/timeline.svelte";

const NOW = Date.UTC(2026, 10, 22, 12);

function rows(first: number, last: number, sender = BOB): RowView[] {
  const made: RowView[] = [];
  for (let seq = first; seq <= last; seq += 1) made.push(row(seq, sender, NOW + seq, text(`${seq}`)));
  return made;
}

function opened(all: RowView[], unread = 0): TimelineState {
  const state = new TimelineState();
  state.open(makeChat(1, BOB, "Bob", [ALICE, BOB], all, unread).view);
  state.apply({ conversation: 1, rows: all, hasOlder: true, loading: false });
  return state;
}

const show = (state: TimelineState, all: RowView[]): void =>
  state.apply({ conversation: 1, rows: all, hasOlder: false, loading: false });

test("older rows keep the reader's place, newer ones do not shift", () => {
  const state = opened(rows(10, 20));
  expect(state.prepended).toBe(false);
  show(state, rows(5, 20));
  expect(state.prepended).toBe(true);
  show(state, rows(5, 21));
  expect(state.prepended).toBe(false);
});

test("new messages are counted only for a reader who is further up", () => {
  const state = opened(rows(1, 5));
  show(state, rows(1, 6));
  expect(state.newBelow).toBe(0);
  state.moved(false);
  show(state, [...rows(1, 6), ...rows(7, 8), ...rows(9, 9, ALICE)]);
  expect(state.newBelow).toBe(2);
  state.moved(true);
  expect(state.newBelow).toBe(0);
});

test("loading older ones is no news", () => {
  const state = opened(rows(10, 20));
  state.moved(false);
  show(state, rows(1, 20));
  expect(state.newBelow).toBe(0);
});

test("read is told once, only from the end, and only forward", () => {
  const state = opened(rows(1, 5), 2);
  expect(state.takeRead()).toBe(5);
  expect(state.takeRead()).toBeUndefined();
  state.moved(false);
  show(state, rows(1, 7));
  expect(state.takeRead()).toBeUndefined();
  state.moved(true);
  expect(state.takeRead()).toBe(7);
});

test("an unsent row has no seq to be read", () => {
  const unsent = row(0, ALICE, NOW + 9, text("x"), { type: "sending", sendKey: "k" });
  const state = opened([...rows(1, 3), unsent], 0);
  state.moved(true);
  show(state, [...rows(1, 4), unsent]);
  expect(state.takeRead()).toBe(4);
});

test("the unread line stays where it was when the chat was opened, until one writes", () => {
  const state = opened(rows(1, 5), 2);
  const lines = (): number[] => state.items.flatMap(({ unreadLine, row: { seq } }) => (unreadLine ? [seq] : []));
  expect(lines()).toEqual([4]);
  show(state, rows(1, 9));
  expect(lines()).toEqual([4]);
  state.forgetUnreadLine();
  expect(lines()).toEqual([]);
});

test("another chat's timeline is not ours", () => {
  const state = opened(rows(1, 2));
  state.apply({ conversation: 2, rows: rows(1, 9), hasOlder: false, loading: false });
  expect(state.rows).toHaveLength(2);
});
