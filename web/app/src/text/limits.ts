// What the screen must know of crates/protocol/src/limits.rs to warn before the server refuses.

/** A text message, in Unicode scalar values. */
export const TEXT_CHARS_MAX = 5_000;
/** From here on the composer shows how much room is left. */
export const TEXT_CHARS_WARN = 4_800;
export const HANDLE_CHARS_MIN = 3;
export const HANDLE_CHARS_MAX = 32;
export const NAME_CHARS_MAX = 64;
export const PASSWORD_CHARS_MIN = 8;
export const PASSWORD_BYTES_MAX = 1_024;

/** How many Unicode scalar values a text has; `length` would count an emoji twice. */
export function countChars(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** What the user means when typing a handle: without the @ and spaces around it, in lower case. */
export function cleanHandle(typed: string): string {
  return typed.trim().replace(/^@/, "").toLowerCase();
}
