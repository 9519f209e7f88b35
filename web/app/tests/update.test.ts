// A newer build waits until it is asked for; the page can be installed; the disk is asked for once.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { InstallState } from "../src/state/install.svelte";
import { keepLastingly } from "../src/state/lasting";
import { NoticesState } from "../src/state/notices.svelte";
import { SessionState } from "../src/state/session.svelte";
import { UpdateState } from "../src/state/update.svelte";
import { stubStorage } from "./helpers/browser-storage";

const HOUR_MS = 60 * 60_000;

/** A service worker on its way. */
class FakeWorker extends EventTarget {
  readonly heard: unknown[] = [];
  postMessage(message: unknown): void {
    this.heard.push(message);
  }
}

class FakeRegistration extends EventTarget {
  installing: FakeWorker | null = null;
  waiting: FakeWorker | null = null;
  checks = 0;

  update(): Promise<void> {
    this.checks += 1;
    return Promise.reject(new TypeError("no network"));
  }

  /** A newer build is found, and is complete a moment later. */
  finds(): void {
    const found = new FakeWorker();
    this.installing = found;
    this.dispatchEvent(new Event("updatefound"));
    [this.installing, this.waiting] = [null, found];
    found.dispatchEvent(new Event("statechange"));
  }
}

class FakeContainer extends EventTarget {
  readonly registration = new FakeRegistration();
  constructor(public controller: object | null) {
    super();
  }
  register(): Promise<FakeRegistration> {
    return Promise.resolve(this.registration);
  }
}

const page = new EventTarget() as EventTarget & { visibilityState: string };

async function begun(controlled: boolean) {
  let reloads = 0;
  const update = new UpdateState(() => (reloads += 1));
  const container = new FakeContainer(controlled ? {} : null);
  // Of what browsers have, only what is used.
  await update.begin(container as unknown as ServiceWorkerContainer);
  return { update, container, registration: container.registration, reloads: () => reloads };
}

beforeEach(() => {
  vi.useFakeTimers();
  page.visibilityState = "visible";
  vi.stubGlobal("document", page);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("the first service worker of all is no news, and nothing is loaded again", async () => {
  const { update, container, registration, reloads } = await begun(false);
  registration.finds();
  expect(update.ready).toBe(false);
  container.controller = {};
  container.dispatchEvent(new Event("controllerchange"));
  expect(reloads()).toBe(0);
});

test("a newer build is told when it is complete, and taken when the user says so", async () => {
  const { update, container, registration, reloads } = await begun(true);
  expect(update.ready).toBe(false);
  registration.finds();
  expect(update.ready).toBe(true);
  expect(reloads()).toBe(0);
  update.take();
  expect(registration.waiting!.heard).toEqual(["take-over"]);
  expect(update.going).toBe(true);
  expect(reloads()).toBe(0);
  container.dispatchEvent(new Event("controllerchange"));
  expect(reloads()).toBe(1);
});

test("a tab that did not ask is loaded again with the others", async () => {
  const { container, reloads } = await begun(true);
  container.dispatchEvent(new Event("controllerchange"));
  expect(reloads()).toBe(1);
});

test("one that waited already when the page was opened is told", async () => {
  const update = new UpdateState(() => {});
  const container = new FakeContainer({});
  container.registration.waiting = new FakeWorker();
  await update.begin(container as unknown as ServiceWorkerContainer);
  expect(update.ready).toBe(true);
});

test("newer builds are looked for every hour, also after a long sleep, and when the server asks for one", async () => {
  const { update, registration } = await begun(true);
  vi.advanceTimersByTime(HOUR_MS + 1);
  expect(registration.checks).toBe(1);
  // The computer slept: no timer went off.
  vi.setSystemTime(Date.now() + 5 * HOUR_MS);
  page.dispatchEvent(new Event("visibilitychange"));
  expect(registration.checks).toBe(2);
  page.dispatchEvent(new Event("visibilitychange"));
  expect(registration.checks).toBe(2);
  update.check();
  expect(registration.checks).toBe(3);
});

test("the offer to install is kept until the user asks for it", async () => {
  const install = new InstallState();
  const target = new EventTarget();
  install.begin(target);
  expect(install.possible).toBe(false);
  const offer = Object.assign(new Event("beforeinstallprompt", { cancelable: true }), { prompt: vi.fn(() => Promise.resolve()) });
  target.dispatchEvent(offer);
  expect([install.possible, offer.defaultPrevented]).toEqual([true, true]);
  expect(offer.prompt).not.toHaveBeenCalled();
  await install.ask();
  expect(offer.prompt).toHaveBeenCalledOnce();
  expect(install.possible).toBe(false);
});

test("the browser is asked once to keep what is there", async () => {
  const persist = vi.fn(() => Promise.resolve(true));
  const storage = { persist, persisted: () => Promise.resolve(false) } as unknown as StorageManager;
  keepLastingly(undefined);
  keepLastingly(storage);
  keepLastingly(storage);
  await vi.waitFor(() => expect(persist).toHaveBeenCalledOnce());
});

test("what happened to the store is told once", () => {
  stubStorage("sessionStorage");
  const memory = { type: "running", storage: "memory", rebuilt: false, generation: 1 } as const;
  const rebuilt = { type: "running", storage: "disk", rebuilt: true, generation: 5 } as const;
  const notices = new NoticesState();
  expect(notices.of({ type: "starting" })).toBeUndefined();
  expect(notices.of({ ...rebuilt, rebuilt: false })).toBeUndefined();
  expect([notices.of(memory), notices.of(rebuilt)]).toEqual(["memoryOnly", "rebuilt"]);
  notices.dismiss(memory);
  notices.dismiss(rebuilt);
  // Also after the page was loaded again; damage that happens again is told again.
  for (const after of [notices, new NoticesState()]) {
    expect([after.of({ ...memory, generation: 9 }), after.of(rebuilt)]).toEqual([undefined, undefined]);
    expect(after.of({ ...rebuilt, generation: 6 })).toBe("rebuilt");
  }
});

test("who was signed in and is not known any more has lost the disk; who signed out has not", () => {
  const kept = stubStorage("localStorage", new Map([["anser.signedIn", "1"]]));
  const me = { account: 7, handle: "alice", displayName: "Alice" };
  const lost = new SessionState();
  lost.apply({ type: "signedOut", ended: false });
  expect(lost.lost).toBe(true);
  lost.apply({ type: "signedIn", me, device: 1 });
  expect(lost.lost).toBe(false);
  lost.apply({ type: "signedOut", ended: false });
  expect(lost.lost).toBe(false);
  kept.set("anser.signedIn", "1");
  const ended = new SessionState();
  ended.apply({ type: "signedOut", ended: true });
  expect(ended.lost).toBe(false);
});
