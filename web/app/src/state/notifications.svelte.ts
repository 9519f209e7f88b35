// Notifications of new messages while the app is open but nobody looks at it.

import type { ConversationView } from "../engine/generated/ConversationView";
import type { RowView } from "../engine/generated/RowView";
import { isSystemRow } from "../text/rows";
import { readKept } from "./browser-storage";
import { readChoice, writeChoice } from "./choices";
import type { Notice, Notifier, Permission } from "./notifier";
import type { TabTurn } from "./tab-turn";

/** Longer texts are cut by every system anyway. */
const BODY_CHARS_MAX = 240;

/** The words a notification is made of, in the language of the screen. */
export interface NoticeWords {
  /** What the newest row of a chat says, with its sender in groups. */
  line(view: ConversationView, row: RowView): string;
  appName: string;
  newMessages(count: number): string;
}

/** Whether they are on, and which chats have been told of. */
export class NotificationsState {
  private wanted = $state(readChoice("notifications", ["off", "on"]) === "on");
  /** Show what is written, or only that something was. */
  withText = $state(readChoice("notificationText", ["shown", "hidden"]) === "shown");
  permission = $state<Permission>("default");
  /** The newest seq that is known of each chat. Undefined until what is there at the start has come. */
  private known: Map<number, number> | undefined;
  private readonly unread = new Map<number, number>();

  readonly on: boolean = $derived(this.wanted && this.permission === "granted");

  constructor(
    private readonly notifier: Notifier,
    private readonly turn: Pick<TabTurn, "shouldNotify"> | undefined,
    private readonly words: () => NoticeWords,
  ) {
    this.permission = notifier.permission();
  }

  /** The user's press: asks the browser if it has to be asked. */
  async turnOn(): Promise<void> {
    this.permission = this.notifier.permission();
    if (this.permission === "default") this.permission = await this.notifier.ask();
    this.setWanted(this.permission === "granted");
  }

  turnOff(): void {
    this.setWanted(false);
    this.notifier.closeAll();
  }

  chooseText(shown: boolean): void {
    this.withText = shown;
    writeChoice("notificationText", shown ? "shown" : "hidden");
  }

  /** Another tab may have changed the choice, or the user what the browser allows. */
  refresh(): void {
    this.permission = this.notifier.permission();
    this.readChoices();
  }

  /** Everything missed has come, for the first time: what is there now is no news. */
  begin(list: readonly ConversationView[]): void {
    if (this.known !== undefined) return;
    this.known = new Map(list.map((view) => [view.conversation, newestSeq(view)]));
    this.notifier.closeOld(new Set(list.filter(({ unread }) => unread === 0).map(({ conversation }) => conversation)));
  }

  /** Chats have changed. */
  hear(changed: readonly ConversationView[]): void {
    for (const view of changed) {
      const wasUnread = (this.unread.get(view.conversation) ?? 0) > 0;
      this.unread.set(view.conversation, view.unread);
      // Read here, or on another device.
      if (view.unread === 0 && wasUnread) this.notifier.close(view.conversation);
      if (this.known === undefined) continue;
      const before = this.known.get(view.conversation) ?? 0;
      const newest = newestSeq(view);
      if (newest <= before) continue;
      this.known.set(view.conversation, newest);
      if (view.unread > 0 && view.last !== null && !isSystemRow(view.last)) void this.tell(view, view.last);
    }
  }

  /** Another account may come. */
  forget(): void {
    this.known = undefined;
    this.unread.clear();
    this.notifier.closeAll();
  }

  private readChoices(): void {
    // Where nothing can be kept, each tab has its own choice.
    if (readKept("notifications") === undefined) return;
    this.wanted = readChoice("notifications", ["off", "on"]) === "on";
    this.withText = readChoice("notificationText", ["shown", "hidden"]) === "shown";
  }

  private async tell(view: ConversationView, row: RowView): Promise<void> {
    this.readChoices();
    if (!this.wanted || this.turn === undefined || !(await this.turn.shouldNotify())) return;
    // Only now: the page stands still until the browser has answered.
    this.permission = this.notifier.permission();
    if (!this.on) return;
    // Read in the meantime: nobody would take the notification away again.
    if ((this.unread.get(view.conversation) ?? 0) === 0) return;
    await this.notifier.show(this.noticeOf(view, row));
  }

  private noticeOf(view: ConversationView, row: RowView): Notice {
    const words = this.words();
    const about = { conversation: view.conversation, atMs: row.atMs };
    if (!this.withText) return { ...about, title: words.appName, body: words.newMessages(view.unread) };
    const line = words.line(view, row);
    const body = [...line].length > BODY_CHARS_MAX ? `${[...line].slice(0, BODY_CHARS_MAX).join("")}…` : line;
    return { ...about, title: view.title, body };
  }

  private setWanted(wanted: boolean): void {
    this.wanted = wanted;
    writeChoice("notifications", wanted ? "on" : "off");
  }
}

/** Of others: what oneself wrote elsewhere is no news. */
function newestSeq({ last }: ConversationView): number {
  return last === null || last.own ? 0 : last.seq;
}
