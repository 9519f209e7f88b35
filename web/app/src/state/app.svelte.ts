// Everything the screen knows, fed by one engine. Components find it with `useApp()`.

import { getContext, setContext } from "svelte";
import type { Engine, EngineStatus } from "../engine/engine";
import type { ConversationView } from "../engine/generated/ConversationView";
import type { Event } from "../engine/generated/Event";
import type { Failure } from "../engine/generated/Failure";
import type { LinkView } from "../engine/generated/LinkView";
import type { Outcome } from "../engine/generated/Outcome";
import { ConversationsState } from "./conversations.svelte";
import { DeskState } from "./desk.svelte";
import { DraftsState } from "./drafts.svelte";
import { FrameQueue } from "./frame-queue";
import { keepLastingly } from "./lasting";
import { PageState } from "./page.svelte";
import { Places } from "./places";
import { ReadReports } from "./read-reports";
import { RouteState } from "./route.svelte";
import { newSendKey } from "../text/send-key";
import { SessionState } from "./session.svelte";
import { TimelineState } from "./timeline.svelte";

/** What can lie over the panes. */
export type Sheet = "newChat" | "newGroup" | "members" | "settings" | "devices" | "signOut" | "switcher" | "shortcuts";

/** Events that come in numbers. */
type Change = Extract<Event, { type: "conversations" | "unread" | "timeline" }>;

/** Owns the parts and tells each what concerns it. */
export class AppState {
  readonly session = new SessionState();
  readonly conversations = new ConversationsState();
  readonly page = new PageState();
  readonly route = new RouteState(() => this.followRoute());
  readonly drafts = new DraftsState(async (conversation, text) => {
    const outcome = await this.engine.send({ type: "saveDraft", conversation, text });
    return outcome.type !== "failed";
  });
  readonly desk = new DeskState({ openChat: (conversation) => this.openChat(conversation), me: () => this.session.me });
  status = $state.raw<EngineStatus>({ type: "starting" });
  link = $state.raw<LinkView>({ type: "connecting" });
  sheet = $state<Sheet | undefined>(undefined);
  readonly timeline: TimelineState;
  private readonly places = new Places();
  private readonly readReports = new ReadReports((report) => void this.engine.send({ type: "markRead", ...report }));
  private generation = 0;
  private readonly changes = new FrameQueue<Change>((gathered) => this.applyChanges(gathered));

  constructor(readonly engine: Engine) {
    this.timeline = new TimelineState(engine, this.places);
    engine.subscribe((event) => this.hear(event));
    engine.watch((status) => this.hearStatus(status));
    addEventListener("pagehide", () => this.leavePage());
    // Another tab that takes the engine over reads the drafts from the disk.
    document.addEventListener("visibilitychange", () => this.leavePage());
  }

  /** Shows a chat. */
  openChat(conversation: number): void {
    this.sheet = undefined;
    this.route.open(conversation);
  }

  /** Back to the list. */
  closeChat(): void {
    this.route.close();
  }

  /** Opens the conversation an outcome names; otherwise gives the outcome back for the asker to show. */
  openFrom(outcome: Outcome): Outcome {
    if (outcome.type === "conversation") this.openChat(outcome.conversation);
    return outcome;
  }

  /** Puts a text on its way. A failure means that the engine could not even keep it. */
  async sendText(conversation: number, text: string): Promise<Failure | undefined> {
    this.drafts.sending(conversation);
    this.changes.hurry();
    const sent = this.engine.send({ type: "sendText", conversation, text, sendKey: newSendKey() });
    // Whoever writes wants to see it at once.
    if (this.timeline.conversation === conversation) this.timeline.wrote();
    const outcome = await sent;
    if (outcome.type === "failed") {
      this.drafts.notSent(conversation, text);
      return outcome.failure;
    }
    this.drafts.sent(conversation);
    keepLastingly();
    return undefined;
  }

  /** Opens a sheet over the panes; undefined closes it. */
  show(sheet: Sheet | undefined): void {
    this.sheet = sheet;
  }

