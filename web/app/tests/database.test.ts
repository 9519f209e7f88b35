// The statement executor on a real SQLite: all or nothing, every kind of value there and back.

import sqlite3InitModule from "@sqlite.org/sqlite-wasm";
import { expect, test } from "vitest";
import { LocalDatabase } from "../src/worker/database";

async function opened(): Promise<LocalDatabase> {
  const sqlite = await sqlite3InitModule();
  const database = new LocalDatabase(new sqlite.oo1.DB(":memory:"));
  database.runScripts(["CREATE TABLE t (id INTEGER PRIMARY KEY, v ANY) STRICT;", "PRAGMA user_version = 3;"]);
  return database;
}

const insert = (id: number, value: number | string | null | Uint8Array) => ({
  sql: "INSERT INTO t (id, v) VALUES (?1, ?2)",
  params: [id, value],
});
const all = { sql: "SELECT id, v FROM t ORDER BY id", params: [] };

test("scripts run and set the version", async () => {
  expect((await opened()).userVersion()).toBe(3);
});

test("every kind of value comes back as it went in", async () => {
  const database = await opened();
  const bytes = new Uint8Array([0, 1, 255]);
  database.save([insert(1, "好🦆"), insert(2, null), insert(3, bytes), insert(4, 2 ** 53 - 1), insert(5, 0)]);
  expect(database.load(all)).toEqual([[1, "好🦆"], [2, null], [3, bytes], [4, 2 ** 53 - 1], [5, 0]]);
  expect(database.load({ sql: "SELECT v FROM t WHERE id = ?1", params: [3] })).toEqual([[bytes]]);
});

test("a save is one transaction: when one statement fails, nothing of it is kept", async () => {
  const database = await opened();
  database.save([insert(1, "kept")]);
  expect(() => database.save([insert(2, "gone"), insert(1, "twice")])).toThrow();
  expect(database.load(all)).toEqual([[1, "kept"]]);
  database.save([insert(2, "works again")]);
  expect(database.load(all)).toHaveLength(2);
});

test("a script that fails leaves the version as it was", async () => {
  const database = await opened();
  expect(() => database.runScripts(["PRAGMA user_version = 4;", "CREATE TABLE t (x) STRICT;"])).toThrow();
  expect(database.userVersion()).toBe(3);
});
