// One browser with several tabs: their locks and channels, and workers that run a hub on a made-up engine.

import type { Command } from "../../src/engine/generated/Command";
import type { Event } from "../../src/engine/generated/Event";
import type { Outcome } from "../../src/engine/generated/Outcome";
import type { SessionView } from "../../src/engine/generated/SessionView";
import type { Surroundings } from "../../src/engine/surroundings";
import { BreathWay } from "../../src/worker/breath";
import { Hub } from "../../src/worker/hub";
import { CHANNELS, LOCKS, type FromWorker, type ToHub, type ToWorker } from "../../src/worker/messages";

type Granted = (lock: object | null) => unknown;

interface LockRequest {
  client: Client;
  name: string;
  shared: boolean;
  granted: Granted;
  settle: { resolve: (value: unknown) => void; reject: (cause: unknown) => void };
}

/** Everything that is alive and dies together: a page, or a worker. */
class Client {
  alive = true;
  readonly channels: FakeChannel[] = [];
}

/** The Web Locks of one origin, as far as they are used. */
class FakeLocks {
  held: LockRequest[] = [];
  line: LockRequest[] = [];

  request(client: Client, name: string, options: LockOptions, granted: Granted): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const request = { client, name, shared: options.mode === "shared", granted, settle: { resolve, reject } };
      if (options.steal === true) {
        for (const robbed of this.held.filter((lock) => lock.name === name)) {
          this.held.splice(this.held.indexOf(robbed), 1);
          robbed.settle.reject(new DOMException("stolen", "AbortError"));
        }
        this.grant(request);
      } else if (options.ifAvailable === true && !this.isFree(request)) {
        resolve(granted(null));
      } else {
        options.signal?.addEventListener("abort", () => {
          const place = this.line.indexOf(request);
          if (place < 0) return;
          this.line.splice(place, 1);
          reject(options.signal!.reason);
        });
        this.line.push(request);
        this.advance();
      }
    });
  }

  query(): Promise<LockManagerSnapshot> {
    const held = this.held.map(({ name }) => ({ name }));
    return Promise.resolve({ held, pending: [] });
  }

  /** All that a client held or waited for is gone with it. */
  forget(client: Client): void {
    this.held = this.held.filter((lock) => lock.client !== client);
    this.line = this.line.filter((lock) => lock.client !== client);
    this.advance();
  }

  private isFree({ name, shared }: LockRequest): boolean {
    return !this.held.some((lock) => lock.name === name && !(shared && lock.shared));
  }

  private advance(): void {
    for (const request of [...this.line]) {
      const first = this.line.find(({ name }) => name === request.name);
      if (first !== request || !this.isFree(request)) continue;
      this.line.splice(this.line.indexOf(request), 1);
      this.grant(request);
    }
  }

  private grant(request: LockRequest): void {
    this.held.push(request);
    queueMicrotask(() => {
      if (!request.client.alive) return;
      void Promise.resolve(request.granted({})).then((value) => {
        const place = this.held.indexOf(request);
        if (place >= 0) this.held.splice(place, 1);
        request.settle.resolve(value);
        this.advance();
      });
    });
  }
}

class FakeChannel {
  onmessage: ((message: { data: unknown }) => void) | null = null;
  open = true;

  constructor(
    private readonly browser: FakeBrowser,
    readonly client: Client,
    readonly name: string,
  ) {}

  postMessage(data: unknown): void {
    if (this.client.alive && this.open) this.browser.deliver(this, structuredClone(data));
  }

  close(): void {
    this.open = false;
  }
}

/** The engine of a fake worker: what it was told is kept by the browser's "disk", and what it tells is up to the test. */
export class FakeWorker {
  onmessage: ((message: { data: FromWorker }) => void) | null = null;
  onerror = null;
  readonly client: Client;
  readonly asked: Command[] = [];
  hub: Hub | undefined;
  /** Answers nothing, not even a ping. */
  frozen = false;
  private readonly waiting: number[] = [];

