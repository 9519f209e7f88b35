// Which of several handles nobody has: the server only says that one of them is unknown.

import type { Engine } from "../engine/engine";

/** Asks one by one, since a person can only be found by the exact handle. What cannot be asked is not called unknown. */
export async function unknownAmong(engine: Pick<Engine, "send">, handles: readonly string[]): Promise<string[]> {
  const unknown: string[] = [];
  for (const handle of handles) {
    const outcome = await engine.send({ type: "findAccount", handle });
    if (outcome.type === "people" && outcome.people.length === 0) unknown.push(handle);
    if (outcome.type === "failed") {
      // A handle that cannot exist is nobody's; after any other refusal (no network, too many tries) the rest stays open.
      if (outcome.failure.reason !== "notFound" && outcome.failure.reason !== "invalidField") break;
      unknown.push(handle);
    }
  }
  return unknown;
}
