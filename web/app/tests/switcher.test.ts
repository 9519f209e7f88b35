// The quick switcher: who is found by what, in which order, and what choosing does.

import { expect, test } from "vitest";
import { FakeEngine } from "../src/engine/fake-engine";
import { ALICE, BOB, CAROL, DAVE, ERIN, makeChat } from "../src/engine/fake-world";
import type { Command } from "../src/engine/generated/Command";
import type { Outcome } from "../src/engine/generated/Outcome";
import type { PersonView } from "../src/engine/generated/PersonView";
import { type Choice, SwitcherState } from "../src/state/switcher.svelte";

const LIST = [
  makeChat(1, null, "Lake weekend", [ALICE, BOB], [], 0).view,
  makeChat(2, BOB, "Bob", [ALICE, BOB], [], 0).view,
  makeChat(3, CAROL, CAROL.displayName, [ALICE, CAROL], [], 0).view,
  makeChat(4, null, "Bowling", [ALICE, BOB], [], 0).view,
];

function opened(answer: (command: Command) => Outcome = () => ({ type: "done" }), known: PersonView[] = []): SwitcherState {
  const send = async (command: Command): Promise<Outcome> => (command.type === "knownPeople" ? { type: "people", people: known } : answer(command));
  return new SwitcherState({ engine: { send }, conversations: { list: LIST }, me: () => ALICE });
}

const names = (choices: readonly Choice[]): string[] =>
  choices.map((choice) => {
    if (choice.type === "chat") return choice.view.title;
    return choice.type === "person" ? `new: ${choice.person.displayName}` : `ask: ${choice.handle}`;
  });

test("with nothing typed, all chats, newest first", () => {
  expect(names(opened().choices)).toEqual(["Lake weekend", "Bob", "Carol 卡萝", "Bowling"]);
});

test("chats by title, name and handle, the better answer first", () => {
  const switcher = opened();
  switcher.type("bo");
  expect(names(switcher.choices)).toEqual(["Bob", "Bowling"]);
  switcher.type("week");
  expect(names(switcher.choices)[0]).toBe("Lake weekend");
  switcher.type("萝");
  expect(names(switcher.choices)).toEqual(["Carol 卡萝"]);
  switcher.type("@CAROL");
  expect(names(switcher.choices)).toEqual(["Carol 卡萝"]);
});

test("people known here come after chats that answer as well, and never twice", async () => {
  const switcher = opened(undefined, [ALICE, BOB, DAVE, DAVE, ERIN]);
  await switcher.load();
  switcher.type("da");
  expect(names(switcher.choices)).toEqual(["new: Dave"]);
  switcher.type("b");
  expect(names(switcher.choices)).toEqual(["Bob", "Bowling"]);
  switcher.type("alice");
  expect(names(switcher.choices)).toEqual([]);
});

test("a handle nobody here has is asked for, and whoever has it can be written to", async () => {
  const zoe = { account: 99, handle: "zoe_1", displayName: "Zoë" };
  const switcher = opened((command) => {
    if (command.type === "findAccount") return { type: "people", people: command.handle === "zoe_1" ? [zoe] : [] };
    return { type: "conversation", conversation: 77 };
  });
  switcher.type("@Zoe_1");
  expect(names(switcher.choices)).toEqual(["ask: zoe_1"]);
  expect(await switcher.take()).toBeUndefined();
  expect(names(switcher.choices)).toEqual(["new: Zoë"]);
  expect(await switcher.take()).toBe(77);
  switcher.type("nobody_at_all");
  await switcher.take();
  expect(switcher.asked).toEqual({ type: "nobody", handle: "nobody_at_all" });
  switcher.type("n");
  expect(switcher.asked).toBeUndefined();
});

test("an answer that comes after something else was typed is not shown", async () => {
  const switcher = opened(() => ({ type: "people", people: [] }));
  switcher.type("slow_one");
  const answered = switcher.take();
  switcher.type("other");
  await answered;
  expect(switcher.asked).toBeUndefined();
});

test("no network: chats are found, asking says why not", async () => {
  const failure = { reason: "offline", field: "", retryAfterMs: 0 } as const;
  const switcher = opened(() => ({ type: "failed", failure }));
  await switcher.load();
  switcher.type("bob");
  expect(await switcher.take()).toBe(2);
  switcher.type("somebody");
  await switcher.take();
  expect(switcher.asked).toEqual({ type: "failed", handle: "somebody", failure });
});

test("arrow keys go around, and typing begins again at the best", () => {
  const switcher = opened();
  switcher.move("up");
  expect(switcher.active).toBe(3);
  switcher.move("down");
  expect(switcher.active).toBe(0);
  switcher.move("last");
  switcher.type("bo");
  expect(switcher.active).toBe(0);
  switcher.type("qq");
  switcher.move("down");
  expect(switcher.active).toBe(-1);
});

test("the fake engine answers it too", async () => {
  const engine = new FakeEngine({ signedIn: true });
  engine.start();
  const switcher = new SwitcherState({ engine, conversations: { list: [] }, me: () => ALICE });
  switcher.type("dave");
  await switcher.take();
  expect(names(switcher.choices)).toEqual(["new: Dave"]);
});
