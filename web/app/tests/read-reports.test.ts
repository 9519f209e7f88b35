// What was read is told at once, then gathered, and never lost.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ReadReports } from "../src/state/read-reports";

const told: string[] = [];
let reports: ReadReports;

beforeEach(() => {
  vi.useFakeTimers();
  told.length = 0;
  reports = new ReadReports(({ conversation, seq }) => told.push(`${conversation}:${seq}`));
});

afterEach(() => vi.useRealTimers());

const reads = (conversation: number, ...seqs: number[]): void => {
  for (const seq of seqs) reports.add({ conversation, seq });
};

test("the first is told at once, those after it by their newest", () => {
  reads(1, 10);
  expect(told).toEqual(["1:10"]);
  reads(1, 11, 12, 13);
  expect(told).toEqual(["1:10"]);
  vi.advanceTimersByTime(200);
  expect(told).toEqual(["1:10", "1:13"]);
});

test("a stream of a second is told a few times, and wholly", () => {
  for (let seq = 1; seq <= 50; seq += 1) {
    reads(1, seq);
    vi.advanceTimersByTime(20);
  }
  vi.advanceTimersByTime(200);
  expect(told.length).toBeLessThanOrEqual(7);
  expect(told.at(-1)).toBe("1:50");
});

test("after a rest the next one is told at once again", () => {
  reads(1, 1);
  vi.advanceTimersByTime(1_000);
  reads(1, 2);
  expect(told).toEqual(["1:1", "1:2"]);
});

test("another conversation, and whoever leaves, wait for nothing", () => {
  reads(1, 1, 2);
  reads(2, 7);
  expect(told).toEqual(["1:1", "1:2", "2:7"]);
  reads(2, 8);
  reports.flush();
  expect(told.at(-1)).toBe("2:8");
  vi.advanceTimersByTime(1_000);
  expect(told).toHaveLength(4);
});

test("what was read by somebody who has signed out is not told in another's name", () => {
  reads(1, 1, 2);
  reports.forget();
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual(["1:1"]);
});
