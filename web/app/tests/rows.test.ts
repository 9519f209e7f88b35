// Day separators, groups and the unread line, over midnight and daylight saving.

import { expect, test } from "vitest";
import { ALICE, BOB, CAROL, row, text } from "../src/engine/fake-world";
import type { RowView } from "../src/engine/generated/RowView";
import { daysBefore, dayOf } from "../src/text/days";
import { arrange } from "../src/text/rows";

const at = (iso: string): number => Date.parse(iso);

/** One letter per row: D a day begins, U unread line, F first of a group, L last of a group. */
function sketch(rows: RowView[], unreadAfter?: number, zone = "UTC"): string[] {
  return arrange(rows, unreadAfter, zone).map(({ dayAtMs, unreadLine, first, last }) =>
    [dayAtMs !== undefined && "D", unreadLine && "U", first && "F", last && "L"].filter(Boolean).join(""),
  );
}

test("a minute by one sender is one group", () => {
  const rows = [
    row(1, BOB, at("2026-11-22T10:00:00Z"), text("a")),
    row(2, BOB, at("2026-11-22T10:00:30Z"), text("b")),
    row(3, BOB, at("2026-11-22T10:02:00Z"), text("c")),
    row(4, ALICE, at("2026-11-22T10:02:01Z"), text("d")),
  ];
  expect(sketch(rows)).toEqual(["DF", "L", "FL", "FL"]);
});

test("midnight begins a day and a group", () => {
  const rows = [
    row(1, BOB, at("2026-11-22T23:59:50Z"), text("a")),
    row(2, BOB, at("2026-11-23T00:00:10Z"), text("b")),
  ];
  expect(sketch(rows)).toEqual(["DFL", "DFL"]);
  // The same moments in the middle of a day elsewhere.
  expect(sketch(rows, undefined, "Asia/Shanghai")).toEqual(["DF", "L"]);
});

test("the day of 23 and the day of 25 hours are one day each", () => {
  // Berlin: 29 March 2026 has 23 hours, 25 October 2026 has 25.
  for (const [begin, end] of [
    ["2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"],
    ["2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"],
  ] as const) {
    const rows = [
      row(1, BOB, at(begin) - 1_000, text("before")),
      row(2, CAROL, at(begin), text("first")),
      row(3, BOB, at(end), text("last")),
      row(4, CAROL, at(end) + 1_000, text("after")),
    ];
    expect(sketch(rows, undefined, "Europe/Berlin")).toEqual(["DFL", "DFL", "FL", "DFL"]);
    expect(daysBefore(at(begin) - 1_000, at(end), "Europe/Berlin")).toBe(1);
    expect(daysBefore(at(begin), at(end), "Europe/Berlin")).toBe(0);
  }
});

test("a clock that is behind does not bring an old day back", () => {
  const rows = [
    row(1, BOB, at("2026-11-22T00:00:05Z"), text("new day")),
    row(0, ALICE, at("2026-11-21T23:59:58Z"), text("unsent, by this device's clock"), { type: "sending", sendKey: "k" }),
  ];
  expect(sketch(rows)).toEqual(["DFL", "FL"]);
});

test("the unread line is above the first unread row of somebody else", () => {
  const t = at("2026-11-22T10:00:00Z");
  const rows = [
    row(1, BOB, t, text("read")),
    row(2, ALICE, t, text("own")),
    row(3, BOB, t, { type: "renamed", title: "x" }),
    row(4, BOB, t, text("unread")),
    row(5, BOB, t, text("unread too")),
  ];
  expect(sketch(rows, 1)).toEqual(["DFL", "FL", "FL", "UF", "L"]);
  expect(sketch(rows, 5)).toEqual(["DFL", "FL", "FL", "F", "L"]);
  expect(sketch(rows, undefined)).toEqual(["DFL", "FL", "FL", "F", "L"]);
});

test("system rows stand alone, and no rows are no items", () => {
  const t = at("2026-11-22T10:00:00Z");
  expect(sketch([row(1, BOB, t, { type: "memberLeft" }), row(2, BOB, t, text("a"))])).toEqual(["DFL", "FL"]);
  expect(arrange([], 3)).toEqual([]);
});

test("days are the reader's", () => {
  expect(dayOf(at("2026-11-22T23:30:00Z"), "UTC")).toBe("2026-11-22");
  expect(dayOf(at("2026-11-22T23:30:00Z"), "Asia/Tokyo")).toBe("2026-11-23");
  expect(dayOf(at("2026-01-01T04:59:00Z"), "America/New_York")).toBe("2025-12-31");
});

test("only what changed is a new item, so that only that is drawn again", () => {
  const t = at("2026-11-22T10:00:00Z");
  const rows = [row(1, BOB, t, text("a")), row(2, BOB, t, text("b")), row(3, ALICE, t, text("c"))];
  const before = arrange(rows, undefined, "UTC");
  const after = arrange([...rows, row(4, ALICE, t, text("d"))], undefined, "UTC", before);
  // The third is no longer the last of its group.
  expect(after.map((item, index) => item === before[index])).toEqual([true, true, false, false]);
});

test("whatever changes, the rows are arranged as if they were new", () => {
  // A small generator of its own, so that what fails once fails again.
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  let clock = at("2026-11-22T20:00:00Z");
  let seq = 0;
  const next = (): RowView => {
    clock += random(4) === 0 ? 3_600_000 * random(9) : 20_000;
    seq += 1;
    return row(seq, [ALICE, BOB, CAROL][random(3)]!, clock, random(9) === 0 ? { type: "memberLeft" } : text(`${seq}`));
  };
  let rows: RowView[] = [];
  let line: number | undefined;
  let shown = arrange(rows, line, "UTC");
  for (let step = 0; step < 600; step += 1) {
    const what = random(12);
    if (what < 8) rows = [...rows, ...Array.from({ length: random(4) }, next)];
    else if (what === 8) rows = rows.slice(random(6));
    else if (what === 9) rows = rows.slice(0, -1 - random(3));
    else if (what === 10) rows = rows.map((old) => (random(5) === 0 ? { ...old } : old));
    else line = random(3) === 0 ? undefined : Math.max(0, seq - random(12));
    shown = arrange(rows, line, "UTC", shown);
    expect(shown).toEqual(arrange(rows, line, "UTC"));
  }
});
