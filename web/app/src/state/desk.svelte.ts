// What one works with besides the chats themselves: how Enter sends, emoji used last, notifications, the badge.

import type { ConversationView } from "../engine/generated/ConversationView";
import type { PersonView } from "../engine/generated/PersonView";
import { describeRow, nameOf } from "../text/describe";
import type { SendWith } from "../text/keys";
import { showBadge } from "./badge";
import { wipeAccount } from "./browser-storage";
import { readChoice, writeChoice } from "./choices";
import { EmojiRecents } from "./emoji-recents.svelte";
import type { ComposerDoor } from "./keyboard";
import { locale } from "./locale.svelte";
import { NotificationsState, type NoticeWords } from "./notifications.svelte";
import { BrowserNotifier } from "./notifier";
import { TabTurn } from "./tab-turn";

/** What the desk needs of the app. */
interface Room {
  openChat(conversation: number): void;
  me(): PersonView | undefined;
}

/** How others reach the messages of the open chat. */
interface MessagesDoor {
  turn(pages: number): void;
}

/** Belongs to this browser; what of it belongs to the account goes with `forget`. */
export class DeskState {
  sendWith = $state<SendWith>(readChoice("sendWith", hasTouch() ? ["modifier", "enter"] : ["enter", "modifier"]));
  /** Somebody has just pressed "sign in": the keyboard goes on in the chats. */
  entering = false;
  /** The composer of the open chat. */
  composer = $state.raw<ComposerDoor | undefined>(undefined);
  /** The messages of the open chat. */
  messages: MessagesDoor | undefined;
  readonly recents = new EmojiRecents();
  readonly notifications: NotificationsState;
  private readonly turn = globalThis.navigator?.locks === undefined ? undefined : new TabTurn(navigator.locks);

  constructor(room: Room) {
    const notifier = new BrowserNotifier((conversation) => room.openChat(conversation));
    this.notifications = new NotificationsState(notifier, this.turn, () => noticeWords(room.me()));
  }

  chooseSendWith(sendWith: SendWith): void {
    this.sendWith = sendWith;
    writeChoice("sendWith", sendWith);
  }

  /** Somebody looks at this tab, or no longer does. */
  attend(attended: boolean): void {
    this.turn?.attend(attended);
  }

  showUnread(total: number): void {
    showBadge(total);
  }

  /** Signed out: nothing of the account stays in this browser. */
  forget(): void {
    this.notifications.forget();
    this.recents.forget();
    wipeAccount();
  }
}

/** Keyboards of touch screens have no comfortable second key: Enter makes a line there, the button sends. */
function hasTouch(): boolean {
  return globalThis.matchMedia?.("(pointer: coarse)").matches ?? false;
}

function noticeWords(me: PersonView | undefined): NoticeWords {
  const { t, tag } = locale;
  return {
    appName: t.appName,
    newMessages: (count) => t.newMessages(count),
    line(view: ConversationView, row) {
      const words = describeRow(t, row, me, tag);
      return view.group ? t.saidBy(nameOf(t, row.sender, me), words) : words;
    },
  };
}
