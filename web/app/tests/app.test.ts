// The whole state behind the screen, driven by the fake engine.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeEngine, type FakeOptions } from "../src/engine/fake-engine";
import { BOB, CAROL } from "../src/engine/fake-world";
import { AppState } from "../src/state/app.svelte";

/** Just enough of a page. */
function stubPage(hash = ""): void {
  const location = { hash, pathname: "/", search: "" };
  const go = (state: unknown, _title: string, url: string): void => {
    history.state = state;
    location.hash = url.startsWith("#") ? url : "";
  };
  const history = { state: null as unknown, pushState: go, replaceState: go, back: () => {} };
  vi.stubGlobal("location", location);
  vi.stubGlobal("history", history);
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("document", { addEventListener: () => {}, visibilityState: "visible", hasFocus: () => true });
}

beforeEach(() => {
  vi.useFakeTimers();
  stubPage();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function started(options: FakeOptions = { signedIn: true }): { app: AppState; engine: FakeEngine } {
  const engine = new FakeEngine(options);
  const app = new AppState(engine);
  engine.start();
  return { app, engine };
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
};

test("opening a chat shows its rows, and reading them tells the engine once", async () => {
  const { app, engine } = started();
  app.openChat(2);
  await settled();
  expect(app.timeline.rows.length).toBeGreaterThan(0);
  app.timeline.arrived();
  app.timeline.moved(true);
  app.markRead();
  app.markRead();
  expect(engine.commands.filter(({ type }) => type === "markRead")).toEqual([{ type: "markRead", conversation: 2, seq: 11 }]);
});

test("nothing is read while nobody looks at the page", async () => {
  const { app, engine } = started();
  app.openChat(2);
  await settled();
  app.timeline.arrived();
  app.timeline.moved(true);
  app.page.attended = false;
  app.markRead();
  expect(engine.commands.some(({ type }) => type === "markRead")).toBe(false);
});

test("nothing is read while a sheet lies over the chat", async () => {
  const { app, engine } = started();
  app.openChat(2);
  await settled();
  app.timeline.arrived();
  app.timeline.moved(true);
  app.show("settings");
  app.markRead();
  expect(engine.commands.some(({ type }) => type === "markRead")).toBe(false);
});

test("from chat to chat: the first is closed, its draft kept", async () => {
  const { app, engine } = started();
  app.openChat(1);
  await settled();
  app.drafts.write(1, "half a sen");
  app.openChat(3);
  await settled();
  expect(engine.commands).toMatchObject([
    { type: "openView", conversation: 1, view: 1 },
    { type: "saveDraft", conversation: 1, text: "half a sen" },
    { type: "closeView", view: 1 },
    { type: "openView", conversation: 3, view: 2 },
    { type: "followEnd", follow: false },
  ]);
});

test("the engine moves to another tab: the open chat stays on the screen and is opened again there", async () => {
  const { app, engine } = started();
  app.openChat(1);
  await settled();
  const { rows } = app.timeline;
  engine.move();
  expect(app.timeline.rows).toBe(rows);
  await settled();
  expect(engine.commands.filter(({ type }) => type === "openView")).toHaveLength(2);
  expect(app.timeline.rows).toBe(rows);
});

test("a reload stays in the chat that was open", async () => {
  stubPage("#chat-3");
  const { app } = started();
  await settled();
  expect(app.timeline.conversation).toBe(3);
});

test("an address of a chat that is not there opens nothing, until it comes", async () => {
  stubPage("#chat-6");
  const { app, engine } = started({ signedIn: true });
  await settled();
  expect(app.timeline.conversation).toBeUndefined();
  const { conversation: _, ...rest } = app.conversations.list[0]!;
  engine.tell({ type: "conversations", changed: [{ ...rest, conversation: 6 }] });
  expect(app.timeline.conversation).toBe(6);
});

test("a sent text clears its draft; one that could not be kept stays", async () => {
  const { app, engine } = started();
  app.openChat(1);
  await settled();
  app.drafts.write(1, "hello");
  expect(await app.sendText(1, "hello")).toBeUndefined();
  expect(app.drafts.textOf(1, "")).toBe("");
  app.drafts.write(99, "hello");
  expect((await app.sendText(99, "hello"))?.reason).toBe("notPossible");
  expect(app.drafts.textOf(99, "")).toBe("hello");
  expect(engine.commands.filter(({ type }) => type === "sendText")).toHaveLength(2);
});

test("somebody writes: the row moves up, the count of unread with it", () => {
  const { app, engine } = started();
  const before = app.conversations.totalUnread;
  engine.receive(3, CAROL, "news");
  expect(app.conversations.list[0]?.conversation).toBe(3);
  expect(app.conversations.totalUnread).toBe(before + 1);
});

test("signing out forgets everything", async () => {
  const { app, engine } = started();
  app.openChat(1);
  app.show("settings");
  await settled();
  await engine.send({ type: "signOut" });
  expect(app.conversations.list).toEqual([]);
  expect(app.timeline.conversation).toBeUndefined();
  expect(app.sheet).toBeUndefined();
  expect(app.session.me).toBeUndefined();
});

test("an outcome that names a conversation opens it", async () => {
  const { app, engine } = started();
  app.show("newChat");
  app.openFrom(await engine.send({ type: "openDirect", handle: BOB.handle }));
  expect(app.timeline.conversation).toBe(1);
  expect(app.sheet).toBeUndefined();
});

test("a draft typed before another tab took the engine does not come back over a newer one", () => {
  const engine = new FakeEngine({ status: { type: "elsewhere" } });
  const app = new AppState(engine);
  app.drafts.write(1, "old");
  engine.start();
  expect(app.drafts.textOf(1, "newer")).toBe("newer");
});

test("what comes under the reader's eyes is counted nowhere, not even for a moment", async () => {
  const { app, engine } = started();
  app.openChat(1);
  await settled();
  app.timeline.arrived();
  app.timeline.moved(true);
  const { unread } = app;
  engine.receive(1, BOB, "hello");
  const chat = (): number => app.unreadOf(app.conversations.get(1)!);
  expect(app.conversations.get(1)?.unread).toBe(1);
  expect([chat(), app.unread]).toEqual([0, unread]);
  app.page.attended = false;
  expect([chat(), app.unread]).toEqual([1, unread + 1]);
});