  constructor(private readonly browser: FakeBrowser) {
    this.client = browser.newClient();
    browser.workers.push(this);
  }

  postMessage(message: ToWorker): void {
    if (this.frozen) return;
    if (message.type === "start") queueMicrotask(() => this.begin());
    else queueMicrotask(() => this.onmessage?.({ data: { type: "closed" } }));
  }

  terminate(): void {
    this.browser.end(this.client);
  }

  /** The oldest question that is still open is answered. */
  answers(outcome: Outcome = { type: "done" }): void {
    const command = this.waiting.shift();
    if (command !== undefined) this.hub!.tell({ type: "finished", command, outcome });
  }

  private begin(): void {
    if (!this.client.alive) return;
    const { browser } = this;
    const generation = browser.workers.length;
    const toTabs = browser.channel(this.client, CHANNELS.toTabs);
    this.hub = new Hub(
      { generation, storage: "disk", rebuilt: false },
      {
        command: (id, command) => {
          this.asked.push(command);
          this.waiting.push(id);
        },
        network: () => {},
        callOut: (generation) => toTabs.postMessage({ type: "here", generation }),
        wayTo: (tab) => new BreathWay(browser.channel(this.client, CHANNELS.toTab(tab))),
        whenGone: (tab, callback) => void browser.locks.request(this.client, LOCKS.tab(tab), { mode: "shared" }, callback),
      },
    );
    for (const event of browser.disk) this.hub.tell(event);
    browser.channel(this.client, CHANNELS.toHub).onmessage = ({ data }) => {
      if (!this.frozen) this.hub!.hear(data as ToHub);
    };
    this.onmessage?.({ data: { type: "ready" } });
    toTabs.postMessage({ type: "here", generation });
  }
}

/** Several tabs of one origin. Messages and locks arrive one after the other, as soon as the present task is over. */
export class FakeBrowser {
  readonly locks = new FakeLocks();
  readonly workers: FakeWorker[] = [];
  /** What an engine tells when it starts. */
  disk: Event[] = [];
  private readonly clients: Client[] = [];

  /** What a new tab sees of the browser, and how it ends. */
  newTab(): { surroundings: Surroundings; crash: () => void } {
    const client = this.newClient();
    const own: FakeWorker[] = [];
    const surroundings = {
      locks: {
        request: (name: string, options: LockOptions | Granted, granted?: Granted) =>
          typeof options === "function"
            ? this.locks.request(client, name, {}, options)
            : this.locks.request(client, name, options, granted!),
        query: () => this.locks.query(),
      },
      channel: (name: string) => this.channel(client, name),
      engineWorker: () => {
        const worker = new FakeWorker(this);
        own.push(worker);
        return worker;
      },
    };
    const crash = (): void => {
      for (const worker of own) worker.terminate();
      this.end(client);
    };
    // Of what a browser has, only what is used.
    return { surroundings: surroundings as unknown as Surroundings, crash };
  }

  get worker(): FakeWorker {
    return this.workers.at(-1)!;
  }

  newClient(): Client {
    const client = new Client();
    this.clients.push(client);
    return client;
  }

  end(client: Client): void {
    client.alive = false;
    this.locks.forget(client);
  }

  channel(client: Client, name: string): FakeChannel {
    const channel = new FakeChannel(this, client, name);
    client.channels.push(channel);
    return channel;
  }

  deliver(from: FakeChannel, data: unknown): void {
    for (const { channels } of this.clients) {
      for (const to of channels) {
        if (to === from || to.name !== from.name) continue;
        queueMicrotask(() => {
          if (to.open && to.client.alive) to.onmessage?.({ data });
        });
      }
    }
  }
}

/** Somebody is signed in. */
export function signedIn(account: number): SessionView {
  return { type: "signedIn", me: { account, handle: "alice", displayName: "Alice" }, device: 1 };
}
