// The engine as every tab has it: one of them runs it in a worker, all of them, that one too, speak with it alike.

import { CHANNELS, LOCKS, type ToHub, type ToTab, type ToTabs } from "../worker/messages";
import type { Engine, EngineStatus } from "./engine";
import type { Command } from "./generated/Command";
import type { Event } from "./generated/Event";
import type { Outcome } from "./generated/Outcome";
import { Leader } from "./leader";
import { isWorthKeeping, leaveBehind, takeLeftBehind, whenLeftBehind } from "./left-behind";
import { Listeners } from "./listeners";
import { Pulse } from "./pulse";
import { browser, type Surroundings } from "./surroundings";
import { TabLock } from "./tab-lock";
import { Unanswered } from "./unanswered";

/** One tab's end of the conversation with the hub (`src/worker/hub.ts`). */
export class SharedEngine implements Engine {
  private readonly events = new Listeners<Event>();
  private readonly statuses = new Listeners<EngineStatus>();
  private readonly tab = randomName();
  private readonly toHub: BroadcastChannel;
  private readonly pulse = new Pulse(() => void this.suspect(), () => void this.giveUp());
  private readonly leader: Leader;
  private readonly lock: TabLock;
  private readonly unanswered = new Unanswered();
  private views = 0;
  private status: EngineStatus = { type: "starting" };
  /** Of the engine that welcomed us last. */
  private generation: number | undefined;
  private account: number | undefined;

  constructor(
    socketUrl: string,
    private readonly surroundings: Surroundings = browser,
  ) {
    this.toHub = surroundings.channel(CHANNELS.toHub);
    this.leader = new Leader(socketUrl, surroundings, (detail) => this.breakDown(detail));
    this.lock = new TabLock(surroundings, {
      begin: () => this.leader.begin(),
      end: () => this.leader.end(),
      robbed: () => this.leader.kill(),
    });
  }

  start(): void {
    const { locks, channel } = this.surroundings;
    if (locks === undefined) return this.breakDown("no Web Locks: the page does not come over a secure connection");
    channel(CHANNELS.toTabs).onmessage = (message: MessageEvent<ToTabs>) => this.hearAll(message.data);
    channel(CHANNELS.toTab(this.tab)).onmessage = ({ data }: MessageEvent<ToTab[]>) => {
      for (const message of data) this.hear(message);
    };
    addEventListener("online", () => this.say({ type: "network", up: true }));
    addEventListener("offline", () => this.say({ type: "network", up: false }));
    // After the listeners of the screen, which asks for its last wishes to be kept.
    addEventListener("pagehide", () => this.leave());
    whenLeftBehind(() => this.takeOverLeftBehind());
    // A page that comes back out of the browser's cache has lost its locks, and others went on without it.
    window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
    this.lock.standInLine();
    // The hub takes a tab whose lock it can have for dead, so the lock comes before the first word.
    void locks.request(LOCKS.tab(this.tab), () => {
      this.greet();
      return new Promise(() => {});
    });
  }

  takeOver(): void {
    void this.lock.take(() => this.status.type === "elsewhere");
  }

  subscribe(listener: (event: Event) => void): () => void {
    return this.events.add(listener);
  }

  watch(listener: (status: EngineStatus) => void): () => void {
    listener(this.status);
    return this.statuses.add(listener);
  }

  newView(): number {
    this.views += 1;
    return this.views;
  }

  send(command: Command): Promise<Outcome> {
    return new Promise((resolve) => {
      const id = this.unanswered.add(command, this.account, resolve);
      // Without an engine it waits for the next one.
      if (this.generation !== undefined) this.give(id, command);
    });
  }

  private give(id: number, command: Command): void {
    this.say({ type: "command", tab: this.tab, generation: this.generation!, id, command });
    this.pulse.expect();
  }

  private greet(): void {
    this.say({ type: "hello", tab: this.tab });
    this.pulse.expect();
  }

  private hearAll(message: ToTabs): void {
    this.pulse.heard();
    switch (message.type) {
      case "here":
        if (message.generation !== this.generation) this.greet();
        break;
      case "starting":
        if (this.status.type === "elsewhere") this.setStatus({ type: "starting" });
        break;
      case "held":
        this.setStatus({ type: "elsewhere" });
        break;
    }
  }

  private hear(message: ToTab): void {
    this.pulse.heard();
    if (this.unanswered.waiting) this.pulse.expect();
    if (message.type === "pong") return;
    if (message.type === "welcome") this.enter(message);
    // An engine before this one may have said it.
    if (message.generation !== this.generation) return;
    if (message.type === "event") this.tell(message.event);
    else if (message.type === "finished") {
      this.unanswered.answer(message.id, message.outcome);
      this.tell({ type: "finished", command: message.id, outcome: message.outcome });
    }
  }

  /** There is an engine, new to this tab. */
  private enter({ generation, storage, rebuilt, seen }: Extract<ToTab, { type: "welcome" }>): void {
    if (generation === this.generation) return;
    this.generation = generation;
    const session = seen.find((event) => event.type === "session")?.session;
    // Before anything new is asked for: everything keeps its order.
    for (const { id, command } of this.unanswered.repeat(session)) this.give(id, command);
    // Somebody else came while this tab heard nothing; what it shows of the one before has to go first.
    const account = session?.type === "signedIn" ? session.me.account : undefined;
    if (this.account !== undefined && account !== undefined && account !== this.account) {
      this.tell({ type: "session", session: { type: "signedOut", ended: false } });
    }
    this.setStatus({ type: "running", storage, rebuilt, generation });
    for (const event of seen) this.tell(event);
    this.takeOverLeftBehind();
  }

  private leave(): void {
    const { account } = this;
    if (account !== undefined) leaveBehind(this.tab, { account, commands: this.unanswered.of(account).filter(isWorthKeeping) });
  }

  /** Of tabs that are gone. */
  private takeOverLeftBehind(): void {
    if (this.account === undefined) return;
    for (const command of takeLeftBehind(this.account)) void this.send(command);
  }

  private tell(event: Event): void {
    if (event.type === "session") this.account = event.session.type === "signedIn" ? event.session.me.account : undefined;
    this.events.tell(event);
  }

  /** The engine has not answered for a while. */
  private async suspect(): Promise<void> {
    this.say({ type: "ping", tab: this.tab });
    if (!(await this.lock.isWithStranger())) return;
    this.pulse.heard();
    this.setStatus({ type: "elsewhere" });
  }

  /** It does not even answer a ping. */
  private async giveUp(): Promise<void> {
    console.warn("engine: the tab that runs it does not answer");
    if (this.lock.leads) {
      this.leader.kill();
      this.leader.begin();
    } else {
      const before = this.pulse.count;
      await this.lock.take(() => this.pulse.count === before);
    }
    this.greet();
  }

  private breakDown(detail: string): void {
    console.error("engine:", detail);
    this.pulse.heard();
    // Another tab may have more luck; this one stays as it is until it is loaded again.
    this.lock.resign();
    this.setStatus({ type: "broken", detail });
  }

  private say(message: ToHub): void {
    this.toHub.postMessage(message);
  }

  private setStatus(status: EngineStatus): void {
    this.status = status;
    this.statuses.tell(status);
  }
}

function randomName(): string {
  return crypto.getRandomValues(new Uint32Array(2)).join("-");
}
