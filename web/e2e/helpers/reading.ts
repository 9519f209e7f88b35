// Reading a whole chat, as a person would: from the end to the beginning, screen by screen.
import { expect } from "@playwright/test";
import type { Person } from "./person.ts";

/** Older messages may take this long to come: sixty times half a second. */
const WAITS_MAX = 60;
const WAIT_MS = 500;

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
  let waits = 0;
  await goToEnd(person);
  for (;;) {
    const before = known.size;
    for (const { seq, text } of await readScreen(person)) {
      expect(known.get(seq) ?? text, `two texts at ${seq} on ${person.handle}'s screen`).toBe(text);
      known.set(seq, text);
    }
    const atTop = await scrollUp(person);
    if (!atTop || known.size > before) continue;
    // What is above may still be on its way; the line that says how the chat began has nothing above it.
    if (await hasBegun(person)) break;
    expect((waits += 1), `${person.handle} reads up to the first message`).toBeLessThan(WAITS_MAX);
    await person.page.waitForTimeout(WAIT_MS);
  }
  return [...known].sort(([one], [other]) => one - other).map(([, text]) => text);
}

async function hasBegun(person: Person): Promise<boolean> {
  return (await person.page.locator("[data-seq='1']").count()) > 0;
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

/** To the newest message, which may be far below what the page holds. */
async function goToEnd(person: Person): Promise<void> {
  await person.page.getByRole("log", { name: "Messages" }).press("End");
  await expect(person.page.getByRole("button", { name: /^To the newest message$|^[\d,]+\+? new$/ })).toHaveCount(0);
}

/** Half a screen up, then what is drawn settles. True when there is nothing above. */
async function scrollUp(person: Person): Promise<boolean> {
  return person.page.getByRole("log", { name: "Messages" }).evaluate(async (log) => {
    log.scrollTop = Math.max(0, log.scrollTop - log.clientHeight / 2);
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let frames = 0; frames < 6; frames += 1) await frame();
    return log.scrollTop === 0;
  });
}
