// One open SQLite database: executes what the engine says, and notices when the file is damaged.

import type { Database } from "@sqlite.org/sqlite-wasm";
import type { SqlRow, SqlValue, Statement } from "../engine/wasm/anser_engine";
import { DamagedStore, isDamage, isSuspicious } from "./damage";
import type { LocalStore } from "./driver";

/** The only one in this origin, which the tab lock sees to. */
export class LocalDatabase implements LocalStore {
  constructor(private readonly db: Database) {}

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
    try {
      this.db.transaction("IMMEDIATE", (db) => {
        for (const { sql, params } of statements) {
          if (params.length === 0) db.exec(sql);
          else db.exec({ sql, bind: params });
        }
      });
    } catch (cause) {
      // An index that lost an entry, say, fails as if the statement were wrong.
      if (isSuspicious(cause) && !isDamage(cause) && !this.isSound()) throw new DamagedStore(String(cause));
      throw cause;
    }
  }

  load(statement: Statement): SqlRow[] {
    const rows: SqlRow[] = [];
    this.read(statement, rows);
    return rows;
  }

  /** The rows up to the first damaged page, none if that is the first. */
  loadWhatIsReadable(statement: Statement): SqlRow[] {
    const rows: SqlRow[] = [];
    try {
      this.read(statement, rows);
    } catch {
      return rows;
    }
    return rows;
  }

  close(): void {
    this.db.close();
  }

  private read({ sql, params }: Statement, into: SqlRow[]): void {
    this.db.exec({
      sql,
      ...(params.length === 0 ? {} : { bind: params }),
      rowMode: "array",
      callback: (row) => void into.push((row as unknown[]).map(toNumber)),
    });
  }

  /** Reads the whole file, so only when something is wrong already. */
  private isSound(): boolean {
    try {
      return this.load({ sql: "PRAGMA quick_check(1)", params: [] })[0]?.[0] === "ok";
    } catch {
      return false;
    }
  }
}

/** SQLite may give integers as BigInt; all of ours are below 2^53. */
function toNumber(value: unknown): SqlValue {
  return typeof value === "bigint" ? Number(value) : (value as SqlValue);
}
