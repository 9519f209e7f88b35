// The one interface between the screen and whatever runs the sync engine: a worker here, a native shell later.

import type { Command } from "./generated/Command";
import type { Event } from "./generated/Event";
import type { Outcome } from "./generated/Outcome";

/** Where everything is kept: on this browser's private disk, or only as long as the engine runs. */
export type StorageKind = "disk" | "memory";

/** Where the engine itself stands; what the account and the link do is told by events. */
export type EngineStatus =
  /** Opening the local store, or waiting for the tab that has it. */
  | { type: "starting" }
  /**
   * Working, in this tab or in another one of this browser.
   * `memory`: this browser gave us no disk, so nothing outlives the engine.
   * `rebuilt`: what the disk held was damaged; it is being fetched again from the server.
   * `generation` is another number after the engine has moved to another tab: the views opened before are gone and
   * have to be opened again; commands on their way are carried out all the same, once.
   */
  | { type: "running"; storage: StorageKind; rebuilt: boolean; generation: number }
  /** A tab that we cannot speak with has it: one with another version, or one that is frozen. `takeOver` brings it here. */
  | { type: "elsewhere" }
  /** It cannot work here. The detail is for developers. */
  | { type: "broken"; detail: string };

/** Commands in, events out. All tabs of a browser share one engine. */
export interface Engine {
  /** Does what the user wants; the answer says how it went and never throws. Commands run in the order given. */
  send(command: Command): Promise<Outcome>;
  /** A number for a view (`openView`) of this tab. */
  newView(): number;
  /** Hears every event from now on, but for what concerns other tabs only. Subscribe before `start`. */
  subscribe(listener: (event: Event) => void): () => void;
  /** Hears the present status at once, and every change. */
  watch(listener: (status: EngineStatus) => void): () => void;
  /** Begins. Called once. */
  start(): void;
  /** Brings the engine to this tab when another version has it. */
  takeOver(): void;
}
