// What a tab that is closed had asked for and was not told about: the next one to look takes it over.
//
// The engine may live in the very tab that closes, and ends with it in the middle of a word. Nothing but localStorage
// is written for certain while a page goes.

import type { Command } from "./generated/Command";

const PREFIX = "anser.left.";

/** Of one person; sends carry keys, and the rest is harmless twice, so it does no harm if it was carried out after all. */
export interface Left {
  account: number;
  commands: Command[];
}

/** Whether losing it would hurt. Questions die with whoever asked them. */
export function isWorthKeeping({ type }: Command): boolean {
  return type === "sendText" || type === "saveDraft" || type === "markRead";
}

/** The tab is going. */
export function leaveBehind(tab: string, left: Left): void {
  if (left.commands.length === 0) return;
  try {
    localStorage.setItem(PREFIX + tab, JSON.stringify(left));
  } catch {
    // Forbidden or full: the page goes without.
    return;
  }
}

/** What tabs of this person left; nobody finds it a second time. What others left goes unread. */
export function takeLeftBehind(account: number): Command[] {
  try {
    const names = Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index) ?? "");
    return names.filter((name) => name.startsWith(PREFIX)).flatMap((name) => take(name, account));
  } catch {
    return [];
  }
}

/** Calls back when another tab has left something. */
export function whenLeftBehind(callback: () => void): void {
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key?.startsWith(PREFIX) === true && newValue !== null) callback();
  });
}

function take(name: string, account: number): Command[] {
  const text = localStorage.getItem(name);
  localStorage.removeItem(name);
  if (text === null) return [];
  const left = JSON.parse(text) as Left;
  return left.account === account ? left.commands : [];
}
