// Where the database lies: on disk where there is one, in memory where there is none, and never in memory by mistake.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findPlace } from "../src/worker/place";

const held = (): DOMException => new DOMException("another worker has it", "NoModificationAllowedError");
const forbidden = (): DOMException => new DOMException("forbidden here", "SecurityError");

/** What the next tries to open the pool throw; after that they succeed. */
const failures: DOMException[] = [];
const pool = { OpfsSAHPoolDb: class {}, getFileNames: () => [], unlink: () => true, pauseVfs: () => {} };

vi.mock("@sqlite.org/sqlite-wasm", () => ({
  default: () =>
    Promise.resolve({
      installOpfsSAHPoolVfs: () => {
        const failure = failures.shift();
        return failure === undefined ? Promise.resolve(pool) : Promise.reject(failure);
      },
      oo1: { DB: class {} },
    }),
}));

/** The files of the pool, with their sizes; undefined: there is no private disk at all. */
let files: number[] | undefined;

const told: string[] = [];
const listener = { held: () => told.push("held"), warn: () => told.push("warned") };

beforeEach(() => {
  failures.length = 0;
  told.length = 0;
  files = undefined;
  vi.useFakeTimers();
  const folder = {
    getDirectoryHandle: () => Promise.resolve(folder),
    values: () => (files ?? []).map((size) => ({ kind: "file", getFile: () => Promise.resolve({ size }) })),
  };
  const getDirectory = () => (files === undefined ? Promise.reject(forbidden()) : Promise.resolve(folder));
  vi.stubGlobal("navigator", { storage: { getDirectory } });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("on disk, if this browser lets us", async () => {
  expect((await findPlace(listener)).storage).toBe("disk");
  expect(told).toEqual([]);
});

test("without a private disk in memory", async () => {
  failures.push(forbidden());
  expect((await findPlace(listener)).storage).toBe("memory");
  expect(told).toEqual(["warned"]);
});

test("while another worker has the files we wait, say so once, and never take memory instead", async () => {
  failures.push(...Array.from({ length: 500 }, held));
  const found = findPlace(listener);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toEqual(["held"]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect((await found).storage).toBe("disk");
});

test("a page that is loaded again waits a moment for its predecessor, and nobody is told", async () => {
  failures.push(held(), held());
  const found = findPlace(listener);
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await found).storage).toBe("disk");
  expect(told).toEqual([]);
});

test("a disk that fails today but holds something is not forgotten", async () => {
  files = [4_096, 90_000];
  failures.push(new DOMException("trouble", "UnknownError"));
  await expect(findPlace(listener)).rejects.toThrow("trouble");
});

test("a disk that cannot be used and holds nothing is none", async () => {
  files = [0, 4_096];
  failures.push(new DOMException("trouble", "UnknownError"));
  expect((await findPlace(listener)).storage).toBe("memory");
});
