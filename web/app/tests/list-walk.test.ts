// Walking through the list of chats with the keyboard.

import { expect, test } from "vitest";
import { ALICE, BOB, makeChat } from "../src/engine/fake-world";
import { ListWalk } from "../src/state/list-walk.svelte";

const chats = (...ids: number[]) => ids.map((id) => makeChat(id, BOB, "Bob", [ALICE, BOB], [], 0).view);

test("arrows go by one, Page by a screen, Home and End to the ends, none beyond", () => {
  const list = chats(...Array.from({ length: 20 }, (_, index) => index + 1));
  const walk = new ListWalk(
    () => list,
    () => undefined,
  );
  const after = (key: string): number | undefined => walk.press(key)?.conversation;
  expect(walk.index).toBe(0);
  expect(after("ArrowDown")).toBe(2);
  expect(after("PageDown")).toBe(10);
  expect(after("End")).toBe(20);
  expect(after("ArrowDown")).toBe(20);
  expect(after("PageUp")).toBe(12);
  expect(after("Home")).toBe(1);
  expect(after("ArrowUp")).toBe(1);
  expect(after("a")).toBeUndefined();
});

test("it stands on the open chat, and stays on a chat that moves up", () => {
  let list = chats(1, 2, 3);
  const walk = new ListWalk(
    () => list,
    () => 2,
  );
  expect(walk.index).toBe(1);
  walk.press("ArrowDown");
  list = chats(3, 1, 2);
  expect(walk.press("ArrowDown")?.conversation).toBe(1);
  walk.standOn(2);
  expect(walk.press("ArrowUp")?.conversation).toBe(1);
});

test("an empty list has no row to stand on", () => {
  const walk = new ListWalk(
    () => [],
    () => 7,
  );
  expect(walk.index).toBe(-1);
  expect(walk.press("ArrowDown")).toBeUndefined();
});
