// The worker: opens the local store, builds the engine from it, and drives it with this browser's hands.

import init, { migrationScripts, restoreStatements, WebEngine } from "../engine/wasm/anser_engine";
import engineWasm from "../engine/wasm/anser_engine_bg.wasm?url";
import { LocalDatabase } from "./database";
import { Driver } from "./driver";
import type { FromWorker, ToWorker } from "./messages";
import { SocketCarrier } from "./socket";

/** What arrived before the engine was there, in order. */
const early: ToWorker[] = [];
let running: { driver: Driver; carrier: SocketCarrier; database: LocalDatabase } | undefined;

self.onmessage = (message: MessageEvent<ToWorker>) => {
  const { data } = message;
  if (data.type === "start") void start(data.socketUrl);
  else if (running === undefined) early.push(data);
  else hear(data);
};

async function start(socketUrl: string): Promise<void> {
  try {
    const [database] = await Promise.all([LocalDatabase.open(warn), init({ module_or_path: engineWasm })]);
    database.runScripts(migrationScripts(database.userVersion()));
    const restored = restoreStatements().map((statement) => database.load(statement));
    const engine = new WebEngine(crypto.getRandomValues(new Uint8Array(32)), restored, Date.now());
    const carrier = new SocketCarrier(socketUrl, {
      connected: (connection) => driver.handle({ type: "connected", connection }),
      disconnected: (connection) => driver.handle({ type: "disconnected", connection }),
      received: (connection, bytes) => driver.handle({ type: "received", connection, bytes }),
    });
    const driver = new Driver(engine, {
      store: database,
      carrier,
      emit: (event) => tell({ type: "event", event }),
      now: () => Date.now(),
      wake: (afterMs, callback) => {
        const timer = setTimeout(callback, afterMs);
        return () => clearTimeout(timer);
      },
      warn,
    });
    running = { driver, carrier, database };
    tell({ type: "started", storage: database.storage });
    driver.start();
    for (const message of early.splice(0)) hear(message);
  } catch (cause) {
    tell({ type: "broken", detail: String(cause) });
  }
}

function hear(message: ToWorker): void {
  if (running === undefined) return;
  const { driver } = running;
  switch (message.type) {
    case "start":
      break;
    case "command":
      driver.handle({ type: "command", id: message.id, command: message.command });
      break;
    case "network":
      driver.handle({ type: "network", up: message.up });
      break;
    case "close":
      close();
      break;
  }
}

function close(): void {
  if (running === undefined) return;
  const { driver, carrier, database } = running;
  running = undefined;
  driver.stop();
  carrier.abandon();
  database.close();
  tell({ type: "closed" });
}

function tell(message: FromWorker): void {
  self.postMessage(message);
}

function warn(what: string, cause: unknown): void {
  console.warn(`engine: ${what}`, cause);
}
