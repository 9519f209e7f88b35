// Notifications: when there is one, what it says, and when it goes away.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ALICE, BOB, makeChat, row, text } from "../src/engine/fake-world";
import type { ConversationView } from "../src/engine/generated/ConversationView";
import { showBadge } from "../src/state/badge";
import { NotificationsState } from "../src/state/notifications.svelte";
import { BrowserNotifier, type Notice, type Notifier, type Permission } from "../src/state/notifier";
import { type Locks, TabTurn } from "../src/state/tab-turn";
import { stubStorage } from "./helpers/browser-storage";

let kept: Map<string, string>;

beforeEach(() => {
  kept = stubStorage("localStorage");
});

afterEach(() => vi.unstubAllGlobals());

const settled = async (): Promise<void> => {
  for (let i = 0; i < 8; i += 1) await Promise.resolve();
};

const WORDS = {
  line: (view: ConversationView, { content, sender }: ConversationView["last"] & object) =>
    `${view.group ? `${sender.displayName}: ` : ""}${content.type === "text" ? content.text : ""}`,
  appName: "Anser",
  newMessages: (count: number) => `${count} new`,
};

/** Bob's chat with so many messages of his, of which so many are unread. */
function bob(seq: number, unread: number, words = `line ${seq}`, group = false): ConversationView {
  const chat = makeChat(7, group ? null : BOB, group ? "Walks" : "Bob", [ALICE, BOB], [row(seq, BOB, 1_000 + seq, text(words))], unread);
  return chat.view;
}

interface World {
  state: NotificationsState;
  shown: Notice[];
  closed: (number | "all")[];
  asked: () => number;
}

async function world(answer: Permission = "granted", myTurn = true): Promise<World> {
  const shown: Notice[] = [];
  const closed: (number | "all")[] = [];
  let permission: Permission = answer === "unsupported" ? answer : "default";
  let asked = 0;
  const notifier: Notifier = {
    permission: () => permission,
    ask: async () => {
      asked += 1;
      permission = answer;
      return answer;
    },
    show: async (notice) => void shown.push(notice),
    close: (conversation) => closed.push(conversation),
    closeOld: (read) => closed.push(...read),
    closeAll: () => closed.push("all"),
  };
  const state = new NotificationsState(notifier, { shouldNotify: async () => myTurn }, () => WORDS);
  return { state, shown, closed, asked: () => asked };
}

async function turnedOn(): Promise<World> {
  const made = await world();
  await made.state.turnOn();
  made.state.begin([bob(3, 1)]);
  return made;
}

test("nobody is asked before the user wants it, and the answer is kept", async () => {
  const { state, asked, shown } = await world();
  expect(state.on).toBe(false);
  state.begin([]);
  state.hear([bob(1, 1)]);
  await settled();
  expect([asked(), shown.length]).toEqual([0, 0]);
  await state.turnOn();
  expect(state.on).toBe(true);
  expect(kept.get("anser.notifications")).toBe("on");
});

test("a browser that refuses, or has none, leaves them off", async () => {
  const refused = await world("denied");
  await refused.state.turnOn();
  expect([refused.state.on, refused.state.permission]).toEqual([false, "denied"]);
  const old = await world("unsupported");
  await old.state.turnOn();
  expect([old.state.on, old.asked()]).toEqual([false, 0]);
});

test("a new message is told, once, with who and what", async () => {
  const { state, shown } = await turnedOn();
  state.hear([bob(4, 2, "hello")]);
  state.hear([bob(4, 2, "hello")]);
  await settled();
  expect(shown).toEqual([{ conversation: 7, title: "Bob", body: "hello", atMs: 1_004 }]);
});

test("in a group it says who", async () => {
  const { state, shown } = await turnedOn();
  state.hear([bob(4, 2, "hello", true)]);
  await settled();
  expect(shown[0]).toMatchObject({ title: "Walks", body: "Bob: hello" });
});

test("what is there at the start is no news, a new chat later is", async () => {
  const { state, shown } = await world();
  await state.turnOn();
  state.hear([bob(3, 3)]);
  state.begin([bob(3, 3)]);
  state.hear([bob(3, 3)]);
  await settled();
  expect(shown).toEqual([]);
  state.hear([{ ...bob(1, 1, "hi there"), conversation: 8 }]);
  await settled();
  expect(shown.map(({ body }) => body)).toEqual(["hi there"]);
});

