// Two tabs and one engine: the second is refused, may take over, and the first closes before it lets go.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TabLock } from "../src/engine/tab-lock";

type Holder = (lock: object | null) => Promise<void> | undefined;

/** The part of the Web Locks API that is used, for one lock. */
class FakeLocks {
  private held = false;
  private readonly queue: Holder[] = [];

  request(_name: string, options: { ifAvailable: true } | Holder, holder?: Holder): Promise<void> {
    if (typeof options === "function") this.queue.push(options);
    else if (this.held) void holder!(null);
    else this.queue.push(holder!);
    this.next();
    return Promise.resolve();
  }

  private next(): void {
    if (this.held) return;
    const holder = this.queue.shift();
    if (holder === undefined) return;
    this.held = true;
    void (holder({}) ?? Promise.resolve()).then(() => {
      this.held = false;
      this.next();
    });
  }
}

/** Hears at once what other tabs say. */
class FakeChannel {
  static open: FakeChannel[] = [];
  onmessage: ((message: { data: unknown }) => void) | null = null;
  constructor() {
    FakeChannel.open.push(this);
  }
  postMessage(data: unknown): void {
    for (const other of FakeChannel.open) if (other !== this) other.onmessage?.({ data });
  }
}

const log: string[] = [];

function tab(name: string): TabLock {
  return new TabLock({
    acquired: () => log.push(`${name} has it`),
    refused: () => log.push(`${name} waits`),
    asked: async () => {
      log.push(`${name} closes`);
      await Promise.resolve();
      log.push(`${name} closed`);
    },
  });
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
};

beforeEach(() => {
  log.length = 0;
  FakeChannel.open = [];
  vi.useFakeTimers();
  vi.stubGlobal("navigator", { locks: new FakeLocks() });
  vi.stubGlobal("BroadcastChannel", FakeChannel);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("the first tab has it, the second is told after a few tries", () => {
  tab("first").claim();
  tab("second").claim();
  expect(log).toEqual(["first has it"]);
  vi.runAllTimers();
  expect(log).toEqual(["first has it", "second waits"]);
});

test("taking over: the first closes its engine before the second has it", async () => {
  const second = tab("second");
  tab("first").claim();
  second.claim();
  vi.runAllTimers();
  log.length = 0;
  second.takeOver();
  await settled();
  expect(log.filter((line) => line !== "first waits")).toEqual(["first closes", "first closed", "second has it"]);
  expect(log).toContain("first waits");
});

test("and back again", async () => {
  const first = tab("first");
  const second = tab("second");
  first.claim();
  second.takeOver();
  await settled();
  first.takeOver();
  await settled();
  expect(log.slice(-2)).toContain("first has it");
  expect(log.slice(-2)).toContain("second waits");
});

test("a tab that is being reloaded gets it as soon as its predecessor is gone", async () => {
  const locks = navigator.locks as unknown as FakeLocks;
  let leave = (): void => {};
  void locks.request("x", () => new Promise<void>((resolve) => (leave = resolve)));
  tab("reloaded").claim();
  expect(log).toEqual([]);
  leave();
  await settled();
  vi.runAllTimers();
  expect(log).toEqual(["reloaded has it"]);
});
