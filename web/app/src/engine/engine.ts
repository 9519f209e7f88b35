// The one interface between the screen and whatever runs the sync engine: a worker here, a native shell later.

import type { Command } from "./generated/Command";
import type { Event } from "./generated/Event";
import type { Outcome } from "./generated/Outcome";

/** Where the engine itself stands; what the account and the link do is told by events. */
export type EngineStatus =
  /** Opening the local store. */
  | { type: "starting" }
  /** Working. `memory`: this browser gave us no disk, so nothing outlives the tab. */
  | { type: "running"; storage: "disk" | "memory" }
  /** Another tab has it; `takeOver` brings it here. */
  | { type: "elsewhere" }
  /** It cannot work here. The detail is for developers. */
  | { type: "broken"; detail: string };

/** Commands in, events out. Several screens may share one engine, so nothing here belongs to one of them. */
export interface Engine {
  /** Does what the user wants; the answer says how it went and never throws. Commands run in the order given. */
  send(command: Command): Promise<Outcome>;
  /** Hears every event from now on. Subscribe before `start`, the first event comes soon after. */
  subscribe(listener: (event: Event) => void): () => void;
  /** Hears the present status at once, and every change. */
  watch(listener: (status: EngineStatus) => void): () => void;
  /** Begins. Called once. */
  start(): void;
  /** Brings the engine to this tab when another one has it. */
  takeOver(): void;
}
