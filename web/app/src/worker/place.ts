// Where the database lies: on the browser's private disk where there is one, else in memory.

import sqlite3InitModule, { type Database, type SAHPoolUtil, type Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import type { StorageKind } from "../engine/engine";

const FILE = "/anser.db";
const POOL_OPTIONS = {
  name: "anser",
  initialCapacity: 6,
  // Without this, a try that fails because the files are held deletes them.
  preserveOnInitFailure: true,
  // Missing in the package's types: a second try really tries.
  forceReinitIfPreviouslyFailed: true,
};
/** Where the pool keeps its files, and how much of each is its own. */
const POOL_FOLDERS = [".anser", ".opaque"];
const POOL_HEADER_BYTES = 4_096;
/** The tab that had the files may need a moment to be really gone; after so many tries the others are told. */
const TRIES_BEFORE_TELLING = 20;
const PAUSE_MS = 150;

/** Opens the one database, and can begin it anew. */
export interface Place {
  readonly storage: StorageKind;
  open(): Database;
  /** The closed database is gone, with everything that belonged to it. */
  remove(): void;
  /** Lets go of the files, so that another tab can have them. The database is closed before. */
  release(): void;
}

/** Who hears of trouble. */
export interface PlaceListener {
  /** Another worker still has the files. */
  held(): void;
  warn(what: string, cause: unknown): void;
}

/** On disk, if this browser lets us. Waits for as long as another worker has the files. */
export async function findPlace(listener: PlaceListener): Promise<Place> {
  const sqlite = await sqlite3InitModule();
  for (let tries = 1; ; tries += 1) {
    try {
      return onDisk(await sqlite.installOpfsSAHPoolVfs(POOL_OPTIONS));
    } catch (cause) {
      // There is a disk, and somebody has it: an empty store in memory would look like being signed out.
      if (!isHeld(cause)) {
        if (await isSomethingKept()) throw cause;
        listener.warn("no private disk in this browser; keeping everything in memory", cause);
        return inMemory(sqlite);
      }
      if (tries === TRIES_BEFORE_TELLING) listener.held();
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function onDisk(pool: SAHPoolUtil): Place {
  return {
    storage: "disk",
    open() {
      const db = new pool.OpfsSAHPoolDb(FILE);
      try {
        // A log in front of the file costs one sync for each commit, where a journal costs four. The pool gives no
        // memory to share, which the log does without as long as nobody else has the file open.
        db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
        db.exec("PRAGMA foreign_keys = ON;");
      } catch (cause) {
        // A file that is open cannot be made anew.
        db.close();
        throw cause;
      }
      return db;
    },
    remove() {
      // A journal that stays behind would be rolled back into the new file.
      for (const name of pool.getFileNames()) pool.unlink(name);
    },
    release: () => pool.pauseVfs(),
  };
}

/** Nothing of it outlives the worker. */
export function inMemory(sqlite: Sqlite3Static): Place {
  return {
    storage: "memory",
    open: () => new sqlite.oo1.DB(":memory:"),
    remove: () => {},
    release: () => {},
  };
}

/** Another tab, or a worker that is just ending, still has the files. */
function isHeld(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === "NoModificationAllowedError";
}

/** The pool could be used before: whatever is wrong now, what it holds is not to be forgotten. */
async function isSomethingKept(): Promise<boolean> {
  try {
    let folder = await navigator.storage.getDirectory();
    for (const name of POOL_FOLDERS) folder = await folder.getDirectoryHandle(name);
    for await (const handle of folder.values()) {
      if (handle.kind === "file" && (await handle.getFile()).size > POOL_HEADER_BYTES) return true;
    }
    return false;
  } catch {
    return false;
  }
}
