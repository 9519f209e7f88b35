// What a tab has of its browser: locks, channels, a worker. Tests have others.

export interface Surroundings {
  readonly locks: Pick<LockManager, "request" | "query">;
  channel(name: string): BroadcastChannel;
  engineWorker(): Worker;
}

/** The real ones. */
export const browser: Surroundings = {
  get locks() {
    return navigator.locks;
  },
  channel: (name) => new BroadcastChannel(name),
  // Vite wants the whole expression to see which file it is.
  engineWorker: () => new Worker(new URL("../worker/main.ts", import.meta.url), { type: "module", name: "anser-engine" }),
};
