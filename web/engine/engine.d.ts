// What crosses between the worker and the engine. Written by hand, compiled into `anser_engine.d.ts`
// (so the imports are as seen from web/app/src/engine/wasm), mirrored by src/input.rs and src/output.rs.
//
// The worker's whole duty:
//   open the database, read `PRAGMA user_version`, run `migrationScripts(version)` in one transaction,
//   run each of `restoreStatements()`, build a `WebEngine` from the rows, drain it;
//   then for everything that happens: `handle(input, Date.now())`, and drain it again.
// Draining is: call `poll()` and carry out what it says, in order, each finished before the next is asked for
// (a `save` is on disk, or answered with `saveFailed`), until it says `wait`.

import type { Command } from "../generated/Command";
import type { Event } from "../generated/Event";

/** What SQLite stores. All integers are below 2^53. */
export type SqlValue = null | number | string | Uint8Array;

/** A row as an array of its columns, in the order in which the statement names them. */
export type SqlRow = SqlValue[];

/** One SQL statement with its parameters `?1`, `?2` … in order. */
export interface Statement {
  sql: string;
  params: SqlValue[];
}

/** Everything that can wake the engine. */
export type Input =
  /** The user wants something; `id` comes back in the event `finished`. */
  | { type: "command"; id: number; command: Command }
  /** The link that output `connect` asked for is open. */
  | { type: "connected"; connection: number }
  /** It could not be opened, or has ended. */
  | { type: "disconnected"; connection: number }
  /** One binary frame came. */
  | { type: "received"; connection: number; bytes: Uint8Array }
  /** The rows that output `load` asked for. */
  | { type: "loaded"; id: number; rows: SqlRow[] }
  /** The statements of the last `save` could not be kept; none of them is on disk. */
  | { type: "saveFailed" }
  /** The browser says there is a network now, or none. */
  | { type: "network"; up: boolean }
  /** The moment of `wait` has come. */
  | { type: "tick" };

/** What moves frames: a WebSocket, or HTTP exchanges that wait at the server for something to come, or that do not. */
export type CarrierKind = "webSocket" | "longPoll" | "shortPoll";

/** What the worker must do, in this order. */
export type Output =
  /** Execute all of these in one transaction. */
  | { type: "save"; statements: Statement[] }
  /** Read, and answer with input `loaded` under the same id. */
  | { type: "load"; id: number; statement: Statement }
  /**
   * Open a connection over this carrier; answer with `connected` or `disconnected`. An older one stays as it is until
   * `disconnect` names it; there are two at most.
   */
  | { type: "connect"; connection: number; carrier: CarrierKind }
  /** Close it; no answer is awaited. */
  | { type: "disconnect"; connection: number }
  /** Send one binary message; drop it if that connection is gone. */
  | { type: "transmit"; connection: number; bytes: Uint8Array }
  /** Tell the user interface. */
  | { type: "emit"; event: Event }
  /** Nothing more to do. Come back with `tick` at this time (ms since 1970; null: never), or earlier with anything else. */
  | { type: "wait"; untilMs: number | null };

/**
 * The SQL scripts (several statements each, without parameters) that bring a database with this `user_version`
 * to the present schema; they set the new `user_version` themselves. Run them in one transaction. Empty when there
 * is nothing to do. Throws an `Error` with a sentence for people when the database was written by a newer version.
 */
export function migrationScripts(userVersion: number): string[];

/** The questions whose answers the constructor of `WebEngine` wants, in this order. */
export function restoreStatements(): Statement[];

/**
 * What to ask a damaged database before it is made anew: session, people, conversations with their drafts, outbox.
 * A question that fails is answered with the rows that came before it failed.
 */
export function salvageStatements(): Statement[];

/** The answers, as what writes them into a new database, in one transaction; nothing when the session is lost. */
export function salvagedStatements(answers: SqlRow[][]): Statement[];

/** The sync engine. One per worker; nothing of it happens outside of these calls. */
export class WebEngine {
  /**
   * @param seed 32 random bytes from `crypto.getRandomValues`
   * @param restored one list of rows for each of `restoreStatements()`; null for a store that keeps nothing
   * @param nowMs `Date.now()`
   * @throws Error named "DamagedStore" when a row is damaged (the database must then be made anew), another one when
   * the seed has another length
   */
  constructor(seed: Uint8Array, restored: SqlRow[][] | null, nowMs: number);

  /** One thing happened. Drain `poll()` afterwards. Throws as the constructor for damaged rows, or for an input that is none. */
  handle(input: Input, nowMs: number): void;

  /** The next thing to do. */
  poll(): Output;

  /** Gives its memory back. */
  free(): void;
}
