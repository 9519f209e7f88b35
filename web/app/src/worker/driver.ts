// Carries out what the engine says, in order, each thing finished before the next is asked for.

import type { Event } from "../engine/generated/Event";
import type { CarrierKind, Input, Output, SqlRow, Statement } from "../engine/wasm/anser_engine";
import { isDamage } from "./damage";

/** The thinking: `WebEngine`, or a scripted one in tests. */
export interface Thinker {
  handle(input: Input, nowMs: number): void;
  poll(): Output;
}

/** The local store. All of it is synchronous: when a call returns, it is done and on disk. */
export interface LocalStore {
  /** All of these in one transaction; throws, with nothing kept, when that cannot be. */
  save(statements: Statement[]): void;
  /** The rows a statement gives. */
  load(statement: Statement): SqlRow[];
}

/** The connections to the server. */
export interface Carrier {
  connect(connection: number, kind: CarrierKind): void;
  disconnect(connection: number): void;
  transmit(connection: number, bytes: Uint8Array): void;
}

/** The rest of the hands. */
export interface Hands {
  store: LocalStore;
  carrier: Carrier;
  emit(event: Event): void;
  now(): number;
  /** Calls back once, after so many milliseconds; the returned function calls it off. */
  wake(afterMs: number, callback: () => void): () => void;
  /** Something a user never sees, for the console. */
  warn(what: string, cause: unknown): void;
  /** The engine cannot go on: its store is damaged (`isDamage`), or it has a bug. Nothing is carried out any more. */
  failed(cause: unknown): void;
}

/** Timers of browsers count milliseconds in 31 bits. */
const WAKE_MS_MAX = 2 ** 31 - 1;

/** Drives one engine with one pair of hands. */
export class Driver {
  private callOff: (() => void) | undefined;
  private readonly inbox: Input[] = [];
  private busy = false;
  private stopped = false;

  constructor(
    private readonly engine: Thinker,
    private readonly hands: Hands,
  ) {}

  /** Carries out what the engine wants before anything has happened. */
  start(): void {
    this.run();
  }

  /** One thing happened. Things that happen while another is being worked on wait in line. */
  handle(input: Input): void {
    this.inbox.push(input);
    this.run();
  }

  /** Nothing is carried out any more, no timer of ours goes off. */
  stop(): void {
    this.stopped = true;
    this.callOff?.();
    this.callOff = undefined;
  }

  private run(): void {
    if (this.busy || this.stopped) return;
    this.busy = true;
    try {
      let wait = this.drain();
      for (let input = this.inbox.shift(); input !== undefined; input = this.inbox.shift()) {
        this.engine.handle(input, this.hands.now());
        wait = this.drain();
      }
      this.sleepUntil(wait);
    } catch (cause) {
      this.stop();
      this.hands.failed(cause);
    } finally {
      this.busy = false;
    }
  }

  /** Polls until the engine waits, and says until when. */
  private drain(): number | null {
    for (;;) {
      const output = this.engine.poll();
      if (output.type === "wait") return output.untilMs;
      this.carryOut(output);
    }
  }

  private carryOut(output: Exclude<Output, { type: "wait" }>): void {
    const { store, carrier } = this.hands;
    switch (output.type) {
      case "save":
        this.save(output.statements);
        break;
      case "load":
        this.inbox.push({ type: "loaded", id: output.id, rows: store.load(output.statement) });
        break;
      case "connect":
        carrier.connect(output.connection, output.carrier);
        break;
      case "disconnect":
        carrier.disconnect(output.connection);
        break;
      case "transmit":
        carrier.transmit(output.connection, output.bytes);
        break;
      case "emit":
        this.hands.emit(output.event);
        break;
    }
  }

  private save(statements: Statement[]): void {
    try {
      this.hands.store.save(statements);
    } catch (cause) {
      if (isDamage(cause)) throw cause;
      this.hands.warn("the local store could not save", cause);
      // Before the next poll: what the engine asks for after a save relies on that save.
      this.engine.handle({ type: "saveFailed" }, this.hands.now());
    }
  }

  private sleepUntil(untilMs: number | null): void {
    this.callOff?.();
    this.callOff = undefined;
    if (untilMs === null) return;
    const afterMs = Math.min(Math.max(untilMs - this.hands.now(), 0), WAKE_MS_MAX);
    this.callOff = this.hands.wake(afterMs, () => {
      this.callOff = undefined;
      this.handle({ type: "tick" });
    });
  }
}
