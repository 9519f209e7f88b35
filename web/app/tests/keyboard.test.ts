// Shortcuts: which press means what, on which keyboard, and what it does.

import { expect, test } from "vitest";
import { ALICE, BOB, makeChat } from "../src/engine/fake-world";
import { type KeyboardApp, type KeyPlace, pressKey } from "../src/state/keyboard";
import { cheatSheet, isMac, keyNames, type ShortcutPress, shortcutOf } from "../src/state/shortcuts";

function press(keys: string, over: Partial<ShortcutPress> = {}): ShortcutPress {
  const parts = keys.split("+");
  const key = parts.pop()!;
  const held = (name: string): boolean => parts.includes(name);
  return {
    key,
    code: /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : key,
    ctrlKey: held("Ctrl"),
    metaKey: held("Meta"),
    altKey: held("Alt"),
    shiftKey: held("Shift"),
    isComposing: false,
    keyCode: 0,
    getModifierState: () => false,
    ...over,
  };
}

const meaning = (keys: string, over: Partial<ShortcutPress> = {}, mac = false, inField = true) => shortcutOf(press(keys, over), mac, inField);

test("Ctrl and ⌘ each on its own kind of keyboard", () => {
  expect(meaning("Ctrl+k")).toBe("switcher");
  expect(meaning("Meta+k", {}, true)).toBe("switcher");
  expect(meaning("Ctrl+k", {}, true)).toBeUndefined();
  expect(meaning("Meta+k")).toBeUndefined();
  expect(meaning("Ctrl+Shift+k")).toBeUndefined();
  expect(isMac("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)")).toBe(true);
  expect(isMac("Mozilla/5.0 (X11; Linux x86_64)")).toBe(false);
});

test("letters are found where the keyboard writes other letters", () => {
  expect(meaning("Ctrl+л", { code: "KeyK" })).toBe("switcher");
  expect(meaning("Meta+Alt+Dead", { code: "KeyN" }, true)).toBe("newChat");
  // Dvorak writes k where others write v.
  expect(meaning("Ctrl+k", { code: "KeyV" })).toBe("switcher");
});

test("signs are found with Shift and without", () => {
  expect(meaning("Ctrl+/")).toBe("cheatSheet");
  expect(meaning("Ctrl+Shift+/", { code: "Digit7" })).toBe("cheatSheet");
  expect(meaning("Shift+?", {}, false, false)).toBe("cheatSheet");
  expect(meaning("Shift+?")).toBeUndefined();
});

test("what writes a character, or belongs to an input method, is no shortcut", () => {
  expect(meaning("Ctrl+Alt+n", { getModifierState: (name) => name === "AltGraph" })).toBeUndefined();
  expect(meaning("Escape", { isComposing: true })).toBeUndefined();
  expect(meaning("Escape", { keyCode: 229 })).toBeUndefined();
});

test("the cheat sheet tells every shortcut, with the keys of this keyboard", () => {
  const lines = Object.values(cheatSheet("enter")).flat();
  expect(lines.every(({ combos }) => combos.length > 0)).toBe(true);
  expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length);
  expect(keyNames({ key: "k", mod: true }, false)).toEqual(["Ctrl", "K"]);
  expect(keyNames({ key: "ArrowUp", alt: true, shift: true }, true)).toEqual(["⌥", "⇧", "↑"]);
  const send = (how: "enter" | "modifier") => cheatSheet(how).writing.find(({ id }) => id === "send")!.combos;
  expect(send("enter")).toEqual([{ key: "Enter" }]);
  expect(send("modifier")).toEqual([{ key: "Enter", mod: true }]);
});

interface World extends KeyboardApp {
  done: string[];
  press: (keys: string, place?: KeyPlace, over?: Partial<ShortcutPress>) => boolean;
}

/** Four chats, of which the second and the fourth are unread. */
function world(open: number | undefined, sheet?: string): World {
  const done: string[] = [];
  const view = (id: number) => makeChat(id, BOB, "Bob", [ALICE, BOB], [], id % 2 === 0 ? 3 : 0).view;
  const app: KeyboardApp = {
    sheet,
    conversations: { list: [1, 2, 3, 4].map(view) },
    route: { conversation: open },
    desk: { composer: { focus: () => done.push("write"), toggleEmoji: () => done.push("emoji") } },
    show: (name) => done.push(name),
    openChat: (id) => done.push(`chat ${id}`),
    closeChat: () => done.push("leave"),
  };
  return { ...app, done, press: (keys, place = "field", over = {}) => pressKey(app, press(keys, over), place, false) };
}

function check(open: number | undefined, keys: string, expected: string[], place: KeyPlace = "field"): void {
  const app = world(open);
  app.press(keys, place);
  expect(app.done, keys).toEqual(expected);
}

test("from chat to chat, around the ends", () => {
  check(2, "Alt+ArrowDown", ["chat 3"]);
  check(2, "Alt+ArrowUp", ["chat 1"]);
  check(1, "Alt+ArrowUp", ["chat 4"]);
  check(4, "Alt+ArrowDown", ["chat 1"]);
  check(undefined, "Alt+ArrowDown", ["chat 1"]);
  check(undefined, "Alt+ArrowUp", ["chat 4"]);
});

test("from unread to unread", () => {
  check(1, "Alt+Shift+ArrowDown", ["chat 2"]);
  check(2, "Alt+Shift+ArrowDown", ["chat 4"]);
  check(4, "Alt+Shift+ArrowDown", ["chat 2"]);
  check(1, "Alt+Shift+ArrowUp", ["chat 4"]);
});

test("Esc leaves the chat, and is the browser's when there is none", () => {
  check(2, "Escape", ["leave"]);
  expect(world(undefined).press("Escape")).toBe(false);
});

test("typing anywhere is writing, except on a button's own key and in other fields", () => {
  check(2, "a", ["write"], "page");
  check(2, "你", ["write"], "control");
  check(2, " ", [], "control");
  check(2, "Enter", [], "control");
  check(2, "a", [], "field");
  check(2, "Ctrl+v", ["write"], "page");
  check(2, "Ctrl+c", [], "page");
  check(2, "Shift+?", ["shortcuts"], "page");
  const composing = world(2);
  composing.press("Process", "page", { keyCode: 229 });
  expect(composing.done).toEqual(["write"]);
});

test("under a dialog nothing happens", () => {
  for (const keys of ["Ctrl+k", "Escape", "Alt+ArrowDown", "a"]) {
    const app = world(2, "settings");
    app.press(keys, "page");
    expect(app.done, keys).toEqual([]);
  }
});
