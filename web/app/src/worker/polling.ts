// A connection made of HTTP exchanges, for networks that let no WebSocket through. An exchange that fails ends it.

import { appendedLength, bodyOf, framesOf } from "./batch";
import type { Wire, WireEvents } from "./wire";

/** As in `limits.rs`: `POLL_WAIT_MS`, `POLL_UP_BYTES_MAX`, `POLL_PACE_FIRST_MS`, `POLL_PACE_MAX_MS`. */
const WAIT_MS = 25_000;
const UP_BYTES_MAX = 65_552;
const PACE_FIRST_MS = 200;
const PACE_MAX_MS = 2_000;

const LINK = "Anser-Link";
const NUMBER = "Anser-Number";
const WAIT = "Anser-Wait-Ms";
const CLOSED = "Anser-Closed";

/**
 * Opens a link by polling. How long an exchange may take is not its business: the engine's link notices a connection
 * that brings nothing, whatever it is made of, and closes it.
 */
export class PollingWire implements Wire {
  private readonly calls = new AbortController();
  private readonly queue: Uint8Array[] = [];
  private link: string | undefined;
  private ups = 0;
  private sending = false;
  private ended = false;
  /** Something was sent, so something will come. */
  private hasSent = false;
  /** Ends a pause between two short polls. */
  private hurry: (() => void) | undefined;

  constructor(
    private readonly url: string,
    private readonly isLong: boolean,
    private readonly events: WireEvents,
  ) {
    this.guard(this.run());
  }

  send(bytes: Uint8Array): void {
    if (this.ended || this.link === undefined) return;
    this.queue.push(bytes);
    if (!this.sending) this.guard(this.bring(this.link));
  }

  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.calls.abort();
    this.hurry?.();
    if (this.link === undefined) return;
    // A courtesy: the server also finds out by itself.
    const goodbye = { method: "DELETE", headers: { [LINK]: this.link }, keepalive: true };
    fetch(this.url, goodbye).catch(() => undefined);
  }

  private guard(lane: Promise<void>): void {
    lane.catch(() => {
      if (this.ended) return;
      this.close();
      this.events.ended();
    });
  }

  private async run(): Promise<void> {
    const opened = await this.exchange("", {});
    const link = opened.headers.get(LINK);
    if (opened.status !== 201 || link === null) throw new Error(`no link: HTTP status ${opened.status}`);
    if (this.ended) return;
    this.link = link;
    this.events.opened();
    await this.fetchAll(link);
  }

  /** The lane up: all that waits, up to a body's length, is one exchange. */
  private async bring(link: string): Promise<void> {
    this.sending = true;
    while (this.queue.length > 0) {
      const frames: Uint8Array[] = [];
      let length = 0;
      for (const frame of this.queue) {
        length += appendedLength(frame);
        if (frames.length > 0 && length > UP_BYTES_MAX) break;
        frames.push(frame);
      }
      this.queue.splice(0, frames.length);
      this.ups += 1;
      const { status } = await this.exchange("/up", { [LINK]: link, [NUMBER]: `${this.ups}` }, bodyOf(frames));
      // It is over; the other lane brings the server's last words, or learns the same.
      if (status === 410) return;
      if (status !== 204) throw new Error(`HTTP status ${status}`);
      this.hasSent = true;
      this.hurry?.();
    }
    this.sending = false;
  }

  /** The lane down. */
  private async fetchAll(link: string): Promise<void> {
    let pauseMs = PACE_FIRST_MS;
    for (let number = 1; !this.ended; number += 1) {
      const askedAt = performance.now();
      const headers = { [LINK]: link, [NUMBER]: `${number}`, [WAIT]: `${this.isLong ? WAIT_MS : 0}` };
      const answer = await this.exchange("/down", headers);
      if (answer.status !== 200) throw new Error(`HTTP status ${answer.status}`);
      const frames = framesOf(new Uint8Array(await answer.arrayBuffer()));
      for (const frame of frames) if (!this.ended) this.events.received(frame);
      if (answer.headers.has(CLOSED)) {
        this.link = undefined;
        throw new Error("the server closed it");
      }
      const hasWaited = this.isLong && (frames.length > 0 || performance.now() - askedAt >= PACE_MAX_MS);
      if (frames.length > 0) pauseMs = PACE_FIRST_MS;
      // A server, or something before it, that does not wait must not be asked all the time.
      if (!hasWaited) pauseMs = await this.rest(pauseMs);
    }
  }

  /** Waits, less long if something was sent. How long to wait the next time. */
  private async rest(pauseMs: number): Promise<number> {
    if (!this.hasSent) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pauseMs);
        this.hurry = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.hurry = undefined;
    }
    if (!this.hasSent) return Math.min(2 * pauseMs, PACE_MAX_MS);
    this.hasSent = false;
    await new Promise((resolve) => setTimeout(resolve, PACE_FIRST_MS));
    return PACE_FIRST_MS;
  }

  private exchange(
    path: string,
    headers: Record<string, string>,
    body: Uint8Array<ArrayBuffer> | null = null,
  ): Promise<Response> {
    const { signal } = this.calls;
    return fetch(`${this.url}${path}`, { method: "POST", headers, body, signal, cache: "no-store", redirect: "error" });
  }
}
