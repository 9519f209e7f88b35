// What crosses between a page and the worker it started, and between all tabs and the engine they share.

import type { StorageKind } from "../engine/engine";
import type { Command } from "../engine/generated/Command";
import type { Event } from "../engine/generated/Event";
import type { Outcome } from "../engine/generated/Outcome";

/** Tabs whose builds say anything else to each other are strangers: they hear nothing of one another. */
const VERSION = __TABS_VERSION__;

/** The names of the Web Locks. */
export const LOCKS = {
  /** Who holds it leads. The same for all versions, for ever: there is one set of files. */
  engine: "anser-engine",
  /** Held beside it, so that others see whether the leader speaks their language. */
  leader: `anser-leader-${VERSION}`,
  /** Whoever is about to rob a leader that does not answer. */
  robber: "anser-robber",
  /** Held by a tab for as long as it lives. */
  tab: (tab: string) => `anser-tab-${tab}`,
};

/** The names of the BroadcastChannels. */
export const CHANNELS = {
  /** `PLEASE_LET_GO`. The same for all versions, for ever. */
  leading: "anser-engine",
  toHub: `anser-${VERSION}-hub`,
  toTabs: `anser-${VERSION}-tabs`,
  /** One for each tab, so that its news come in one order, and nobody is woken by what concerns another. */
  toTab: (tab: string) => `anser-${VERSION}-tab-${tab}`,
};

/** Asks the tab that leads, of whatever version, to close its engine and let go of the lock. */
export const PLEASE_LET_GO = "please-let-go";

/** From the page that leads to its worker. */
export type ToWorker =
  /** `socketUrl` is where the server's WebSocket is; `up` what the browser says about the network. */
  | { type: "start"; socketUrl: string; up: boolean }
  /** Close everything; answered with `closed`. */
  | { type: "close" };

/** From the worker to the page that started it. */
export type FromWorker =
  /** Another worker still has the files; this one goes on trying. */
  | { type: "held" }
  /** The engine runs, and the worker hears the tabs itself from now on. */
  | { type: "ready" }
  | { type: "broken"; detail: string }
  | { type: "closed" };

/** From any tab to the engine's worker. */
export type ToHub =
  /** A tab that wants to hear everything. It holds its lock (`LOCKS.tab`) already. */
  | { type: "hello"; tab: string }
  /** Are you there? */
  | { type: "ping"; tab: string }
  /** `id` is the tab's own. One meant for an engine that is no more is not carried out: the tab repeats it. */
  | { type: "command"; tab: string; generation: number; id: number; command: Command }
  /** What the browser says about the network. */
  | { type: "network"; up: boolean };

/** To all tabs. */
export type ToTabs =
  /** There is an engine of this generation: say hello. */
  | { type: "here"; generation: number }
  /** There will be one in a moment. */
  | { type: "starting" }
  /** Another worker still has the files. */
  | { type: "held" };

/** To one tab, several in one message (`ToTab[]`): all that is said in one breath. */
export type ToTab =
  /** The answer to `hello`. `seen`: the events that bring a screen to where the engine is. */
  | { type: "welcome"; generation: number; storage: StorageKind; rebuilt: boolean; seen: Event[] }
  | { type: "event"; generation: number; event: Event }
  | { type: "finished"; generation: number; id: number; outcome: Outcome }
  | { type: "pong" };
