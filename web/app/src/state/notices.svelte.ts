// Things that are worth one quiet line above the chats, once.

import type { EngineStatus } from "../engine/engine";
import { keep, readKept } from "./browser-storage";

export type Notice = "memoryOnly" | "rebuilt";

/** Dismissed ones stay away for as long as the browser tab lives, however often it is loaded again. */
export class NoticesState {
  private dismissed = $state.raw<readonly string[]>((readKept("dismissed", "session") ?? "").split(" "));

  /** What to say about the store that the engine runs on. */
  of(status: EngineStatus): Notice | undefined {
    if (status.type !== "running") return undefined;
    if (status.storage === "memory") return this.unless("memoryOnly", "memoryOnly");
    return status.rebuilt ? this.unless(nameOf(status.generation), "rebuilt") : undefined;
  }

  dismiss(status: EngineStatus): void {
    if (status.type !== "running") return;
    const name = status.storage === "memory" ? "memoryOnly" : nameOf(status.generation);
    this.dismissed = [...this.dismissed, name];
    keep("dismissed", this.dismissed.join(" "), "session");
  }

  private unless(name: string, notice: Notice): Notice | undefined {
    return this.dismissed.includes(name) ? undefined : notice;
  }
}

/** Damage that happens again is told again. */
function nameOf(generation: number): string {
  return `rebuilt-${generation}`;
}

export const notices = new NoticesState();
