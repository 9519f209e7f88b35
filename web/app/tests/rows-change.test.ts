// Differences of rows: applied in the order the engine means, cut into steps a list can follow.

import { expect, test } from "vitest";
import { BOB, row, text } from "../src/engine/fake-world";
import type { RowsChange } from "../src/engine/generated/RowsChange";
import type { RowView } from "../src/engine/generated/RowView";
import { applyChange, differenceOf, joinSteps, stepsOf } from "../src/state/rows-change";

const make = (words: string): RowView[] => [...words].map((letter) => ({ ...row(letter.charCodeAt(0), BOB, 0, text(letter)), key: letter }));
const spell = (rows: readonly RowView[]): string => rows.map(({ key }) => key).join("");
const patch = (over: Partial<Extract<RowsChange, { type: "patch" }>>): RowsChange => ({
  type: "patch",
  dropped: 0,
  above: [],
  at: 0,
  removed: 0,
  inserted: [],
  ...over,
});

test("dropped, then above, then what happens in the middle", () => {
  const rows = make("abcdef");
  const all = patch({ dropped: 2, above: make("xyz"), at: 4, removed: 1, inserted: make("DD") });
  // abcdef, cdef, xyzcdef, xyzcDDef
  expect(spell(applyChange(rows, all))).toBe("xyzcDDef");
  expect(stepsOf(rows, all).map(({ kind, rows: now }) => [kind, spell(now)])).toEqual([
    ["dropped", "cdef"],
    ["above", "xyzcdef"],
    ["tail", "xyzcDDef"],
  ]);
});

test("rows are appended, replaced, removed", () => {
  expect(spell(applyChange(make("abc"), patch({ at: 3, inserted: make("d") })))).toBe("abcd");
  expect(spell(applyChange(make("abc"), patch({ at: 1, removed: 1, inserted: make("B") })))).toBe("aBc");
  expect(spell(applyChange(make("abc"), patch({ at: 0, removed: 3 })))).toBe("");
});

test("what changes no row is no step, and leaves the rows as they are", () => {
  const rows = make("abc");
  expect(stepsOf(rows, patch({ at: 2 }))).toEqual([]);
  expect(applyChange(rows, patch({}))).toBe(rows);
});

test("everything anew is a fresh beginning, unless something is left to hold on to", () => {
  expect(stepsOf([], { type: "all", rows: make("abc") }).map(({ kind }) => kind)).toEqual(["fresh"]);
  expect(stepsOf(make("abc"), { type: "all", rows: make("xyz") }).map(({ kind }) => kind)).toEqual(["fresh"]);
  const before = make("bcd");
  const steps = stepsOf(before, { type: "all", rows: make("abcDe") });
  expect(steps.map(({ kind, rows }) => [kind, spell(rows)])).toEqual([
    ["above", "abcd"],
    ["tail", "abcDe"],
  ]);
  // The rows that are as they were are the same objects, so that nothing is drawn again.
  expect(steps[1]!.rows[1]).toBe(before[0]);
});

test("the same rows told again change nothing", () => {
  expect(stepsOf(make("abc"), { type: "all", rows: make("abc") })).toEqual([]);
});

test("a difference leads from the one to the other, whatever they are", () => {
  const words = ["", "a", "abc", "abcdef", "cdef", "xabc", "abXcd", "cdefgh", "abdef", "zabcdq"];
  for (const from of words) {
    for (const to of words) {
      const before = make(from);
      const after = make(to);
      const change = differenceOf(before, after) ?? { type: "all" as const, rows: after };
      expect(spell(applyChange(before, change)), `${from} → ${to}`).toBe(to);
    }
  }
});

test("steps of one kind are one; head and tail stay apart", () => {
  const rows = make("ab");
  const one = stepsOf(rows, patch({ at: 2, inserted: make("c") }));
  const two = stepsOf(one.at(-1)!.rows, patch({ at: 3, inserted: make("d") }));
  const three = stepsOf(two.at(-1)!.rows, patch({ above: make("x") }));
  expect(joinSteps([...one, ...two, ...three]).map(({ kind, rows: now }) => [kind, spell(now)])).toEqual([
    ["tail", "abcd"],
    ["above", "xabcd"],
  ]);
  const fresh = stepsOf(three.at(-1)!.rows, { type: "all", rows: make("pq") });
  expect(joinSteps([...one, ...fresh]).map(({ kind }) => kind)).toEqual(["fresh"]);
});
