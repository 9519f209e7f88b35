// What a tab has of its browser: locks, channels, a worker. Tests have others.

export interface Surroundings {
  /** Browsers have none on a page that anybody in between could have changed. */
  readonly locks: Pick<LockManager, "request" | "query"> | undefined;
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
