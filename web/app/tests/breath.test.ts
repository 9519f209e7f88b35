// All that is said to a tab in one breath crosses as one message, in order.

import { expect, test } from "vitest";
import { BreathWay } from "../src/worker/breath";
import type { ToTab } from "../src/worker/messages";

const word = (id: number): ToTab => ({ type: "finished", generation: 1, id, outcome: { type: "done" } });

test("several words are one message; a later one is another; the last ones are said before the end", async () => {
  const log: unknown[] = [];
  const way = new BreathWay({ postMessage: (said: unknown) => log.push(said), close: () => log.push("closed") });
  way.tell(word(1));
  way.tell(word(2));
  expect(log).toEqual([]);
  await Promise.resolve();
  expect(log).toEqual([[word(1), word(2)]]);
  way.tell(word(3));
  way.close();
  await Promise.resolve();
  expect(log).toEqual([[word(1), word(2)], [word(3)], "closed"]);
});
