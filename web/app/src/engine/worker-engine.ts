// The engine behind a module worker, in the one tab that holds the lock.

import type { FromWorker, ToWorker } from "../worker/messages";
import type { Engine, EngineStatus } from "./engine";
import type { Command } from "./generated/Command";
import type { Event } from "./generated/Event";
import type { Outcome } from "./generated/Outcome";
import { Listeners } from "./listeners";
import { TabLock } from "./tab-lock";

/** How long a tab that gives its engine away waits for the worker to close its files before ending it. */
const CLOSE_MS = 3_000;
const NOT_HERE: Outcome = { type: "failed", failure: { reason: "notPossible", field: "", retryAfterMs: 0 } };

/** Speaks with `src/worker/main.ts`. */
export class WorkerEngine implements Engine {
  private readonly events = new Listeners<Event>();
  private readonly statuses = new Listeners<EngineStatus>();
  private readonly answers = new Map<number, (outcome: Outcome) => void>();
  private readonly lock: TabLock;
  private status: EngineStatus = { type: "starting" };
  private worker: Worker | undefined;
  private closed: (() => void) | undefined;
  private lastCommand = 0;

  constructor(private readonly socketUrl: string) {
    this.lock = new TabLock({
      acquired: () => this.open(),
      refused: () => this.setStatus({ type: "elsewhere" }),
      asked: () => this.close(),
    });
  }

  start(): void {
    addEventListener("online", () => this.post({ type: "network", up: true }));
    addEventListener("offline", () => this.post({ type: "network", up: false }));
    this.lock.claim();
  }

  takeOver(): void {
    this.lock.takeOver();
  }

  subscribe(listener: (event: Event) => void): () => void {
    return this.events.add(listener);
  }

  watch(listener: (status: EngineStatus) => void): () => void {
    listener(this.status);
    return this.statuses.add(listener);
  }

  send(command: Command): Promise<Outcome> {
    if (this.worker === undefined) return Promise.resolve(NOT_HERE);
    this.lastCommand += 1;
    const id = this.lastCommand;
    return new Promise((resolve) => {
      this.answers.set(id, resolve);
      this.post({ type: "command", id, command });
    });
  }

  private open(): void {
    this.setStatus({ type: "starting" });
    const worker = new Worker(new URL("../worker/main.ts", import.meta.url), { type: "module", name: "anser-engine" });
    worker.onmessage = (message: MessageEvent<FromWorker>) => this.hear(message.data);
    worker.onerror = (error) => this.fail(error.message);
    this.worker = worker;
    this.post({ type: "start", socketUrl: this.socketUrl });
    if (!navigator.onLine) this.post({ type: "network", up: false });
  }

  private hear(message: FromWorker): void {
    switch (message.type) {
      case "started":
        this.setStatus({ type: "running", storage: message.storage });
        break;
      case "event":
        if (message.event.type === "finished") this.answer(message.event.command, message.event.outcome);
        this.events.tell(message.event);
        break;
      case "broken":
        this.fail(message.detail);
        break;
      case "closed":
        this.closed?.();
        break;
    }
  }

  private answer(command: number, outcome: Outcome): void {
    const resolve = this.answers.get(command);
    this.answers.delete(command);
    resolve?.(outcome);
  }

  private fail(detail: string): void {
    console.error("engine:", detail);
    this.endWorker();
    this.setStatus({ type: "broken", detail });
  }

  private async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.closed = resolve;
      setTimeout(resolve, CLOSE_MS);
      this.post({ type: "close" });
    });
    this.closed = undefined;
    this.endWorker();
  }

  private endWorker(): void {
    this.worker?.terminate();
    this.worker = undefined;
    for (const id of [...this.answers.keys()]) this.answer(id, NOT_HERE);
  }

  private post(message: ToWorker): void {
    this.worker?.postMessage(message);
  }

  private setStatus(status: EngineStatus): void {
    this.status = status;
    this.statuses.tell(status);
  }
}
