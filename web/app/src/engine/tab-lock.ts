// Which tab leads: all stand in line for one Web Lock, so that the browser itself hands it on.

import { CHANNELS, LOCKS, PLEASE_LET_GO } from "../worker/messages";
import type { Surroundings } from "./surroundings";

/** A leader that was asked to let go closes its files first. */
const LET_GO_MS = 4_000;

/** What leading means for this tab. */
export interface Duties {
  /** This tab leads now. */
  begin(): void;
  /** It shall not lead any more: the lock is let go when the promise settles. */
  end(): Promise<void>;
  /** Another tab leads by force; nothing of ours may touch the files any more. */
  robbed(): void;
}

/** This tab's place in the line. */
export class TabLock {
  private readonly locks: NonNullable<Surroundings["locks"]>;
  private readonly channel: BroadcastChannel;
  private letGo: (() => void) | undefined;
  private place = new AbortController();

  constructor(
    { locks, channel }: Surroundings,
    private readonly duties: Duties,
  ) {
    // Without locks nobody stands in line.
    this.locks = locks!;
    this.channel = channel(CHANNELS.leading);
    this.channel.onmessage = (message: MessageEvent<unknown>) => {
      if (message.data === PLEASE_LET_GO) void this.giveWay();
    };
  }

  get leads(): boolean {
    return this.letGo !== undefined;
  }

  /** Waits until nobody is before us. The browser calls when the leader is closed, has crashed, or lets go. */
  standInLine(): void {
    const place = new AbortController();
    this.place = place;
    // It may come to us in the moment in which we leave the line.
    this.hold({ signal: place.signal }, () => (place.signal.aborted ? undefined : this.lead()));
  }

  /** Lets go without wanting it back: the engine cannot work in this tab. */
  resign(): void {
    this.letGo?.();
    this.letGo = undefined;
  }

  /** Takes the lock from a tab that does not let go when it is asked to. `stillNeeded` is asked before force is used. */
  async take(stillNeeded: () => boolean): Promise<void> {
    await this.locks.request(LOCKS.robber, { ifAvailable: true }, async (lock) => {
      // Another tab is at it: two that rob each other would never end.
      if (lock === null) return;
      this.channel.postMessage(PLEASE_LET_GO);
      await pause(LET_GO_MS);
      if (this.leads || !stillNeeded()) return;
      this.place.abort();
      this.hold({ steal: true }, () => this.lead());
    });
  }

  /** A tab has the lock, and none of our version: nobody there understands us. */
  async isWithStranger(): Promise<boolean> {
    const { held = [] } = await this.locks.query();
    const isHeld = (name: string): boolean => held.some((lock) => lock.name === name);
    return isHeld(LOCKS.engine) && !isHeld(LOCKS.leader);
  }

  private hold(options: { signal: AbortSignal } | { steal: true }, granted: () => Promise<void> | undefined): void {
    this.locks.request(LOCKS.engine, options, granted).catch((cause: unknown) => {
      if (!(cause instanceof DOMException && cause.name === "AbortError")) throw cause;
      // Either we left the line, or the lock was taken from us while we had it.
      if (!this.leads) return;
      this.resign();
      this.duties.robbed();
      this.standInLine();
    });
  }

  /** Settles when we let go. */
  private async lead(): Promise<void> {
    const over = new Promise<void>((resolve) => (this.letGo = resolve));
    // Shared: a tab that was robbed while it was frozen still has its own.
    void this.locks.request(LOCKS.leader, { mode: "shared" }, () => over);
    this.duties.begin();
    await over;
  }

  /** Somebody wants to lead: they stand in line already, so we go to its end. */
  private async giveWay(): Promise<void> {
    if (this.leads) {
      const letGo = this.letGo;
      await this.duties.end();
      // Robbed meanwhile: then we stand in line again already.
      if (letGo === undefined || letGo !== this.letGo) return;
      this.resign();
    } else {
      this.place.abort();
    }
    this.standInLine();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
