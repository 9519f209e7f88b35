// Where all tabs meet the one engine: who asked for what, whose view is whose, and who has gone.

import type { StorageKind } from "../engine/engine";
import type { Command } from "../engine/generated/Command";
import type { Event } from "../engine/generated/Event";
import type { TimelineChange } from "../engine/generated/TimelineChange";
import type { ToHub, ToTab } from "./messages";
import { Snapshot } from "./snapshot";

/** A way to one tab, in order. */
export interface Way {
  tell(message: ToTab): void;
  close(): void;
}

/** What the hub needs of the world. */
export interface HubHands {
  command(id: number, command: Command): void;
  network(up: boolean): void;
  wayTo(tab: string): Way;
  /** Tells all tabs that this engine is here; those who know it do nothing. */
  callOut(generation: number): void;
  /** Calls back once, when this tab is closed or has crashed. */
  whenGone(tab: string, callback: () => void): void;
}

interface Tab {
  way: Way;
  /** The engine's number of a view, by the tab's own. */
  views: Map<number, number>;
}

/** Whose view it is, and their own number of it. */
interface Owner {
  tab: string;
  view: number;
}

/** Whose command it is, and their own id of it. */
interface Asker {
  tab: string;
  id: number;
}

/** One for each run of an engine. */
export class Hub {
  private readonly snapshot = new Snapshot();
  private readonly tabs = new Map<string, Tab>();
  /** By the engine's id of a command. */
  private readonly askers = new Map<number, Asker>();
  /** By the engine's number of a view. */
  private readonly owners = new Map<number, Owner>();
  private lastCommand = 0;
  private lastView = 0;

  constructor(
    private readonly run: { generation: number; storage: StorageKind; rebuilt: boolean },
    private readonly hands: HubHands,
  ) {}

  /** A tab said something. */
  hear(message: ToHub): void {
    switch (message.type) {
      case "hello":
        this.welcome(message.tab);
        break;
      case "ping":
        this.pong(message.tab);
        break;
      case "command":
        this.command(message);
        break;
      case "network":
        this.hands.network(message.up);
        break;
    }
  }

  /** The engine said something. */
  tell(event: Event): void {
    switch (event.type) {
      case "finished":
        this.finish(event.command, event.outcome);
        break;
      case "timeline":
        this.show(event.change);
        break;
      default:
        this.snapshot.apply(event);
        for (const { way } of this.tabs.values()) way.tell({ type: "event", generation: this.run.generation, event });
    }
  }

  /** The engine has ended. */
  close(): void {
    for (const { way } of this.tabs.values()) way.close();
    this.tabs.clear();
  }

  private pong(tab: string): void {
    const known = this.tabs.get(tab);
    if (known === undefined) this.hands.callOut(this.run.generation);
    else known.way.tell({ type: "pong" });
  }

  private welcome(tab: string): void {
    let known = this.tabs.get(tab);
    if (known === undefined) {
      known = { way: this.hands.wayTo(tab), views: new Map() };
      this.tabs.set(tab, known);
      this.hands.whenGone(tab, () => this.forget(tab));
    }
    known.way.tell({ type: "welcome", ...this.run, seen: this.snapshot.events() });
  }

  private command({ tab, generation, id, command }: Extract<ToHub, { type: "command" }>): void {
    const asker = this.tabs.get(tab);
    // Meant for the engine before this one: the tab repeats it as soon as it is welcomed here.
    if (asker === undefined || generation !== this.run.generation) return this.hands.callOut(this.run.generation);
    this.give("view" in command ? this.translate(command, tab, asker) : command, { tab, id });
  }

  /** Every tab counts its own views; the engine has them all. */
  private translate(command: Extract<Command, { view: number }>, tab: string, { views }: Tab): Command {
    let view = views.get(command.view);
    if (view === undefined) {
      this.lastView += 1;
      view = this.lastView;
      views.set(command.view, view);
      this.owners.set(view, { tab, view: command.view });
    }
    if (command.type === "closeView") {
      views.delete(command.view);
      this.owners.delete(view);
    }
    return { ...command, view };
  }

  private show(change: TimelineChange): void {
    const owner = this.owners.get(change.view);
    if (owner === undefined) return;
    const event: Event = { type: "timeline", change: { ...change, view: owner.view } };
    this.tabs.get(owner.tab)?.way.tell({ type: "event", generation: this.run.generation, event });
  }

  private finish(command: number, outcome: Extract<Event, { type: "finished" }>["outcome"]): void {
    const asker = this.askers.get(command);
    this.askers.delete(command);
    if (asker === undefined) return;
    const { generation } = this.run;
    this.tabs.get(asker.tab)?.way.tell({ type: "finished", generation, id: asker.id, outcome });
  }

  /** What a tab asked for is still carried out after its end; what it looked at is not looked at any more. */
  private forget(tab: string): void {
    const gone = this.tabs.get(tab);
    if (gone === undefined) return;
    this.tabs.delete(tab);
    gone.way.close();
    for (const view of gone.views.values()) {
      this.owners.delete(view);
      this.give({ type: "closeView", view });
    }
  }

  private give(command: Command, asker?: Asker): void {
    this.lastCommand += 1;
    // Before the engine has it: it may answer while it is being told.
    if (asker !== undefined) this.askers.set(this.lastCommand, asker);
    this.hands.command(this.lastCommand, command);
  }
}
