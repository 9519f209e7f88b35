// What a tab asked for and has no answer to yet; what becomes of it when the engine is another one now.

import type { Command } from "./generated/Command";
import type { FailureReason } from "./generated/FailureReason";
import type { Outcome } from "./generated/Outcome";
import type { SessionView } from "./generated/SessionView";

interface Entry {
  command: Command;
  /** Who was signed in when it was asked for; undefined: nobody, or not known yet. */
  account: number | undefined;
  resolve: (outcome: Outcome) => void;
}

const DONE: Outcome = { type: "done" };

/** In the order in which it was asked for. */
export class Unanswered {
  private readonly entries = new Map<number, Entry>();
  private lastId = 0;

  get waiting(): boolean {
    return this.entries.size > 0;
  }

  add(command: Command, account: number | undefined, resolve: (outcome: Outcome) => void): number {
    this.lastId += 1;
    this.entries.set(this.lastId, { command, account, resolve });
    return this.lastId;
  }

  answer(id: number, outcome: Outcome): void {
    const entry = this.entries.get(id);
    this.entries.delete(id);
    entry?.resolve(outcome);
  }

  /** What this person asked for. */
  of(account: number): Command[] {
    return [...this.entries.values()].filter((entry) => entry.account === account).map(({ command }) => command);
  }

  /**
   * Another engine has taken over, where this session is. Answers what needs no repeating, and gives back what does.
   * The engine before may have carried a command out without telling: sends carry keys, the rest is harmless twice.
   */
  repeat(session: SessionView | undefined): { id: number; command: Command }[] {
    const again: { id: number; command: Command }[] = [];
    for (const [id, entry] of [...this.entries]) {
      const outcome = answerOf(entry, session);
      if (outcome === undefined) again.push({ id, command: entry.command });
      else this.answer(id, outcome);
    }
    return again;
  }
}

/** Undefined: it has to be asked for again. */
function answerOf({ command, account }: Entry, session: SessionView | undefined): Outcome | undefined {
  const signedIn = session?.type === "signedIn";
  switch (command.type) {
    // The views went with the engine that had them; the screen opens them again.
    case "openView":
    case "closeView":
    case "loadOlder":
    case "loadNewer":
    case "followEnd":
      return DONE;
    case "register":
    case "signIn":
      return signedIn ? DONE : undefined;
    case "signOut":
      return signedIn ? undefined : DONE;
    default:
      // What one person asked for is never done in the name of another.
      if (account === undefined) return undefined;
      return signedIn && session.me.account === account ? undefined : failed("signedOut");
  }
}

function failed(reason: FailureReason): Outcome {
  return { type: "failed", failure: { reason, field: "", retryAfterMs: 0 } };
}
