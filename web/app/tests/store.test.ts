// Opening a store that is whole, damaged, full, or of a newer version, on a real SQLite.

import sqlite3InitModule, { type Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import { beforeAll, expect, test } from "vitest";
import type { SqlRow, Statement } from "../src/engine/wasm/anser_engine";
import { LocalDatabase } from "../src/worker/database";
import { DamagedStore, isDamage } from "../src/worker/damage";
import type { Place } from "../src/worker/place";
import { openStore, rebuildStore, type StoreSql } from "../src/worker/store";

const ask = (sql: string): Statement => ({ sql, params: [] });
const put = (table: string, id: unknown, words: unknown): Statement => ({
  sql: `INSERT INTO ${table} VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING`,
  params: [id as number, words as string],
});

/** As the engine's, but small: what others wrote (`log`), and what only this device has (`mine`). */
const SQL: StoreSql = {
  migrationScripts(version) {
    if (version > 1) throw new Error("please update this one");
    return version === 1 ? [] : ["CREATE TABLE mine (id INTEGER PRIMARY KEY, words TEXT) STRICT; CREATE TABLE log (id INTEGER PRIMARY KEY, words TEXT) STRICT; PRAGMA user_version = 1;"];
  },
  restoreStatements: () => [ask("SELECT id, words FROM mine"), ask("SELECT id, words FROM log")],
  salvageStatements: () => [ask("SELECT id, words FROM mine ORDER BY id"), ask("SELECT id, words FROM mine ORDER BY id DESC")],
  salvagedStatements: ([up = [], down = []]) => [...up, ...down].map(([id, words]) => put("mine", id, words)),
};

let sqlite: Sqlite3Static;

beforeAll(async () => {
  sqlite = await sqlite3InitModule();
});

/** A disk that holds one file. */
class Disk implements Place {
  readonly storage = "disk";
  image: Uint8Array | undefined;

  open() {
    const db = new sqlite.oo1.DB(":memory:");
    if (this.image === undefined) return db;
    const { length } = this.image;
    const bytes = sqlite.wasm.allocFromTypedArray(this.image);
    // FREEONCLOSE | RESIZEABLE
    sqlite.capi.sqlite3_deserialize(db.pointer!, "main", bytes, length, length, 3);
    return db;
  }

  remove(): void {
    this.image = undefined;
  }

  release(): void {}

  /** A file with so many lines of each kind. */
  fill(lines: number): void {
    const db = this.open();
    for (const script of SQL.migrationScripts(0)) db.exec(script);
    const database = new LocalDatabase(db);
    const long = "x".repeat(900);
    database.save(Array.from({ length: lines }, (_, id) => [put("mine", id, `mine ${id} ${long}`), put("log", id, `log ${id}`)]).flat());
    this.image = sqlite.capi.sqlite3_js_db_export(db);
    db.close();
  }

  /** Garbage over one page, counted from 1. */
  damage(page: number): void {
    this.image!.fill(0xa5, (page - 1) * this.pageBytes, page * this.pageBytes);
  }

  get pages(): number {
    return this.image!.length / this.pageBytes;
  }

  /** As the header says. */
  private get pageBytes(): number {
    return this.image![16]! * 256 + this.image![17]!;
  }

  /** Where a table begins. */
  firstPageOf(table: string): number {
    const db = this.open();
    const root = db.selectValue("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [table]) as number;
    db.close();
    return root;
  }
}

const build = (restored: SqlRow[][]): SqlRow[][] => restored;

test("a store that is whole is opened as it is", () => {
  const disk = new Disk();
  disk.fill(20);
  const { engine, rebuilt } = openStore(disk, SQL, build);
  expect(rebuilt).toBe(false);
  expect(engine.map((rows) => rows.length)).toEqual([20, 20]);
});

test("a new one is made", () => {
  const { engine, rebuilt } = openStore(new Disk(), SQL, build);
  expect([engine, rebuilt]).toEqual([[[], []], false]);
});

test("damage elsewhere costs nothing of what only this device has", () => {
  const disk = new Disk();
  disk.fill(20);
  disk.damage(disk.firstPageOf("log"));
  const { engine, rebuilt } = openStore(disk, SQL, build);
  expect(rebuilt).toBe(true);
  expect(engine.map((rows) => rows.length)).toEqual([20, 0]);
});

test("damage in the middle is read around from both ends", () => {
  const disk = new Disk();
  disk.fill(200);
  disk.damage(Math.ceil(disk.pages / 2));
  const { engine, rebuilt } = openStore(disk, SQL, build);
  expect(rebuilt).toBe(true);
  const ids = engine[0]!.map(([id]) => id as number);
  expect([Math.min(...ids), Math.max(...ids)]).toEqual([0, 199]);
  expect(ids.length).toBeGreaterThan(150);
  expect(ids.length).toBeLessThan(200);
});

test("a file that is no database at all begins anew", () => {
  const disk = new Disk();
  disk.image = new Uint8Array(16_384).fill(0xa5);
  const { engine, rebuilt } = openStore(disk, SQL, build);
  expect([engine, rebuilt]).toEqual([[[], []], true]);
});

test("a version that was overwritten is damage: the tables are there already", () => {
  const disk = new Disk();
  disk.fill(3);
  // `user_version` in the header.
  disk.image!.fill(0, 60, 64);
  const { engine, rebuilt } = openStore(disk, SQL, build);
  expect(rebuilt).toBe(true);
  expect(engine[0]).toHaveLength(3);
});

test("a row that the engine refuses is damage", () => {
  const disk = new Disk();
  disk.fill(3);
  let refused = false;
  const { engine, rebuilt } = openStore(disk, SQL, (restored) => {
    if (!refused) {
      refused = true;
      throw Object.assign(new Error("mine.words is not text"), { name: "DamagedStore" });
    }
    return restored;
  });
  expect(rebuilt).toBe(true);
  expect(engine.map((rows) => rows.length)).toEqual([3, 0]);
});

test("a newer version is left alone", () => {
  const disk = new Disk();
  disk.fill(3);
  disk.image![63] = 9;
  expect(() => openStore(disk, SQL, build)).toThrow("please update");
  expect(disk.image).toBeDefined();
});

test("a full disk is not damage", () => {
  const disk = new Disk();
  disk.fill(3);
  const full = Object.assign(new Error("disk full"), { resultCode: 13 });
  expect(isDamage(full)).toBe(false);
  expect(() => openStore(disk, SQL, () => { throw full; })).toThrow("disk full");
  expect(disk.image).toBeDefined();
});

test("damage that shows up later: the same, from the closed file", () => {
  const disk = new Disk();
  disk.fill(5);
  const { engine, rebuilt } = rebuildStore(disk, SQL, build);
  expect(rebuilt).toBe(true);
  expect(engine.map((rows) => rows.length)).toEqual([5, 0]);
});

test("a save that fails because the file is damaged says so", () => {
  const disk = new Disk();
  disk.fill(40);
  disk.damage(disk.pages);
  const database = new LocalDatabase(disk.open());
  const all = Array.from({ length: 40 }, (_, id) => ask(`UPDATE mine SET words = '' WHERE id = ${id}`));
  let cause: unknown;
  try {
    database.save([...all, ask("UPDATE log SET words = ''")]);
  } catch (caught) {
    cause = caught;
  }
  expect(isDamage(cause)).toBe(true);
  // And one that fails on a sound file does not.
  const sound = new Disk();
  sound.fill(1);
  expect(() => new LocalDatabase(sound.open()).save([ask("INSERT INTO log VALUES (0, 'twice')")])).toThrow(/UNIQUE/);
  expect(isDamage(new DamagedStore("x"))).toBe(true);
});
