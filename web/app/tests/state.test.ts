// Conversations, drafts, theme and language.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ALICE, BOB, makeChat, row, text } from "../src/engine/fake-world";
import { keep, wipeAccount } from "../src/state/browser-storage";
import { ConversationsState } from "../src/state/conversations.svelte";
import { DraftsState } from "../src/state/drafts.svelte";
import { LocaleState } from "../src/state/locale.svelte";
import { ThemeState } from "../src/state/theme.svelte";
import { stubStorage } from "./helpers/browser-storage";

let kept: Map<string, string>;

beforeEach(() => {
  kept = stubStorage("localStorage");
  stubStorage("sessionStorage", kept);
  vi.stubGlobal("document", { documentElement: { dataset: {}, lang: "" } });
  vi.useFakeTimers();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const chat = (id: number, atMs: number) => makeChat(id, BOB, "Bob", [ALICE, BOB], [row(1, BOB, atMs, text("a"))], 0).view;

test("conversations are newest first, and a change moves only its own", () => {
  const state = new ConversationsState();
  state.apply([chat(1, 100), chat(2, 300), chat(3, 200)]);
  expect(state.list.map(({ conversation }) => conversation)).toEqual([2, 3, 1]);
  state.apply([chat(1, 400)]);
  expect(state.list.map(({ conversation }) => conversation)).toEqual([1, 2, 3]);
  state.apply([chat(4, 150), chat(5, 250), chat(6, 200), chat(4, 100)]);
  expect(state.list.map(({ conversation }) => conversation)).toEqual([1, 2, 5, 6, 3, 4]);
  state.apply([{ ...chat(1, 400), unsent: 2 }, { ...chat(2, 300), unsent: 1 }]);
  expect(state.unsent).toBe(3);
  state.clear();
  expect(state.list).toEqual([]);
});

test("a draft is kept a moment after the last key, or when the chat is left", () => {
  const saved: [number, string][] = [];
  const drafts = new DraftsState(async (conversation, words) => saved.push([conversation, words]) > 0);
  drafts.write(1, "h");
  drafts.write(1, "he");
  expect(saved).toEqual([]);
  vi.runAllTimers();
  expect(saved).toEqual([[1, "he"]]);
  drafts.write(1, "hey");
  drafts.flushAll();
  vi.runAllTimers();
  expect(saved).toEqual([[1, "he"], [1, "hey"]]);
  expect(drafts.textOf(1, "old")).toBe("hey");
  expect(drafts.textOf(2, "old")).toBe("old");
});

test("sending forgets the draft, but not what was typed meanwhile", () => {
  const saved: [number, string][] = [];
  const drafts = new DraftsState(async (conversation, words) => saved.push([conversation, words]) > 0);
  drafts.write(1, "hello");
  drafts.sending(1);
  vi.runAllTimers();
  // The page may die before the text is in the outbox.
  expect(saved).toEqual([]);
  drafts.sent(1);
  expect(saved).toEqual([[1, ""]]);
  drafts.sending(1);
  drafts.write(1, "next");
  drafts.sent(1);
  expect(drafts.textOf(1, "")).toBe("next");
});

test("a text that could not be kept comes back, before what was typed since", () => {
  const drafts = new DraftsState(async () => true);
  drafts.write(1, "first");
  drafts.sending(1);
  drafts.notSent(1, "first");
  expect(drafts.textOf(1, "")).toBe("first");
  drafts.sending(1);
  drafts.write(1, "second");
  drafts.notSent(1, "first");
  expect(drafts.textOf(1, "")).toBe("first\nsecond");
});

test("once it is kept, what another tab makes of the draft is shown", async () => {
  const drafts = new DraftsState(async () => true);
  drafts.write(1, "mine");
  drafts.hear(1, "older");
  expect(drafts.textOf(1, "older")).toBe("mine");
  drafts.flush(1);
  drafts.hear(1, "older");
  expect(drafts.isAhead(1)).toBe(true);
  await Promise.resolve();
  await Promise.resolve();
  drafts.hear(1, "theirs");
  expect(drafts.isAhead(1)).toBe(false);
  expect(drafts.textOf(1, "theirs")).toBe("theirs");
});

test("signing out takes what is the account's from the browser, and leaves the choices", () => {
  keep("recentEmoji", "[]");
  keep("places", "[]", "session");
  keep("theme", "dark");
  kept.set("other.app", "x");
  wipeAccount();
  expect([...kept]).toEqual([["anser.theme", "dark"], ["other.app", "x"]]);
});

test("the theme is kept and stands on the root element", () => {
  const theme = new ThemeState();
  expect(theme.choice).toBe("system");
  theme.choose("dark");
  expect(document.documentElement.dataset["theme"]).toBe("dark");
  expect(new ThemeState().choice).toBe("dark");
  theme.choose("system");
  expect(document.documentElement.dataset["theme"]).toBeUndefined();
});

test("nonsense in the browser's storage, or no storage, means the default", () => {
  kept.set("anser.theme", "purple");
  expect(new ThemeState().choice).toBe("system");
  vi.stubGlobal("localStorage", undefined);
  const theme = new ThemeState();
  theme.choose("light");
  expect(theme.choice).toBe("light");
});

test("the language is the browser's first one we know, unless chosen", () => {
  const locale = new LocaleState();
  locale.preferred = ["fr-FR", "zh-TW", "en-GB"];
  expect(locale.language).toBe("zh");
  expect(locale.tag).toBe("zh-TW");
  locale.choose("en");
  expect(locale.t.signIn).toBe("Sign in");
  expect(locale.tag).toBe("en-GB");
  expect(document.documentElement.lang).toBe("en");
  expect(new LocaleState().choice).toBe("en");
  locale.choose("auto");
  locale.preferred = ["fr"];
  expect(locale.language).toBe("en");
});