test("own messages, and what is read already, are no news", async () => {
  const { state, shown } = await turnedOn();
  const own = makeChat(7, BOB, "Bob", [ALICE, BOB], [row(4, ALICE, 0, text("mine"))], 1).view;
  state.hear([own, bob(5, 0)]);
  await settled();
  expect(shown).toEqual([]);
});

test("read here or elsewhere, it goes away", async () => {
  const { state, closed } = await turnedOn();
  state.hear([bob(4, 2)]);
  expect(closed).toEqual([]);
  state.hear([bob(4, 0)]);
  expect(closed).toEqual([7]);
  state.forget();
  expect(closed).toEqual([7, "all"]);
});

test("what is read before it could be told is not told", async () => {
  const { state, shown } = await turnedOn();
  state.hear([bob(4, 2)]);
  state.hear([bob(4, 0)]);
  await settled();
  expect(shown).toEqual([]);
});

test("turned on in one tab, they are on in the others", async () => {
  const here = await world();
  const there = await turnedOn();
  here.state.begin([]);
  here.state.hear([bob(4, 2)]);
  await settled();
  // This tab's browser has not been asked, though.
  expect(here.shown).toEqual([]);
  there.state.turnOff();
  const again = new NotificationsState(
    { permission: () => "granted", ask: async () => "granted", show: async () => {}, close: () => {}, closeOld: () => {}, closeAll: () => {} },
    undefined,
    () => WORDS,
  );
  expect(again.on).toBe(false);
  kept.set("anser.notifications", "on");
  again.refresh();
  expect(again.on).toBe(true);
});

test("what stands from an earlier visit goes away when it has been read since", async () => {
  const { state, closed } = await world();
  state.begin([bob(3, 0), { ...bob(5, 2), conversation: 8 }]);
  expect(closed).toEqual([7]);
  // Later, chats that are read all the time cost nothing.
  state.hear([bob(4, 0), bob(5, 0)]);
  expect(closed).toEqual([7]);
});

test("the text can stay hidden, and a very long one is cut", async () => {
  const { state, shown } = await turnedOn();
  state.hear([bob(4, 2, "🦆".repeat(500))]);
  await settled();
  expect([...shown[0]!.body]).toHaveLength(241);
  state.chooseText(false);
  state.hear([bob(5, 3, "a secret")]);
  await settled();
  expect(shown[1]).toMatchObject({ title: "Anser", body: "3 new" });
});

test("it is silent while another tab has the turn", async () => {
  const { state, shown } = await world("granted", false);
  await state.turnOn();
  state.begin([]);
  state.hear([bob(1, 1)]);
  await settled();
  expect(shown).toEqual([]);
});

/** The locks of one browser, each granted to one holder, or to many that share it. */
function browserLocks(): { tab: () => { locks: Locks; close: () => void } } {
  const held: { name: string; tab: object }[] = [];
  const waiting: { name: string; tab: object; grant: () => void }[] = [];
  const release = (gone: (entry: { tab: object; name: string }) => boolean): void => {
    for (let i = held.length - 1; i >= 0; i -= 1) if (gone(held[i]!)) held.splice(i, 1);
    const next = waiting.findIndex(({ name }) => !held.some((entry) => entry.name === name));
    if (next >= 0) waiting.splice(next, 1)[0]!.grant();
  };
  const tab = () => {
    const self = {};
    const request = async (name: string, ...rest: unknown[]): Promise<void> => {
      const callback = rest.at(-1) as () => Promise<void>;
      const grant = (): void => {
        const entry = { name, tab: self };
        held.push(entry);
        void callback().then(() => release((other) => other === entry));
      };
      if (rest.length === 1 && held.some((entry) => entry.name === name)) waiting.push({ name, tab: self, grant });
      else grant();
    };
    const query = async () => ({ held: held.map(({ name }) => ({ name })), pending: [] });
    const close = (): void => {
      for (let i = waiting.length - 1; i >= 0; i -= 1) if (waiting[i]!.tab === self) waiting.splice(i, 1);
      release((entry) => entry.tab === self);
    };
    return { locks: { request, query } as unknown as Locks, close };
  };
  return { tab };
}

