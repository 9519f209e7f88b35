// Everything the screen knows, fed by one engine. Components find it with `useApp()`.

import { getContext, setContext } from "svelte";
import type { Engine, EngineStatus } from "../engine/engine";
import type { Event } from "../engine/generated/Event";
import type { Failure } from "../engine/generated/Failure";
import type { LinkView } from "../engine/generated/LinkView";
import type { Outcome } from "../engine/generated/Outcome";
import { ConversationsState } from "./conversations.svelte";
import { DraftsState } from "./drafts.svelte";
import { PageState } from "./page.svelte";
import { RouteState } from "./route.svelte";
import { SessionState } from "./session.svelte";
import { TimelineState } from "./timeline.svelte";

/** What can lie over the panes. */
export type Sheet = "newChat" | "newGroup" | "members" | "settings" | "devices" | "signOut";

/** Owns the parts and tells each what concerns it. */
export class AppState {
  readonly session = new SessionState();
  readonly conversations = new ConversationsState();
  readonly timeline = new TimelineState();
  readonly page = new PageState();
  readonly route = new RouteState(() => this.followRoute());
  readonly drafts = new DraftsState((conversation, text) => {
    void this.engine.send({ type: "saveDraft", conversation, text });
  });
  status = $state.raw<EngineStatus>({ type: "starting" });
  link = $state.raw<LinkView>({ type: "connecting" });
  sheet = $state<Sheet | undefined>(undefined);

  constructor(readonly engine: Engine) {
    engine.subscribe((event) => this.hear(event));
    engine.watch((status) => this.hearStatus(status));
    addEventListener("pagehide", () => this.drafts.flushAll());
    // Another tab that takes the engine over reads the drafts from the disk.
    document.addEventListener("visibilitychange", () => this.drafts.flushAll());
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
    const outcome = await this.engine.send({ type: "sendText", conversation, text });
    if (outcome.type === "failed") return outcome.failure;
    this.drafts.sent(conversation, text);
    this.timeline.forgetUnreadLine();
    return undefined;
  }

  /** Opens a sheet over the panes; undefined closes it. */
  show(sheet: Sheet | undefined): void {
    this.sheet = sheet;
  }

  /** The reader looks at the end of the open chat: everything in it is read. */
  markRead(): void {
    const { conversation } = this.timeline;
    if (conversation === undefined || !this.page.attended) return;
    const seq = this.timeline.takeRead();
    if (seq !== undefined) void this.engine.send({ type: "markRead", conversation, seq });
  }

  loadOlder(): void {
    const { conversation, hasOlder, loading } = this.timeline;
    if (conversation === undefined || !hasOlder || loading) return;
    void this.engine.send({ type: "loadOlder", conversation });
  }

  private hear(event: Event): void {
    switch (event.type) {
      case "session":
        if (event.session.type === "signedOut") this.forget();
        this.session.apply(event.session);
        this.followRoute();
        break;
      case "link":
        this.link = event.link;
        break;
      case "conversations":
        this.conversations.apply(event.changed);
        this.followRoute();
        break;
      case "unread":
        this.conversations.totalUnread = event.total;
        break;
      case "timeline":
        this.timeline.apply(event.timeline);
        break;
      case "finished":
        // The asker has it as the result of `send`.
        break;
    }
  }

  private hearStatus(status: EngineStatus): void {
    // A new engine knows of no open chat, and one that left this tab no longer speaks for it.
    if (status.type !== "running") this.timeline.close();
    // The drafts may change there; when the engine comes back, it brings them.
    if (status.type === "elsewhere") this.drafts.forgetAll();
    this.status = status;
  }

  /** Brings the timeline to where the route points, as soon as the engine knows that conversation. */
  private followRoute(): void {
    const wanted = this.route.conversation;
    const shown = this.timeline.conversation;
    if (wanted === shown) return;
    if (shown !== undefined) {
      this.drafts.flush(shown);
      this.timeline.close();
      void this.engine.send({ type: "closeConversation", conversation: shown });
    }
    if (wanted === undefined || this.session.me === undefined) return;
    const view = this.conversations.get(wanted);
    if (view === undefined) return;
    this.timeline.open(view);
    void this.engine.send({ type: "openConversation", conversation: wanted });
  }

  private forget(): void {
    this.drafts.forgetAll();
    this.timeline.close();
    this.conversations.clear();
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
