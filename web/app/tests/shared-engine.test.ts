// Several tabs, one engine: who leads, what is asked again, and what a tab notices when another one dies.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EngineStatus } from "../src/engine/engine";
import type { Command } from "../src/engine/generated/Command";
import type { Event } from "../src/engine/generated/Event";
import type { Outcome } from "../src/engine/generated/Outcome";
import type { TimelineChange } from "../src/engine/generated/TimelineChange";
import { SharedEngine } from "../src/engine/shared-engine";
import { LOCKS, PLEASE_LET_GO } from "../src/worker/messages";
import { FakeBrowser, signedIn } from "./helpers/fake-browser";
import { stubStorage } from "./helpers/browser-storage";

/** Longer than two silences, a polite request, and force. */
const LONG_MS = 20_000;

const CHANGE: TimelineChange = {
  view: 1,
  conversation: 1,
  rows: { type: "all", rows: [] },
  hasOlder: false,
  hasNewer: false,
  loading: false,
};

let browser: FakeBrowser;

interface Tab {
  engine: SharedEngine;
  crash: () => void;
  events: Event[];
  statuses: EngineStatus[];
}

function tab(): Tab {
  const { surroundings, crash } = browser.newTab();
  const engine = new SharedEngine("ws://server", surroundings);
  const made: Tab = { engine, crash, events: [], statuses: [] };
  engine.subscribe((event) => made.events.push(event));
  engine.watch((status) => made.statuses.push(status));
  engine.start();
  return made;
}

