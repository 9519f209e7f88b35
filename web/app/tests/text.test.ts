// Small helpers: keys, limits, formats, names.

import { expect, test } from "vitest";
import { en } from "../src/i18n/en";
import { hueOf, initialOf } from "../src/text/avatar";
import { deviceName } from "../src/text/device-name";
import { formatBadge, formatDay, formatListTime } from "../src/text/format";
import { isSendKey, type KeyPress } from "../src/text/keys";
import { cleanHandle, countChars } from "../src/text/limits";
import { checkRegistration } from "../src/text/registration";
import { newSendKey } from "../src/text/send-key";

function press(over: Partial<KeyPress>): KeyPress {
  return { key: "Enter", shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, keyCode: 13, ...over };
}

test("Enter sends, Shift+Enter does not, other keys do not", () => {
  expect(isSendKey(press({}))).toBe(true);
  expect(isSendKey(press({ ctrlKey: true }))).toBe(true);
  expect(isSendKey(press({ shiftKey: true }))).toBe(false);
  expect(isSendKey(press({ key: "a", keyCode: 65 }))).toBe(false);
});

test("Enter that belongs to an input method never sends", () => {
  expect(isSendKey(press({ isComposing: true }))).toBe(false);
  expect(isSendKey(press({ keyCode: 229 }))).toBe(false);
});

test("characters are counted as the server counts them", () => {
  expect(countChars("")).toBe(0);
  expect(countChars("好🦆")).toBe(2);
  expect(countChars("👨‍👩‍👧")).toBe(5);
});

test("a handle may be typed with @, spaces and capitals", () => {
  expect(cleanHandle(" @Alice ")).toBe("alice");
});

test("a registration is checked field by field", () => {
  const good = { handle: "alice", displayName: "Alice", password: "12345678" };
  expect(checkRegistration(good)).toBeUndefined();
  expect(checkRegistration({ ...good, handle: "al" })?.field).toBe("handle");
  expect(checkRegistration({ ...good, handle: "1alice" })?.field).toBe("handle");
  expect(checkRegistration({ ...good, handle: "al.ice" })?.field).toBe("handle");
  expect(checkRegistration({ ...good, displayName: "" })?.field).toBe("display_name");
  expect(checkRegistration({ ...good, password: "1234567" })?.field).toBe("password");
  expect(checkRegistration({ ...good, password: "好".repeat(342) })?.field).toBe("password");
});

test("list times get coarser with age", () => {
  const now = Date.UTC(2026, 10, 22, 12);
  const day = 86_400_000;
  expect(formatListTime("en-GB", en, now - 60_000, now)).toMatch(/^\d\d:\d\d$/);
  expect(formatListTime("en-GB", en, now - day, now)).toBe("Yesterday");
  expect(formatListTime("en-GB", en, now - 3 * day, now)).toBe("Thu");
  expect(formatListTime("en-GB", en, now - 30 * day, now)).toBe("23 Oct");
  expect(formatListTime("en-GB", en, now - 500 * day, now)).toBe("10/07/2025");
  // A server's clock that is a little ahead of ours is still today.
  expect(formatDay("en-GB", en, now, now)).toBe("Today");
});

test("badges end at 999+", () => {
  expect(formatBadge("en", 999)).toBe("999");
  expect(formatBadge("en", 1000)).toBe("999+");
});

test("initials are whole graphemes, colours are stable and within range", () => {
  expect(initialOf("bob")).toBe("B");
  expect(initialOf("👨‍👩‍👧 family")).toBe("👨‍👩‍👧");
  expect(initialOf("  ")).toBe("?");
  for (const id of [1, 2, 3, 2 ** 48 - 1]) {
    expect(hueOf(id)).toBe(hueOf(id));
    expect(hueOf(id)).toBeGreaterThanOrEqual(0);
    expect(hueOf(id)).toBeLessThan(8);
  }
});

test("devices are named after browser and system", () => {
  expect(deviceName("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36")).toBe("Chrome, Linux");
  expect(deviceName("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1")).toBe("Safari, iOS");
  expect(deviceName("")).toBe("Browser");
});

test("with Ctrl or ⌘ chosen, Enter alone does not send", () => {
  expect(isSendKey(press({}), "modifier")).toBe(false);
  expect(isSendKey(press({ ctrlKey: true }), "modifier")).toBe(true);
  expect(isSendKey(press({ metaKey: true }), "modifier")).toBe(true);
  expect(isSendKey(press({ ctrlKey: true, isComposing: true }), "modifier")).toBe(false);
});

test("a send key is 32 hexadecimal digits, and never the same", () => {
  const keys = Array.from({ length: 100 }, newSendKey);
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(keys).size).toBe(100);
});
