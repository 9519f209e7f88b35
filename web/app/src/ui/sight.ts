// What the list of messages shows at a place: which rows, how far from its edges, where the unread line is.

import type { VirtualizerHandle } from "virtua/svelte";
import type { Anchor, Goal } from "../state/places";
import type { TimelineItem } from "../text/rows";

/** So much of a row may be cut off, and still it has been seen. */
const CUT_PX = 12;
/** The unread line stands a little below the top, so that it shows what comes before. */
const LINE_BELOW_TOP_PX = 90;

type Items = readonly TimelineItem[];

/** The part of the list that is on the screen, in pixels from the list's beginning. */
export interface Sight {
  top: number;
  bottom: number;
}

/** The list hides rows until it has measured them. */
const MEASURED_ROWS = ':not([style*="hidden"]) > .item [data-key]';

/**
 * The row that keeps its place whatever happens around it, and how far below the screen's upper edge it begins: the first
 * that begins on the screen of those that are measured. Others may still turn out of any height, and of one that begins
 * above only the end is seen.
 */
export function anchorAt(list: VirtualizerHandle, items: Items, top: number, scroller: HTMLElement): Anchor | undefined {
  const nodes = scroller.querySelectorAll<HTMLElement>(MEASURED_ROWS);
  const measured = new Set(Array.from(nodes, ({ dataset }) => dataset["key"]));
  const first = list.findItemIndex(top);
  const last = list.findItemIndex(top + list.getViewportSize());
  let index = first;
  for (let next = last; next >= first; next -= 1) {
    if (list.getItemOffset(next) >= top && measured.has(items[next]?.row.key)) index = next;
  }
  const row = items[index]?.row;
  return row && { key: row.key, seq: row.seq, offsetPx: list.getItemOffset(index) - top };
}

/** The seq of the newest row whose end is on the screen, or which fills it; 0 for none. */
export function newestSeen(list: VirtualizerHandle, items: Items, { top, bottom }: Sight): number {
  for (let index = list.findItemIndex(bottom); index >= 0; index -= 1) {
    const begin = list.getItemOffset(index);
    const seq = items[index]?.row.seq ?? 0;
    if (seq > 0 && (begin + list.getItemSize(index) <= bottom + CUT_PX || begin <= top)) return seq;
  }
  return 0;
}

/** Where the unread line is: above what is on the screen, on it, below it, or not among these rows. */
export function lineIn(list: VirtualizerHandle, items: Items, { top, bottom }: Sight): "above" | "shown" | "below" | "absent" {
  const index = items.findIndex(({ unreadLine }) => unreadLine);
  if (index < 0) return "absent";
  const begin = list.getItemOffset(index);
  if (begin < top) return "above";
  return begin < bottom ? "shown" : "below";
}

/** The row that a goal is about; undefined when it is not among these. */
export function indexOf(goal: Goal, items: Items): number | undefined {
  if (goal.type === "end") return items.length - 1;
  const isIt =
    goal.type === "line"
      ? ({ unreadLine }: TimelineItem) => unreadLine
      : ({ row }: TimelineItem) => row.key === goal.anchor.key || (goal.anchor.seq > 0 && row.seq >= goal.anchor.seq);
  const index = items.findIndex(isIt);
  return index < 0 ? undefined : index;
}

/** How far the list has to be scrolled for a goal, as far as its rows are measured; undefined: to its end. */
export function offsetOf(goal: Goal, list: VirtualizerHandle, items: Items): number | undefined {
  const index = indexOf(goal, items);
  if (goal.type === "end" || index === undefined) return undefined;
  return list.getItemOffset(index) - (goal.type === "line" ? LINE_BELOW_TOP_PX : goal.anchor.offsetPx);
}

/**
 * The rows that stay in the page, wherever the list thinks the reader is: those that the focus or a selection is in, and
 * all from one on.
 */
export function keptRows(items: Items, held: ReadonlySet<string>, from: number): number[] {
  const kept = held.size === 0 ? [] : items.flatMap(({ row }, index) => (held.has(row.key) ? [index] : []));
  for (let index = from; index < items.length; index += 1) kept.push(index);
  return kept;
}

/** The key of the row that a node is in. */
export function keyOf(node: Node | null, scroller: HTMLElement | undefined): string | undefined {
  if (node === null || !scroller?.contains(node)) return undefined;
  const element = node instanceof Element ? node : node.parentElement;
  return element?.closest<HTMLElement>("[data-key]")?.dataset["key"];
}
