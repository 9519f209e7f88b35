// Opening the local store: brought to the present schema, and made anew when it is damaged.

import type { SqlRow, Statement } from "../engine/wasm/anser_engine";
import { LocalDatabase } from "./database";
import { isDamage, isSuspicious } from "./damage";
import type { Place } from "./place";

/** The SQL, which is the engine's matter. */
export interface StoreSql {
  migrationScripts(userVersion: number): string[];
  restoreStatements(): Statement[];
  salvageStatements(): Statement[];
  salvagedStatements(answers: SqlRow[][]): Statement[];
}

/** An engine on its store. */
export interface Opened<E> {
  database: LocalDatabase;
  engine: E;
  /** What was there was damaged. */
  rebuilt: boolean;
}

/** `build` makes an engine of the restored rows, and throws when one of them is damaged. */
export function openStore<E>(place: Place, sql: StoreSql, build: (restored: SqlRow[][]) => E): Opened<E> {
  try {
    return { ...begin(place, sql, [], build), rebuilt: false };
  } catch (cause) {
    if (!isDamage(cause) && !isSuspicious(cause)) throw cause;
    return rebuildStore(place, sql, build);
  }
}

/** The store was closed because it is damaged: a new one, with what could be read of session, outbox and drafts. */
export function rebuildStore<E>(place: Place, sql: StoreSql, build: (restored: SqlRow[][]) => E): Opened<E> {
  const salvaged = sql.salvagedStatements(salvage(place, sql.salvageStatements()));
  place.remove();
  return { ...begin(place, sql, salvaged, build), rebuilt: true };
}

function begin<E>(place: Place, sql: StoreSql, salvaged: Statement[], build: (restored: SqlRow[][]) => E): Omit<Opened<E>, "rebuilt"> {
  const database = new LocalDatabase(place.open());
  try {
    database.runScripts(sql.migrationScripts(database.userVersion()));
    database.save(salvaged);
    return { database, engine: build(sql.restoreStatements().map((statement) => database.load(statement))) };
  } catch (cause) {
    database.close();
    throw cause;
  }
}

function salvage(place: Place, questions: Statement[]): SqlRow[][] {
  try {
    const database = new LocalDatabase(place.open());
    const answers = questions.map((question) => database.loadWhatIsReadable(question));
    database.close();
    return answers;
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    // Not even its first page can be read.
    return questions.map(() => []);
  }
}
