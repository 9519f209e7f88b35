// Reading a whole chat, as a person would: from the end to the beginning, screen by screen.
import { expect } from "@playwright/test";
import type { Person } from "./person.ts";

interface Line {
  seq: number;
  text: string;
}

/**
 * Every message of the open chat in the order of the screen.
 *
 * The list only draws what is near, so this scrolls. What each screen shows must be in rising order of seq
 * without repeats; screens that overlap must agree.
 */
export async function readAll(person: Person): Promise<string[]> {
  const known = new Map<number, string>();
  await scrollTo(person, "end");
  for (;;) {
    const before = known.size;
    for (const { seq, text } of await readScreen(person)) {
      expect(known.get(seq) ?? text, `two texts at ${seq} on ${person.handle}'s screen`).toBe(text);
      known.set(seq, text);
    }
    const atTop = await scrollTo(person, "up");
    if (atTop && known.size === before) break;
  }
  return [...known].sort(([one], [other]) => one - other).map(([, text]) => text);
}

async function readScreen(person: Person): Promise<Line[]> {
  const lines = await person.page.getByTestId("message").evaluateAll((messages) =>
    messages.map((message) => ({
      seq: Number(message.getAttribute("data-seq")),
      text: message.querySelector("[data-testid=message-text]")?.textContent ?? "",
    })),
  );
  const seqs = lines.map((line) => line.seq);
  expect(seqs, "one order, nothing twice").toEqual([...new Set(seqs)].sort((one, other) => one - other));
  return lines;
}

/** Half a screen up (or to the end), then what is drawn settles. True when there is nothing above. */
async function scrollTo(person: Person, where: "up" | "end"): Promise<boolean> {
  return person.page.getByRole("log", { name: "Messages" }).evaluate(async (log, place) => {
    if (place === "end") log.scrollTop = log.scrollHeight;
    else log.scrollTop = Math.max(0, log.scrollTop - log.clientHeight / 2);
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let frames = 0; frames < 6; frames += 1) await frame();
    return log.scrollTop === 0;
  }, where);
}
