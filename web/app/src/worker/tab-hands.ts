// How the hub reaches the tabs of this browser, and hears when one is gone.

import { BreathWay } from "./breath";
import { CHANNELS, LOCKS, type ToTabs } from "./messages";
import type { Way } from "./hub";

const toTabs = new BroadcastChannel(CHANNELS.toTabs);

export function callOut(generation: number): void {
  toTabs.postMessage({ type: "here", generation } satisfies ToTabs);
}

export function wayTo(tab: string): Way {
  return new BreathWay(new BroadcastChannel(CHANNELS.toTab(tab)));
}

/** A tab holds its lock for as long as it lives: who gets it after that knows. */
export function whenGone(tab: string, callback: () => void): void {
  void navigator.locks.request(LOCKS.tab(tab), { mode: "shared" }, callback);
}
