// What crosses between the page and the worker.

import type { Command } from "../engine/generated/Command";
import type { Event } from "../engine/generated/Event";

/** From the page. */
export type ToWorker =
  /** `socketUrl` is where the server's WebSocket is. */
  | { type: "start"; socketUrl: string }
  | { type: "command"; id: number; command: Command }
  /** The browser's hint about the network. */
  | { type: "network"; up: boolean }
  /** Close everything; answered with `closed`. */
  | { type: "close" };

/** From the worker. */
export type FromWorker =
  | { type: "started"; storage: "disk" | "memory" }
  | { type: "event"; event: Event }
  | { type: "broken"; detail: string }
  | { type: "closed" };
