// Telling a damaged database from one that only cannot be used right now.

/** Of SQLite's result codes, those that say that the file is not what was written into it. */
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
/** Those that say nothing about the file's content: busy, out of memory, read-only, disk trouble, disk full, cannot open. */
const PASSING = [5, 6, 7, 8, 10, 13, 14];

/** The database holds something that was never written. The remedy is to make it anew from the server. */
export class DamagedStore extends Error {
  override readonly name = "DamagedStore";
}

/** SQLite says so, or the engine when it met a row that it never wrote. */
export function isDamage(cause: unknown): boolean {
  const code = codeOf(cause);
  return code === CORRUPT || code === NOT_A_DATABASE || (cause instanceof Error && cause.name === "DamagedStore");
}

/** Our own statements fail for no passing reason: the tables are not what they should be. */
export function isSuspicious(cause: unknown): boolean {
  const code = codeOf(cause);
  return code !== undefined && !PASSING.includes(code);
}

/** SQLite's primary result code, if the error is one of SQLite's. */
function codeOf(cause: unknown): number | undefined {
  if (typeof cause !== "object" || cause === null || !("resultCode" in cause)) return undefined;
  return typeof cause.resultCode === "number" ? cause.resultCode & 0xff : undefined;
}
