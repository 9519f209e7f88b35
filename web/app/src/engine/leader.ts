// What the tab that leads does: it starts the worker, and answers in its place until the worker hears for itself.

import { CHANNELS, type FromWorker, type ToHub, type ToTabs, type ToWorker } from "../worker/messages";
import type { Surroundings } from "./surroundings";

/** How long the worker may take to close its files before it is ended. */
const CLOSE_MS = 3_000;

/** Holds the worker, from `begin` to `end`. */
export class Leader {
  private readonly toTabs: BroadcastChannel;
  private worker: Worker | undefined;
  /** Open while the worker cannot hear yet. */
  private answering: BroadcastChannel | undefined;
  private closed: (() => void) | undefined;

  constructor(
    private readonly socketUrl: string,
    private readonly surroundings: Surroundings,
    private readonly broken: (detail: string) => void,
  ) {
    this.toTabs = surroundings.channel(CHANNELS.toTabs);
  }

  begin(): void {
    this.answerWith({ type: "starting" });
    const worker = this.surroundings.engineWorker();
    worker.onmessage = (message: MessageEvent<FromWorker>) => this.hear(message.data);
    worker.onerror = (error) => this.fail(error.message);
    this.worker = worker;
    this.post({ type: "start", socketUrl: this.socketUrl, up: navigator.onLine });
  }

  /** Gives the worker time to close its files. */
  async end(): Promise<void> {
    if (this.worker === undefined) return;
    await new Promise<void>((resolve) => {
      this.closed = resolve;
      setTimeout(resolve, CLOSE_MS);
      this.post({ type: "close" });
    });
    this.kill();
  }

  /** At once; what it was doing is on disk or never happened. */
  kill(): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.closed = undefined;
    this.stopAnswering();
  }

  private hear(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        this.stopAnswering();
        break;
      case "held":
        this.answerWith({ type: "held" });
        break;
      case "broken":
        this.fail(message.detail);
        break;
      case "closed":
        this.closed?.();
        break;
    }
  }

  private fail(detail: string): void {
    this.kill();
    this.broken(detail);
  }

  /** Tells all tabs, this one too, and everybody who asks. */
  private answerWith(sign: ToTabs): void {
    this.stopAnswering();
    this.toTabs.postMessage(sign);
    const answering = this.surroundings.channel(CHANNELS.toHub);
    answering.onmessage = (message: MessageEvent<ToHub>) => {
      if (message.data.type === "hello" || message.data.type === "ping") this.toTabs.postMessage(sign);
    };
    this.answering = answering;
  }

  private stopAnswering(): void {
    this.answering?.close();
    this.answering = undefined;
  }

  private post(message: ToWorker): void {
    this.worker?.postMessage(message);
  }
}