/** Everything that is on its way arrives; no time passes. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 200; i += 1) await Promise.resolve();
};

const statusOf = ({ statuses }: Tab): EngineStatus => statuses.at(-1)!;
const typesOf = ({ statuses }: Tab): string[] => statuses.map(({ type }) => type);
const text = (words: string): Command => ({ type: "sendText", conversation: 1, text: words, sendKey: words });
const session = (account: number): Event => ({ type: "session", session: signedIn(account) });
const asked = (): string[] => browser.worker.asked.map((command) => (command.type === "sendText" ? command.text : command.type));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("window", { addEventListener: () => {} });
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  browser = new FakeBrowser();
  browser.disk = [session(7)];
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("tabs that open at once have one engine, and all of them hear it", async () => {
  const tabs = Array.from({ length: 10 }, tab);
  await settled();
  expect(browser.workers).toHaveLength(1);
  for (const one of tabs) expect(statusOf(one)).toEqual({ type: "running", storage: "disk", rebuilt: false, generation: 1 });
  browser.worker.hub!.tell({ type: "unread", total: 3 });
  await settled();
  for (const one of tabs) expect(one.events.at(-1)).toEqual({ type: "unread", total: 3 });
});

test("a tab that comes later is brought to where the others are", async () => {
  tab();
  await settled();
  browser.worker.hub!.tell({ type: "link", link: { type: "online" } });
  browser.worker.hub!.tell({ type: "unread", total: 2 });
  const late = tab();
  await settled();
  expect(late.events).toEqual([session(7), { type: "unread", total: 2 }, { type: "link", link: { type: "online" } }]);
});

test("an answer goes to the tab that asked", async () => {
  const [first, second] = [tab(), tab()];
  await settled();
  const outcomes: string[] = [];
  void first.engine.send(text("one")).then(() => outcomes.push("first"));
  await settled();
  void second.engine.send(text("two")).then((outcome) => outcomes.push(`second ${outcome.type}`));
  await settled();
  expect(asked()).toEqual(["one", "two"]);
  browser.worker.answers();
  await settled();
  expect(outcomes).toEqual(["first"]);
  browser.worker.answers({ type: "people", people: [] });
  await settled();
  expect(outcomes).toEqual(["first", "second people"]);
});

test("a timeline goes to the tab whose view it is", async () => {
  const [first, second] = [tab(), tab()];
  await settled();
  const view = first.engine.newView();
  void first.engine.send({ type: "openView", view, conversation: 1, at: null });
  await settled();
  browser.worker.hub!.tell({ type: "timeline", change: { ...CHANGE, view } });
  await settled();
  expect(first.events.at(-1)?.type).toBe("timeline");
  expect(second.events.map(({ type }) => type)).not.toContain("timeline");
});

test("two tabs may use the same number for a view: the engine has another for each", async () => {
  const [first, second] = [tab(), tab()];
  await settled();
  for (const { engine } of [first, second]) void engine.send({ type: "openView", view: 1, conversation: 1, at: null });
  void second.engine.send({ type: "loadOlder", view: 1 });
  await settled();
  expect(browser.worker.asked.map((command) => "view" in command && command.view)).toEqual([1, 2, 2]);
  browser.worker.hub!.tell({ type: "timeline", change: { ...CHANGE, view: 2 } });
  await settled();
  expect(first.events.map(({ type }) => type)).not.toContain("timeline");
  expect(second.events.at(-1)).toEqual({ type: "timeline", change: { ...CHANGE, view: 1 } });
});

test("the leader dies: what was not answered is asked again in order, what was answered is not", async () => {
  const [leader, other] = [tab(), tab()];
  await settled();
  const answered: string[] = [];
  for (const words of ["one", "two", "three"]) void other.engine.send(text(words)).then(() => answered.push(words));
  await settled();
  browser.worker.answers();
  await settled();
  leader.crash();
  void other.engine.send(text("four")).then(() => answered.push("four"));
  await settled();
  expect(browser.workers).toHaveLength(2);
  expect(asked()).toEqual(["two", "three", "four"]);
  for (let i = 0; i < 3; i += 1) browser.worker.answers();
  await settled();
  expect(answered).toEqual(["one", "two", "three", "four"]);
  // The screen of the other tab never showed anything but a new generation.
  expect(typesOf(other)).toEqual(["starting", "running", "running"]);
});

test("what is asked before there is an engine is asked as soon as there is one", async () => {
  const only = tab();
  void only.engine.send(text("early"));
  await settled();
  expect(asked()).toEqual(["early"]);
});

test("commands about views of an engine that is gone are not repeated", async () => {
  const [leader, other] = [tab(), tab()];
  await settled();
  const view = other.engine.newView();
  const outcomes: Outcome[] = [];
  const ask = (command: Command): void => void other.engine.send(command).then((outcome) => outcomes.push(outcome));
  ask({ type: "openView", view, conversation: 1, at: null });
  ask({ type: "loadOlder", view });
  ask({ type: "followEnd", view, follow: false });
  ask(text("kept"));
  await settled();
  leader.crash();
  await settled();
  expect(asked()).toEqual(["kept"]);
  expect(outcomes).toEqual([{ type: "done" }, { type: "done" }, { type: "done" }]);
});

test("whoever was signing in is signed in, if the engine before got that far", async () => {
  browser.disk = [{ type: "session", session: { type: "signedOut", ended: false } }];
  const [leader, other] = [tab(), tab()];
  await settled();
  const outcomes: Outcome[] = [];
  void other.engine.send({ type: "signIn", handle: "a", password: "b", deviceName: "c" }).then((outcome) => outcomes.push(outcome));
  await settled();
  browser.disk = [session(7)];
  leader.crash();
  await settled();
  expect(outcomes).toEqual([{ type: "done" }]);
  expect(asked()).toEqual([]);
});

test("what one person asked for is not done in the name of the next", async () => {
  const [leader, other] = [tab(), tab()];
  await settled();
  const outcomes: Outcome[] = [];
  void other.engine.send(text("of seven")).then((outcome) => outcomes.push(outcome));
  await settled();
  browser.disk = [session(8)];
  leader.crash();
  await settled();
  expect(asked()).toEqual([]);
  expect(outcomes).toEqual([{ type: "failed", failure: { reason: "signedOut", field: "", retryAfterMs: 0 } }]);
  // And nothing of the first is left on the screen.
  expect(other.events.slice(-2)).toEqual([{ type: "session", session: { type: "signedOut", ended: false } }, session(8)]);
});

test("what a dead tab looked at is closed", async () => {
  const [, other] = [tab(), tab()];
  await settled();
  const view = other.engine.newView();
  void other.engine.send({ type: "openView", view, conversation: 1, at: null });
  await settled();
  other.crash();
  await settled();
  expect(browser.worker.asked.at(-1)).toEqual({ type: "closeView", view });
});

test("a leader whose engine is frozen is asked to let go, and another one leads", async () => {
  const [leader, other] = [tab(), tab()];
  await settled();
  browser.worker.frozen = true;
  void other.engine.send(text("heard at last"));
  await vi.advanceTimersByTimeAsync(LONG_MS);
  expect(browser.workers).toHaveLength(2);
  expect(asked()).toEqual(["heard at last"]);
  expect(statusOf(leader)).toMatchObject({ type: "running", generation: 2 });
});

test("a leader that is frozen itself is robbed, and follows when it wakes up", async () => {
  const [leader, other] = [tab(), tab()];
  await settled();
  const frozen = browser.worker;
  frozen.frozen = true;
  // It hears nothing either: its page is as frozen as its worker.
  const leaders = browser.locks.held.find(({ name }) => name === LOCKS.engine)!.client;
  const deaf = leaders.channels.map((channel) => channel.onmessage);
  for (const channel of leaders.channels) channel.onmessage = null;

  void other.engine.send(text("heard at last"));
  await vi.advanceTimersByTimeAsync(LONG_MS);
  expect(asked()).toEqual(["heard at last"]);
  expect(frozen.client.alive).toBe(false);

  leaders.channels.forEach((channel, index) => (channel.onmessage = deaf[index]!));
  void leader.engine.send(text("awake"));
  await vi.advanceTimersByTimeAsync(LONG_MS);
  expect(browser.workers).toHaveLength(2);
  expect(asked()).toEqual(["heard at last", "awake"]);
});

test("several tabs that miss the leader do not rob each other", async () => {
  const tabs = Array.from({ length: 5 }, tab);
  await settled();
  browser.worker.frozen = true;
  for (const { engine } of tabs) void engine.send(text("x"));
  await vi.advanceTimersByTimeAsync(5 * LONG_MS);
  expect(browser.workers).toHaveLength(2);
  expect(asked()).toHaveLength(5);
});

test("an engine that answers slowly, but answers, is left alone", async () => {
  const [, other] = [tab(), tab()];
  await settled();
  void other.engine.send({ type: "listDevices" });
  await vi.advanceTimersByTimeAsync(5 * LONG_MS);
  expect(browser.workers).toHaveLength(1);
  expect(typesOf(other)).toEqual(["starting", "running"]);
});

test("a tab of another version has the engine: it is asked for it, and only then", async () => {
  const stranger = browser.newTab();
  let letGo = (): void => {};
  const heard: unknown[] = [];
  void stranger.surroundings.locks!.request(LOCKS.engine, () => new Promise<void>((resolve) => (letGo = resolve)));
  stranger.surroundings.channel("anser-engine").onmessage = ({ data }) => heard.push(data);
  await settled();
  const ours = tab();
  await vi.advanceTimersByTimeAsync(LONG_MS);
  expect(typesOf(ours)).toEqual(["starting", "elsewhere"]);
  expect(heard).toEqual([]);

  ours.engine.takeOver();
  await settled();
  expect(heard).toEqual([PLEASE_LET_GO]);
  letGo();
  await settled();
  expect(typesOf(ours)).toEqual(["starting", "elsewhere", "starting", "running"]);
});

test("a tab of another version that does not let go is robbed", async () => {
  const stranger = browser.newTab();
  void stranger.surroundings.locks!.request(LOCKS.engine, () => new Promise<void>(() => {})).catch(() => {});
  await settled();
  const ours = tab();
  await vi.advanceTimersByTimeAsync(LONG_MS);
  ours.engine.takeOver();
  await vi.advanceTimersByTimeAsync(LONG_MS);
  expect(statusOf(ours).type).toBe("running");
});

test("asked by a tab of another version, all of us make way for it", async () => {
  const [first, second] = [tab(), tab()];
  await settled();
  const stranger = browser.newTab();
  let has = false;
  void stranger.surroundings.locks!.request(LOCKS.engine, () => {
    has = true;
    return new Promise<void>(() => {});
  });
  stranger.surroundings.channel("anser-engine").postMessage(PLEASE_LET_GO);
  await settled();
  expect(has).toBe(true);
  void first.engine.send(text("waits"));
  void second.engine.send(text("waits too"));
  await vi.advanceTimersByTimeAsync(LONG_MS);
  expect(statusOf(first).type).toBe("elsewhere");
  expect(statusOf(second).type).toBe("elsewhere");

  stranger.crash();
  await settled();
  expect(asked().sort()).toEqual(["waits", "waits too"]);
});

test("an engine that cannot work in one tab is tried in the next", async () => {
  const [first, second] = [tab(), tab()];
  await settled();
  browser.worker.onmessage?.({ data: { type: "broken", detail: "a bug" } });
  await settled();
  // And then the first one has that engine too.
  expect(typesOf(first)).toEqual(["starting", "running", "broken", "running"]);
  expect(statusOf(second)).toMatchObject({ type: "running", generation: 2 });
});

test("what a closed tab was not told about is done by the next one", async () => {
  stubStorage("localStorage");
  const hide: (() => void)[] = [];
  vi.stubGlobal("addEventListener", (type: string, listener: () => void) => type === "pagehide" && hide.push(listener));
  const only = tab();
  await settled();
  for (const command of [text("the last word"), { type: "listDevices" }] as Command[]) void only.engine.send(command);
  hide[0]!();
  only.crash();

  const next = tab();
  await settled();
  expect(asked()).toEqual(["the last word"]);
  next.crash();
  tab();
  await settled();
  expect(asked()).toEqual([]);
});

test("a page without locks says at once that it cannot work", () => {
  const { surroundings } = browser.newTab();
  const engine = new SharedEngine("ws://server", { ...surroundings, locks: undefined });
  const statuses: string[] = [];
  engine.watch(({ type }) => statuses.push(type));
  engine.start();
  expect(statuses).toEqual(["starting", "broken"]);
});
