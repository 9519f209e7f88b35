// The worker of the tab that leads: the local store, the engine on it, and the hub where all tabs meet.

import init, {
  migrationScripts,
  restoreStatements,
  salvagedStatements,
  salvageStatements,
  WebEngine,
} from "../engine/wasm/anser_engine";
import engineWasm from "../engine/wasm/anser_engine_bg.wasm?url";
import { Carriers, openerFor } from "./carriers";
import { isDamage } from "./damage";
import type { LocalDatabase } from "./database";
import { Driver } from "./driver";
import { Hub } from "./hub";
import { CHANNELS, type FromWorker, type ToHub, type ToWorker } from "./messages";
import { findPlace, type Place } from "./place";
import { type Opened, openStore, rebuildStore } from "./store";
import { callOut, wayTo, whenGone } from "./tab-hands";

const SQL = { migrationScripts, restoreStatements, salvageStatements, salvagedStatements };

/** Everything of one run of an engine. */
interface Run {
  driver: Driver;
  carrier: Carriers;
  database: LocalDatabase;
  hub: Hub;
}

const fromTabs = new BroadcastChannel(CHANNELS.toHub);
let place: Place | undefined;
let run: Run | undefined;

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === "close") close();
  else void start(data);
};

fromTabs.onmessage = ({ data }: MessageEvent<ToHub>) => run?.hub.hear(data);

async function start({ socketUrl, up }: Extract<ToWorker, { type: "start" }>): Promise<void> {
  try {
    const listener = { held: () => tellPage({ type: "held" }), warn };
    const [found] = await Promise.all([findPlace(listener), init({ module_or_path: engineWasm })]);
    place = found;
    begin(found, socketUrl, openStore(found, SQL, buildEngine));
    if (!up) run?.driver.handle({ type: "network", up });
  } catch (cause) {
    giveUp(cause);
  }
}

function buildEngine(restored: Parameters<typeof salvagedStatements>[0]): WebEngine {
  return new WebEngine(crypto.getRandomValues(new Uint8Array(32)), restored, Date.now());
}

function begin({ storage }: Place, socketUrl: string, { database, engine, rebuilt }: Opened<WebEngine>): void {
  const generation = Date.now();
  const hub = new Hub(
    { generation, storage, rebuilt },
    {
      command: (id, command) => driver.handle({ type: "command", id, command }),
      network: (up) => driver.handle({ type: "network", up }),
      callOut,
      wayTo,
      whenGone,
    },
  );
  const carrier = new Carriers(openerFor(socketUrl), {
    connected: (connection) => driver.handle({ type: "connected", connection }),
    disconnected: (connection) => driver.handle({ type: "disconnected", connection }),
    received: (connection, bytes) => driver.handle({ type: "received", connection, bytes }),
  });
  const driver = new Driver(engine, {
    store: database,
    carrier,
    emit: (event) => hub.tell(event),
    now: () => Date.now(),
    wake: (afterMs, callback) => {
      const timer = setTimeout(callback, afterMs);
      return () => clearTimeout(timer);
    },
    warn,
    failed: (cause) => recover(socketUrl, cause),
  });
  run = { driver, carrier, database, hub };
  driver.start();
  // Damaged already: then there is another one, which has told so.
  if (run?.driver !== driver) return;
  tellPage({ type: "ready" });
  callOut(generation);
}

/** The engine met damage: it goes on, as a new one, on a new store. Whatever else it was is a bug of ours. */
function recover(socketUrl: string, cause: unknown): void {
  end();
  if (place === undefined || !isDamage(cause)) return giveUp(cause);
  warn("the local store is damaged and is made anew", cause);
  try {
    begin(place, socketUrl, rebuildStore(place, SQL, buildEngine));
  } catch (again) {
    giveUp(again);
  }
}

function end(): void {
  if (run === undefined) return;
  const { driver, carrier, database, hub } = run;
  run = undefined;
  driver.stop();
  carrier.abandon();
  hub.close();
  database.close();
}

function close(): void {
  end();
  place?.release();
  tellPage({ type: "closed" });
}

function giveUp(cause: unknown): void {
  tellPage({ type: "broken", detail: String(cause) });
}

function tellPage(message: FromWorker): void {
  self.postMessage(message);
}

function warn(what: string, cause: unknown): void {
  console.warn(`engine: ${what}`, cause);
}
