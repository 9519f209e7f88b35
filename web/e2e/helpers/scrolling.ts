// Scrolling with the wheel through an open chat, and what is on the screen then.
import { expect, type Locator } from "@playwright/test";
import type { Person } from "./person.ts";

/** A row on the screen: a message, or a line that says what happened. */
export interface ShownRow {
  seq: number;
  /** Pixels below the upper edge of the list. */
  top: number;
}

/** What the reader sees of the list. */
export interface Screen {
  /** In the order of the screen. */
  rows: ShownRow[];
  /** Everything the page holds of the list, on the screen or near it. */
  held: number;
  /** Nothing is above. */
  atTop: boolean;
}

export function logOf(person: Person): Locator {
  return person.page.getByRole("log", { name: "Messages" });
}

/** The newest row in the page. */
export async function newestOf(person: Person): Promise<number> {
  return Number(await logOf(person).locator("[data-seq]").last().getAttribute("data-seq"));
}

/** The rows of which something is on the screen. Their seqs must be dense: no hole, nothing twice, one order. */
export async function screenOf(person: Person): Promise<Screen> {
  const screen = await logOf(person).evaluate((log) => {
    const { top: edge, bottom } = log.getBoundingClientRect();
    const nodes = [...log.querySelectorAll("[data-seq]")];
    const near = nodes.map((node) => ({ node, box: node.getBoundingClientRect() }));
    const shown = near.filter(({ box }) => box.bottom > edge && box.top < bottom);
    return {
      rows: shown.map(({ node, box }) => ({ seq: Number(node.getAttribute("data-seq")), top: box.top - edge })),
      held: nodes.length,
      atTop: log.scrollTop === 0,
    };
  });
  const seqs = screen.rows.map(({ seq }) => seq);
  const first = seqs[0] ?? 0;
  expect(seqs, "no hole and nothing twice").toEqual(seqs.map((_, index) => first + index));
  return screen;
}

/** One turn of the wheel over the messages, until everything has come to rest. */
export async function turnsWheel(person: Person, pixels: number): Promise<void> {
  const log = logOf(person);
  // Rows are in the page, but hidden, until the list has found its place; nobody turns a wheel over nothing.
  await log.locator("[data-seq]").last().waitFor();
  await turnsWheelOver(log, pixels);
}

/** One turn of the wheel over anything that holds rows, until these rest. */
export async function turnsWheelOver(rows: Locator, pixels: number): Promise<void> {
  await rows.hover();
  await rows.page().mouse.wheel(0, pixels);
  await rows.evaluate(async (node) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const state = () => [...node.querySelectorAll("[data-testid]")].map((row) => row.getBoundingClientRect().top).join();
    let quiet = 0;
    let before = "";
    while (quiet < 4) {
      await frame();
      const now = state();
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
  });
}

/**
 * The same rows moved by the same way, and no further than the wheel turned: nothing jumped under the reader's eyes.
 * Returns how far.
 */
export function movedBy(before: Screen, after: Screen, pixels: number): number {
  const tops = new Map(before.rows.map(({ seq, top }) => [seq, top]));
  const ways = after.rows.flatMap(({ seq, top }) => (tops.has(seq) ? [top - (tops.get(seq) ?? 0)] : []));
  expect(ways.length, "two screens after one turn of the wheel overlap").toBeGreaterThan(0);
  const way = ways[0] ?? 0;
  for (const other of ways) expect(Math.abs(other - way), "rows move together").toBeLessThan(1);
  // Rows have heights in parts of a pixel, and the list makes up for those above in whole ones: twice, if two come in a turn.
  const most = Math.abs(pixels) + 2;
  expect(Math.abs(way), `moved ${way} px, the wheel turned ${-pixels}`).toBeLessThanOrEqual(most);
  expect(way * pixels, "not the other way").toBeLessThanOrEqual(Math.abs(pixels));
  return way;
}

/** Where the reader stands: the first message that is wholly on the screen, and how far from the list's upper edge. */
export async function placeOf(person: Person): Promise<{ seq: number; top: number }> {
  const { rows } = await screenOf(person);
  const first = rows[0];
  return { seq: first?.seq ?? 0, top: Math.round(first?.top ?? 0) };
}
