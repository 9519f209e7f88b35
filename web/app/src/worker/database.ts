// The local SQLite: on the browser's private disk where there is one, else in memory.

import sqlite3InitModule, { type Database, type Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import type { SqlRow, SqlValue, Statement } from "../engine/wasm/anser_engine";
import type { LocalStore } from "./driver";

const FILE = "/anser.db";
const POOL_OPTIONS = {
  name: "anser",
  initialCapacity: 6,
  // Without this, a try that fails because the files are held deletes them.
  preserveOnInitFailure: true,
  // Missing in the package's types: a second try really tries.
  forceReinitIfPreviouslyFailed: true,
};
/** The tab that had the files may need a moment to be really gone. */
const OPEN_TRIES = 20;
const OPEN_PAUSE_MS = 150;

/** One open database; the only one in this origin, which the tab lock sees to. */
export class LocalDatabase implements LocalStore {
  private constructor(
    private readonly db: Database,
    readonly storage: "disk" | "memory",
    private readonly release: () => void,
  ) {}

  /** Opens the database, on disk if this browser lets us. */
  static async open(warn: (what: string, cause: unknown) => void): Promise<LocalDatabase> {
    const sqlite = await sqlite3InitModule();
    for (let triesLeft = OPEN_TRIES; ; triesLeft -= 1) {
      try {
        return await LocalDatabase.onDisk(sqlite);
      } catch (cause) {
        if (!isHeld(cause)) {
          warn("no private disk in this browser; keeping everything in memory", cause);
          return LocalDatabase.inMemory(sqlite);
        }
        // There is a disk, and somebody has it: an empty store in memory would look like being signed out.
        if (triesLeft === 1) throw cause;
      }
      await new Promise((resolve) => setTimeout(resolve, OPEN_PAUSE_MS));
    }
  }

  private static async onDisk(sqlite: Sqlite3Static): Promise<LocalDatabase> {
    const pool = await sqlite.installOpfsSAHPoolVfs(POOL_OPTIONS);
    const db = new pool.OpfsSAHPoolDb(FILE);
    // The pool gives no shared memory, so no WAL; a truncated journal is its quickest durable way.
    db.exec("PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
    return new LocalDatabase(db, "disk", () => pool.pauseVfs());
  }

  /** Nothing of it outlives the worker. */
  static inMemory(sqlite: Sqlite3Static): LocalDatabase {
    return new LocalDatabase(new sqlite.oo1.DB(":memory:"), "memory", () => {});
  }

  /** The schema version written into the file; 0 for a new one. */
  userVersion(): number {
    const version = this.load({ sql: "PRAGMA user_version", params: [] })[0]?.[0];
    return typeof version === "number" ? version : 0;
  }

  /** Scripts of several statements each, all in one transaction. */
  runScripts(scripts: string[]): void {
    if (scripts.length === 0) return;
    this.db.transaction((db) => {
      for (const script of scripts) db.exec(script);
    });
  }

  save(statements: Statement[]): void {
    this.db.transaction("IMMEDIATE", (db) => {
      for (const { sql, params } of statements) {
        if (params.length === 0) db.exec(sql);
        else db.exec({ sql, bind: params });
      }
    });
  }

  load({ sql, params }: Statement): SqlRow[] {
    const rows = this.db.exec({
      sql,
      ...(params.length === 0 ? {} : { bind: params }),
      rowMode: "array",
      returnValue: "resultRows",
    });
    return rows.map((row) => row.map(toNumber));
  }

  /** Lets go of the files, so that another tab can have them. */
  close(): void {
    this.db.close();
    this.release();
  }
}

/** Another tab, or a worker that is just ending, still has the files. */
function isHeld(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === "NoModificationAllowedError";
}

/** SQLite may give integers as BigInt; all of ours are below 2^53. */
function toNumber(value: unknown): SqlValue {
  return typeof value === "bigint" ? Number(value) : (value as SqlValue);
}