test("of several tabs one notifies; when it is gone, the next", async () => {
  const browser = browserLocks();
  const [a, b] = [browser.tab(), browser.tab()];
  const [first, second] = [new TabTurn(a.locks), new TabTurn(b.locks)];
  expect([await first.shouldNotify(), await second.shouldNotify()]).toEqual([true, false]);
  a.close();
  expect(await second.shouldNotify()).toBe(true);
});

test("no tab notifies while somebody looks at one of them", async () => {
  const browser = browserLocks();
  const [first, second] = [new TabTurn(browser.tab().locks), new TabTurn(browser.tab().locks)];
  second.attend(true);
  second.attend(true);
  expect(await first.shouldNotify()).toBe(false);
  second.attend(false);
  await settled();
  expect(await first.shouldNotify()).toBe(true);
});

/** A browser's Notification that keeps what was made of it. */
function stubNotifications(allowed: boolean): { made: FakeNotification[]; byWorker: string[] } {
  const made: FakeNotification[] = [];
  const byWorker: string[] = [];
  class Stub extends FakeNotification {
    static permission = "granted";
    constructor(title: string, options: NotificationOptions) {
      if (!allowed) throw new TypeError("Illegal constructor");
      super(title, options);
      made.push(this);
    }
  }
  const standing = [7, 8].map((chat) => ({ tag: `chat-${chat}`, close: () => byWorker.push(`closed ${chat}`) }));
  const registration = { showNotification: async (title: string) => void byWorker.push(title), getNotifications: async () => standing };
  vi.stubGlobal("Notification", Stub);
  vi.stubGlobal("focus", () => {});
  vi.stubGlobal("navigator", { serviceWorker: { addEventListener: () => {}, getRegistration: async () => registration } });
  return { made, byWorker };
}

class FakeNotification {
  closed = false;
  onclick: (() => void) | null = null;
  constructor(
    readonly title: string,
    readonly options: NotificationOptions,
  ) {}
  close(): void {
    this.closed = true;
  }
}

const NOTICE: Notice = { conversation: 7, title: "Bob", body: "hello", atMs: 1 };

test("one per chat, and pressing it opens the chat", async () => {
  const { made } = stubNotifications(true);
  const opened: number[] = [];
  const notifier = new BrowserNotifier((conversation) => opened.push(conversation));
  await notifier.show(NOTICE);
  expect(made[0]?.options).toMatchObject({ tag: "chat-7", body: "hello", renotify: true });
  made[0]?.onclick?.();
  expect([opened, made[0]?.closed]).toEqual([[7], true]);
  await notifier.show(NOTICE);
  notifier.close(7);
  expect(made[1]?.closed).toBe(true);
});

test("where only a service worker may, it shows them", async () => {
  const { made, byWorker } = stubNotifications(false);
  const notifier = new BrowserNotifier(() => {});
  await notifier.show(NOTICE);
  expect([made, byWorker]).toEqual([[], ["Bob"]]);
  notifier.close(7);
  await settled();
  expect(byWorker).toEqual(["Bob", "closed 7"]);
  notifier.closeOld(new Set([8, 9]));
  await settled();
  expect(byWorker).toEqual(["Bob", "closed 7", "closed 8"]);
});

test("the icon of the tab and the badge of the app say that something is unread", () => {
  const link = { href: "/icon.svg", getAttribute: () => link.href, setAttribute: (_: string, href: string) => (link.href = href) };
  const badges: (number | "clear")[] = [];
  vi.stubGlobal("document", { querySelector: () => link });
  vi.stubGlobal("navigator", {
    setAppBadge: async (count: number) => void badges.push(count),
    clearAppBadge: async () => void badges.push("clear"),
  });
  showBadge(3);
  expect(link.href).toBe("/icon-unread.svg");
  showBadge(0);
  expect(link.href).toBe("/icon.svg");
  expect(badges).toEqual([3, "clear"]);
});

test("a chat that goes on while a notification stands is told anew", async () => {
  const { state, shown } = await turnedOn();
  state.hear([bob(4, 2)]);
  state.hear([bob(5, 3)]);
  await settled();
  expect(shown.map(({ body }) => body)).toEqual(["line 4", "line 5"]);
  expect(shown.every(({ conversation }) => conversation === 7)).toBe(true);
});
