// Every keyboard shortcut, in one place: for the handler and for the cheat sheet.

import { isOfInputMethod, type SendWith } from "../text/keys";

/** What a key can ask for anywhere in the app. */
export type ShortcutId =
  | "switcher"
  | "newChat"
  | "settings"
  | "cheatSheet"
  | "leave"
  | "previousChat"
  | "nextChat"
  | "previousUnread"
  | "nextUnread"
  | "emoji";

/** What a component does with keys itself; here only to be told about. */
export type LocalKeyId = "write" | "send" | "newLine" | "scroll" | "walkList" | "openRow";

/** Keys pressed together. `mod` is Ctrl, or ⌘ on a Mac. */
export interface Combo {
  key: string;
  mod?: true;
  alt?: true;
  shift?: true;
}

/** `onlyOutsideFields`: where one writes, the key is a character. */
interface Shortcut {
  id: ShortcutId;
  combos: readonly Combo[];
  onlyOutsideFields?: true;
}

const SHORTCUTS: readonly Shortcut[] = [
  { id: "switcher", combos: [{ key: "k", mod: true }] },
  { id: "newChat", combos: [{ key: "n", mod: true, alt: true }] },
  { id: "settings", combos: [{ key: ",", mod: true }] },
  { id: "cheatSheet", combos: [{ key: "/", mod: true }] },
  { id: "cheatSheet", combos: [{ key: "?" }], onlyOutsideFields: true },
  { id: "leave", combos: [{ key: "Escape" }] },
  { id: "previousChat", combos: [{ key: "ArrowUp", alt: true }] },
  { id: "nextChat", combos: [{ key: "ArrowDown", alt: true }] },
  { id: "previousUnread", combos: [{ key: "ArrowUp", alt: true, shift: true }] },
  { id: "nextUnread", combos: [{ key: "ArrowDown", alt: true, shift: true }] },
  { id: "emoji", combos: [{ key: "e", mod: true }] },
];

/** The part of a keyboard event that matters here. */
export type ShortcutPress = Pick<
  KeyboardEvent,
  "key" | "code" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey" | "isComposing" | "keyCode" | "getModifierState"
>;

/** What a press asks for; undefined: nothing of ours. */
export function shortcutOf(press: ShortcutPress, mac: boolean, inField: boolean): ShortcutId | undefined {
  // AltGr, which Windows reports as Ctrl+Alt, writes characters.
  if (isOfInputMethod(press) || press.getModifierState("AltGraph")) return undefined;
  const found = SHORTCUTS.find(
    ({ combos, onlyOutsideFields }) => !(onlyOutsideFields && inField) && combos.some((combo) => matches(combo, press, mac)),
  );
  return found?.id;
}

function matches(combo: Combo, press: ShortcutPress, mac: boolean): boolean {
  const [mod, other] = mac ? [press.metaKey, press.ctrlKey] : [press.ctrlKey, press.metaKey];
  if (mod !== (combo.mod ?? false) || other || press.altKey !== (combo.alt ?? false)) return false;
  if (keyOf(press) !== combo.key) return false;
  // Signs are typed with Shift on some keyboards and without on others.
  return /^[^\w\s]$/.test(combo.key) || press.shiftKey === (combo.shift ?? false);
}

/** The letter on the key, also where the layout writes other letters or ⌥ changes it. */
function keyOf({ key, code }: ShortcutPress): string {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  if (key.length === 1 || key === "Dead") return /^Key[A-Z]$/.test(code) ? code.slice(3).toLowerCase() : key;
  return key;
}

/** One line of the cheat sheet: any of the combos does it. */
export interface CheatLine {
  id: ShortcutId | LocalKeyId;
  combos: readonly Combo[];
}

/** Everything the keyboard can do, by where it does it. */
export function cheatSheet(sendWith: SendWith): { everywhere: CheatLine[]; chats: CheatLine[]; writing: CheatLine[] } {
  const enter: Combo = { key: "Enter" };
  const [send, newLine]: [Combo, Combo] =
    sendWith === "enter" ? [enter, { key: "Enter", shift: true }] : [{ key: "Enter", mod: true }, enter];
  return {
    everywhere: [line("switcher"), line("newChat"), line("settings"), line("cheatSheet"), line("leave")],
    chats: [
      line("previousChat"),
      line("nextChat"),
      line("previousUnread"),
      line("nextUnread"),
      { id: "walkList", combos: ["ArrowUp", "ArrowDown", "Home", "End"].map((key) => ({ key })) },
      { id: "openRow", combos: [enter] },
    ],
    writing: [
      { id: "write", combos: [{ key: "a…z" }] },
      { id: "send", combos: [send] },
      { id: "newLine", combos: [newLine] },
      line("emoji"),
      { id: "scroll", combos: [{ key: "PageUp" }, { key: "PageDown" }] },
    ],
  };
}

function line(id: ShortcutId): CheatLine {
  return { id, combos: SHORTCUTS.filter((shortcut) => shortcut.id === id).flatMap(({ combos }) => combos) };
}

const NAMES: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  PageUp: "Page ↑",
  PageDown: "Page ↓",
};

/** What stands on the keys of a combo. */
export function keyNames(combo: Combo, mac: boolean): string[] {
  const names: string[] = [];
  if (combo.mod) names.push(mac ? "⌘" : "Ctrl");
  if (combo.alt) names.push(mac ? "⌥" : "Alt");
  if (combo.shift) names.push(mac ? "⇧" : "Shift");
  const key = NAMES[combo.key] ?? combo.key;
  names.push(/^[a-z]$/.test(key) ? key.toUpperCase() : key);
  return names;
}

/** Whether the keyboard has ⌘ where others have Ctrl. */
export function isMac(userAgent: string): boolean {
  return /Mac OS X|Macintosh|iPhone|iPad/.test(userAgent);
}