  /** Somebody looks at the chat: the page is attended, and nothing lies over the panes. */
  get reading(): boolean {
    return this.page.attended && this.sheet === undefined;
  }

  /**
   * A chat's unread messages, for showing. What comes to the end of the open chat comes under its reader's eyes and is
   * told as read in the same breath: no count goes up and down for it.
   */
  unreadOf(chat: ConversationView): number {
    return this.reading && this.timeline.atEnd && chat.conversation === this.timeline.conversation ? 0 : chat.unread;
  }

  /** The unread messages of all chats, for showing. */
  get unread(): number {
    const { conversation } = this.timeline;
    const open = conversation === undefined ? undefined : this.conversations.get(conversation);
    const underEyes = open === undefined ? 0 : open.unread - this.unreadOf(open);
    return Math.max(0, this.conversations.totalUnread - underEyes);
  }

  /** Tells as read what the reader of the open chat has seen. */
  markRead(): void {
    const { conversation } = this.timeline;
    if (conversation === undefined || !this.reading) return;
    const seq = this.timeline.takeRead();
    if (seq !== undefined) this.readReports.add({ conversation, seq });
  }

  private hear(event: Event): void {
    switch (event.type) {
      case "conversations":
      case "unread":
      case "timeline":
        this.changes.add(event);
        break;
      case "session":
        this.changes.flush();
        if (event.session.type === "signedOut") this.forget();
        this.session.apply(event.session);
        this.followRoute();
        break;
      case "link":
        this.link = event.link;
        if (event.link.type === "online") this.hearOnline();
        break;
      case "rebuilt":
        // The status of the engine says so here.
        break;
      case "finished":
        // The asker has it as the result of `send`.
        break;
    }
  }

  private applyChanges(changes: readonly Change[]): void {
    const chats = changes.flatMap((change) => (change.type === "conversations" ? change.changed : []));
    if (chats.length > 0) {
      this.conversations.apply(chats);
      for (const chat of chats) {
        this.timeline.hear(chat, this.reading);
        this.drafts.hear(chat.conversation, chat.draft);
      }
      this.desk.notifications.hear(chats);
      this.followRoute();
    }
    for (const change of changes) if (change.type === "unread") this.conversations.totalUnread = change.total;
    this.timeline.apply(changes.flatMap((change) => (change.type === "timeline" ? change.change : [])));
  }

  private hearOnline(): void {
    this.changes.flush();
    this.timeline.retry();
    this.desk.notifications.begin(this.conversations.list);
  }

  private hearStatus(status: EngineStatus): void {
    if (status.type === "elsewhere" || status.type === "broken") this.timeline.close();
    // The drafts may change there; when the engine comes back, it brings them.
    if (status.type === "elsewhere") this.drafts.forgetAll();
    const moved = status.type === "running" && status.generation !== this.generation;
    this.status = status;
    if (!moved) return;
    this.generation = status.generation;
    this.timeline.openAgain();
  }

  /** Brings the timeline to where the route points, as soon as the engine knows that conversation. */
  private followRoute(): void {
    const wanted = this.route.conversation;
    const shown = this.timeline.conversation;
    if (wanted === shown) return;
    if (shown !== undefined) {
      this.drafts.flush(shown);
      this.readReports.flush();
      this.timeline.close();
    }
    if (wanted === undefined || this.session.me === undefined) return;
    const view = this.conversations.get(wanted);
    if (view === undefined) return;
    this.timeline.open(view);
  }

  private leavePage(): void {
    this.changes.flush();
    this.drafts.flushAll();
    this.readReports.flush();
    this.timeline.keepPlace();
  }

  private forget(): void {
    this.drafts.forgetAll();
    this.readReports.forget();
    this.timeline.close();
    this.places.forgetAll();
    this.conversations.clear();
    this.desk.forget();
    this.sheet = undefined;
    this.route.close();
  }
}

const KEY = Symbol("app");

export function provideApp(app: AppState): void {
  setContext(KEY, app);
}

export function useApp(): AppState {
  return getContext<AppState>(KEY);
}
