// Decides what stands around each row of a timeline: day, unread line, sender, and which rows belong together.

import type { RowView } from "../engine/generated/RowView";
import { dayOf } from "./days";

/** A row with what the list shows above and around it. */
export interface TimelineItem {
  row: RowView;
  /** The day begins with this row: the separator above it shows this moment's date. */
  dayAtMs: number | undefined;
  /** The unread line is above it. */
  unreadLine: boolean;
  /** Its bubble is the first, or last, of a run by one sender within a minute. */
  first: boolean;
  last: boolean;
}

/** Rows by one sender this close together form one group. */
export const GROUP_MS = 60_000;

/**
 * Adds separators and groups. `unreadAfter`: the line goes above the first unread row after this seq; undefined for no
 * line. Items `before` that are as they were stay the same objects, so that only what changed is drawn again.
 */
export function arrange(
  rows: readonly RowView[],
  unreadAfter: number | undefined,
  timeZone?: string,
  before: readonly TimelineItem[] = [],
): TimelineItem[] {
  const same = countSame(rows, unreadAfter, before);
  const items: TimelineItem[] = before.slice(0, same);
  const newestDay = items.findLast(({ dayAtMs }) => dayAtMs !== undefined)?.dayAtMs;
  let day = newestDay === undefined ? "" : dayOf(newestDay, timeZone);
  let lineDrawn = unreadAfter === undefined || items.some(({ unreadLine }) => unreadLine);
  for (const row of rows.slice(same)) {
    const rowDay = dayOf(row.atMs, timeZone);
    // Unsent rows carry this device's clock, which may be behind: a day never comes back once it has passed.
    const newDay = day === "" || rowDay > day;
    const unreadLine = !lineDrawn && isAfter(row, unreadAfter!);
    lineDrawn ||= unreadLine;
    const previous = items.at(-1);
    const first = newDay || unreadLine || previous === undefined || !belongTogether(previous.row, row);
    if (first && previous !== undefined && items.length > same) previous.last = true;
    items.push({ row, dayAtMs: newDay ? row.atMs : undefined, unreadLine, first, last: false });
    if (newDay) day = rowDay;
  }
  const end = items.at(-1);
  if (end !== undefined && items.length > same) end.last = true;
  return [...items.slice(0, same), ...reuse(items.slice(same), before.slice(same))];
}

/**
 * So many items from the beginning on stay as they are, whatever comes after them: all but the last of the rows that are
 * the same, since it may not be the last of its run any more. Fifty times a second a row comes after hundreds of others.
 */
function countSame(rows: readonly RowView[], unreadAfter: number | undefined, before: readonly TimelineItem[]): number {
  let same = 0;
  while (same < rows.length && before[same]?.row === rows[same]) same += 1;
  const line = unreadAfter === undefined ? -1 : rows.findIndex((row) => isAfter(row, unreadAfter));
  const lineBefore = before.findIndex(({ unreadLine }) => unreadLine);
  const isLineSame = line === lineBefore || (line < 0 && lineBefore >= same) || (lineBefore < 0 && line >= same);
  return isLineSame ? Math.max(0, same - 1) : 0;
}

function reuse(items: TimelineItem[], before: readonly TimelineItem[]): TimelineItem[] {
  const known = new Map(before.map((item) => [item.row, item]));
  return items.map((item) => {
    const old = known.get(item.row);
    return old !== undefined && isSame(old, item) ? old : item;
  });
}

function isSame(a: TimelineItem, b: TimelineItem): boolean {
  return a.dayAtMs === b.dayAtMs && a.unreadLine === b.unreadLine && a.first === b.first && a.last === b.last;
}

function isAfter(row: RowView, unreadAfter: number): boolean {
  return row.seq > unreadAfter && !row.own && !isSystemRow(row);
}

function belongTogether(a: RowView, b: RowView): boolean {
  if (isSystemRow(a) || isSystemRow(b)) return false;
  return a.sender.account === b.sender.account && Math.abs(b.atMs - a.atMs) < GROUP_MS;
}

/** Written by the server, not by a person. */
export function isSystemRow(row: RowView): boolean {
  return row.content.type !== "text" && row.content.type !== "unknown";
}
