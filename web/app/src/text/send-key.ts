// The key of a send: chosen here, so that the same wish told twice is carried out once.

const KEY_BYTES = 16;

/** 32 hexadecimal digits that nobody else has, from the browser's good randomness. */
export function newSendKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
