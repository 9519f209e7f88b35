// A way to a tab on which all that is said in one breath crosses as one message.

import type { Way } from "./hub";
import type { ToTab } from "./messages";

/** Crossing is what costs: one message from the server becomes three or four words of the engine. */
export class BreathWay implements Way {
  private waiting: ToTab[] = [];

  constructor(private readonly channel: Pick<BroadcastChannel, "postMessage" | "close">) {}

  tell(message: ToTab): void {
    this.waiting.push(message);
    if (this.waiting.length === 1) queueMicrotask(() => this.say());
  }

  close(): void {
    this.say();
    this.channel.close();
  }

  private say(): void {
    if (this.waiting.length === 0) return;
    const said = this.waiting;
    this.waiting = [];
    this.channel.postMessage(said);
  }
}
