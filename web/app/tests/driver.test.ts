// The worker's driver: outputs in order, saves before what follows, timers, and nothing lost while busy.

import { expect, test } from "vitest";
import type { Input, Output, Statement } from "../src/engine/wasm/anser_engine";
import { DamagedStore } from "../src/worker/damage";
import { Driver, type Hands, type Thinker } from "../src/worker/driver";

/** Plays back outputs: those of `script[i]` after the i-th input (the 0th: at the start). */
class Scripted implements Thinker {
  readonly heard: Input[] = [];
  private queue: Output[];

  constructor(
    private readonly script: Output[][],
    private readonly log: string[],
  ) {
    this.queue = script.shift() ?? [];
  }

  handle(input: Input): void {
    this.heard.push(input);
    this.log.push(`in ${input.type}`);
    this.queue = [...(this.script.shift() ?? []), ...this.queue];
  }

  poll(): Output {
    return this.queue.shift() ?? { type: "wait", untilMs: null };
  }
}

interface World {
  driver: Driver;
  engine: Scripted;
  log: string[];
  wakes: { afterMs: number; callback: () => void; off: boolean }[];
}

function world(script: Output[][], over: Partial<Hands> & { save?: (s: Statement[]) => void } = {}): World {
  const log: string[] = [];
  const wakes: World["wakes"] = [];
  const engine = new Scripted(script, log);
  const hands: Hands = {
    store: {
      save: over.save ?? (() => log.push("save")),
      load: () => {
        log.push("load");
        return [[1]];
      },
    },
    carrier: over.carrier ?? {
      connect: (connection) => log.push(`connect ${connection}`),
      disconnect: (connection) => log.push(`disconnect ${connection}`),
      transmit: (connection) => log.push(`transmit ${connection}`),
    },
    emit: (event) => log.push(`emit ${event.type}`),
    now: () => 1_000,
    wake: (afterMs, callback) => {
      const wake = { afterMs, callback, off: false };
      wakes.push(wake);
      return () => {
        wake.off = true;
      };
    },
    warn: () => log.push("warn"),
    failed: (cause) => log.push(`failed: ${String(cause)}`),
  };
  return { driver: new Driver(engine, hands), engine, log, wakes };
}

const SAVE: Output = { type: "save", statements: [{ sql: "x", params: [] }] };
const TRANSMIT: Output = { type: "transmit", connection: 1, bytes: new Uint8Array() };
const UNREAD: Output = { type: "emit", event: { type: "unread", total: 0 } };

test("outputs are carried out in the order given", () => {
  const { driver, log } = world([[SAVE, UNREAD, TRANSMIT, { type: "connect", connection: 2, carrier: "webSocket" }]]);
  driver.start();
  expect(log).toEqual(["save", "emit unread", "transmit 1", "connect 2"]);
});

test("a save that fails is told before anything that relies on it", () => {
  const { driver, log } = world([[SAVE, TRANSMIT], [UNREAD]], {
    save: () => {
      throw new Error("disk full");
    },
  });
  driver.start();
  expect(log).toEqual(["warn", "in saveFailed", "emit unread", "transmit 1"]);
});

test("a save that meets damage ends everything, and nothing relies on it", () => {
  const { driver, log } = world([[SAVE, TRANSMIT], [UNREAD]], {
    save: () => {
      throw new DamagedStore("a page");
    },
  });
  driver.start();
  driver.handle({ type: "tick" });
  expect(log).toEqual(["failed: DamagedStore: a page"]);
});

test("an engine that fails is not asked again", () => {
  const made = world([]);
  made.engine.handle = () => {
    throw new Error("a bug");
  };
  made.driver.handle({ type: "tick" });
  made.driver.handle({ type: "tick" });
  expect(made.log).toEqual(["failed: Error: a bug"]);
});

test("a load is answered after the present outputs, under its id", () => {
  const load: Output = { type: "load", id: 7, statement: { sql: "x", params: [] } };
  const { driver, engine, log } = world([[load, UNREAD]]);
  driver.start();
  expect(log).toEqual(["load", "emit unread", "in loaded"]);
  expect(engine.heard[0]).toEqual({ type: "loaded", id: 7, rows: [[1]] });
});

test("what happens while outputs are carried out waits in line", () => {
  const made = world([[{ type: "connect", connection: 1, carrier: "webSocket" }, UNREAD]], {
    carrier: {
      connect: () => made.driver.handle({ type: "disconnected", connection: 1 }),
      disconnect: () => {},
      transmit: () => {},
    },
  });
  made.driver.start();
  expect(made.log).toEqual(["emit unread", "in disconnected"]);
});

test("the timer ticks once, at the last wait only", () => {
  const wait = (untilMs: number | null): Output => ({ type: "wait", untilMs });
  const { driver, log, wakes } = world([[wait(1_500)], [wait(400)], [wait(null)]]);
  driver.start();
  expect(wakes[0]?.afterMs).toBe(500);
  driver.handle({ type: "network", up: true });
  expect(wakes[0]?.off).toBe(true);
  expect(wakes[1]?.afterMs).toBe(0);
  wakes[1]?.callback();
  expect(log).toEqual(["in network", "in tick"]);
  expect(wakes).toHaveLength(2);
});

test("after stop nothing goes off", () => {
  const { driver, wakes } = world([[{ type: "wait", untilMs: 5_000 }]]);
  driver.start();
  driver.stop();
  expect(wakes[0]?.off).toBe(true);
});
