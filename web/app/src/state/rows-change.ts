// From the rows shown before to those shown now, in steps that a virtual list can follow without moving its reader.

import type { RowsChange } from "../engine/generated/RowsChange";
import type { RowView } from "../engine/generated/RowView";

/**
 * Rows as they stand after one thing has happened to them.
 *
 * A list keeps the heights of its rows by their places. So whatever happens at the head is a step of its own, told as
 * such, and taking away and adding there are two: together they could leave the number of rows as it was.
 */
export interface Step {
  kind: "fresh" | "dropped" | "above" | "tail";
  rows: readonly RowView[];
}

/** All that a change does, at once. */
export function applyChange(rows: readonly RowView[], change: RowsChange): readonly RowView[] {
  return stepsOf(rows, change).at(-1)?.rows ?? rows;
}

/** What a change does, step by step; none when the rows stay as they are. */
export function stepsOf(rows: readonly RowView[], change: RowsChange): Step[] {
  if (change.type === "all") return stepsToAll(rows, change.rows);
  const steps: Step[] = [];
  let now = rows;
  if (change.dropped > 0) {
    now = now.slice(change.dropped);
    steps.push({ kind: "dropped", rows: now });
  }
  if (change.above.length > 0) {
    now = [...change.above, ...now];
    steps.push({ kind: "above", rows: now });
  }
  if (change.removed > 0 || change.inserted.length > 0) {
    const kept = now.slice(change.at + change.removed);
    steps.push({ kind: "tail", rows: [...now.slice(0, change.at), ...change.inserted, ...kept] });
  }
  return steps;
}

/** Steps of the same kind that follow each other are one; a fresh beginning makes those before it needless. */
export function joinSteps(steps: readonly Step[]): Step[] {
  const joined: Step[] = [];
  for (const step of steps) {
    if (step.kind === "fresh") joined.length = 0;
    else if (joined.at(-1)?.kind === step.kind) joined.pop();
    joined.push(step);
  }
  return joined;
}

/** The difference as the engine would tell it; undefined when nothing of the old rows is left to hold on to. */
export function differenceOf(before: readonly RowView[], after: readonly RowView[]): RowsChange | undefined {
  const places = new Map(after.map(({ key }, index) => [key, index]));
  const dropped = before.findIndex(({ key }) => places.has(key));
  if (dropped < 0) return undefined;
  const headEnd = places.get(before[dropped]!.key)!;
  const old = before.slice(dropped);
  const fresh = after.slice(headEnd);
  let at = 0;
  while (at < old.length && at < fresh.length && old[at] === fresh[at]) at += 1;
  let same = 0;
  while (same < old.length - at && same < fresh.length - at && old.at(-1 - same) === fresh.at(-1 - same)) same += 1;
  return {
    type: "patch",
    dropped,
    above: after.slice(0, headEnd),
    at: headEnd + at,
    removed: old.length - at - same,
    inserted: fresh.slice(at, fresh.length - same),
  };
}

/** After the engine has moved, the same rows are told again: those that are as they were stay the same objects. */
function stepsToAll(before: readonly RowView[], all: readonly RowView[]): Step[] {
  const known = new Map(before.map((row) => [row.key, row]));
  const rows = all.map((row) => {
    const old = known.get(row.key);
    return old !== undefined && JSON.stringify(old) === JSON.stringify(row) ? old : row;
  });
  const difference = differenceOf(before, rows);
  return difference === undefined ? [{ kind: "fresh", rows }] : stepsOf(before, difference);
}
