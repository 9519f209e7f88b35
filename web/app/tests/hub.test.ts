// The hub by itself: what reaches the engine, and what reaches which tab.

import { beforeEach, expect, test } from "vitest";
import type { Command } from "../src/engine/generated/Command";
import type { ConversationView } from "../src/engine/generated/ConversationView";
import { Hub } from "../src/worker/hub";
import type { ToTab } from "../src/worker/messages";
import { signedIn } from "./helpers/fake-browser";

const asked: Command[] = [];
const told = new Map<string, ToTab[]>();
const gone = new Map<string, () => void>();
let calls = 0;
let hub: Hub;

/** Answers in the very moment in which it is asked, as the real engine may. */
let eager = false;

beforeEach(() => {
  asked.length = 0;
  calls = 0;
  eager = false;
  told.clear();
  hub = new Hub(
    { generation: 5, storage: "disk", rebuilt: false },
    {
      command: (command, what) => {
        asked.push(what);
        if (eager) hub.tell({ type: "finished", command, outcome: { type: "done" } });
      },
      network: () => {},
      callOut: () => (calls += 1),
      wayTo: (tab) => {
        const heard: ToTab[] = [];
        told.set(tab, heard);
        return { tell: (message) => heard.push(message), close: () => {} };
      },
      whenGone: (tab, callback) => void gone.set(tab, callback),
    },
  );
});

const ask = (generation: number, tab = "a"): void =>
  hub.hear({ type: "command", tab, generation, id: 9, command: { type: "listDevices" } });

test("what is meant for an engine before this one is not carried out; whoever asks is called", () => {
  hub.hear({ type: "hello", tab: "a" });
  ask(4);
  ask(5, "a tab that never said hello");
  hub.hear({ type: "ping", tab: "a tab that never said hello" });
  expect(asked).toEqual([]);
  expect(calls).toBe(3);
  ask(5);
  expect(asked).toEqual([{ type: "listDevices" }]);
});

test("an answer that comes at once finds its way", () => {
  eager = true;
  hub.hear({ type: "hello", tab: "a" });
  ask(5);
  expect(told.get("a")!.at(-1)).toEqual({ type: "finished", generation: 5, id: 9, outcome: { type: "done" } });
});

test("what a tab asked for is carried out after its end, and told to nobody", () => {
  hub.hear({ type: "hello", tab: "a" });
  ask(5);
  gone.get("a")!();
  const before = told.get("a")!.length;
  hub.tell({ type: "finished", command: 1, outcome: { type: "done" } });
  hub.tell({ type: "unread", total: 1 });
  expect(told.get("a")!.length).toBe(before);
});

test("a tab is welcomed with the newest of everything, in the order in which an engine tells it", () => {
  const chat = (conversation: number, unread: number) => ({ conversation, unread }) as ConversationView;
  hub.tell({ type: "link", link: { type: "connecting" } });
  hub.tell({ type: "session", session: signedIn(7) });
  hub.tell({ type: "conversations", changed: [chat(1, 0), chat(2, 0)] });
  hub.tell({ type: "conversations", changed: [chat(2, 3)] });
  hub.tell({ type: "unread", total: 3 });
  hub.tell({ type: "link", link: { type: "online" } });
  hub.hear({ type: "hello", tab: "a" });
  expect(told.get("a")).toEqual([
    {
      type: "welcome",
      generation: 5,
      storage: "disk",
      rebuilt: false,
      seen: [
        { type: "session", session: signedIn(7) },
        { type: "conversations", changed: [chat(1, 0), chat(2, 3)] },
        { type: "unread", total: 3 },
        { type: "link", link: { type: "online" } },
      ],
    },
  ]);
});

test("after a sign-out nothing of the chats is told to tabs that come later", () => {
  hub.tell({ type: "session", session: signedIn(7) });
  hub.tell({ type: "conversations", changed: [{ conversation: 1 } as ConversationView] });
  hub.tell({ type: "session", session: { type: "signedOut", ended: false } });
  hub.hear({ type: "hello", tab: "a" });
  expect(told.get("a")![0]).toMatchObject({ seen: [{ type: "session", session: { type: "signedOut", ended: false } }] });
});
