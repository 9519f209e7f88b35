// What the shortcuts do.

import type { ConversationView } from "../engine/generated/ConversationView";
import { isWritingKey } from "../text/keys";
import { type ShortcutId, type ShortcutPress, shortcutOf } from "./shortcuts";

/** Where the keyboard is: in something one writes in, on something one presses, or just in the page. */
export type KeyPlace = "field" | "control" | "page";

/** What the handler needs of the app. */
export interface KeyboardApp {
  readonly sheet: string | undefined;
  readonly conversations: { readonly list: readonly ConversationView[] };
  readonly route: { readonly conversation: number | undefined };
  readonly desk: { readonly composer: ComposerDoor | undefined };
  show(sheet: "switcher" | "newChat" | "settings" | "shortcuts"): void;
  openChat(conversation: number): void;
  closeChat(): void;
}

/** How others reach the composer of the open chat. */
export interface ComposerDoor {
  focus(): void;
  toggleEmoji(): void;
}

/** Carries out what a press asks for. True: it was ours, and the browser must not do anything else with it. */
export function pressKey(app: KeyboardApp, press: ShortcutPress, place: KeyPlace, mac: boolean): boolean {
  const id = shortcutOf(press, mac, place === "field");
  // A dialog has the keyboard for itself; its own Esc closes it. Only the browser's meaning of our keys is kept away.
  if (app.sheet !== undefined) return id !== undefined && id !== "leave";
  if (id !== undefined) return carryOut(app, id);
  writeOn(app, press, place);
  return false;
}

function carryOut(app: KeyboardApp, id: ShortcutId): boolean {
  switch (id) {
    case "switcher":
    case "newChat":
    case "settings":
      app.show(id);
      return true;
    case "cheatSheet":
      app.show("shortcuts");
      return true;
    case "leave":
      if (app.route.conversation === undefined) return false;
      app.closeChat();
      return true;
    case "previousChat":
      return goTo(app, -1, () => true);
    case "nextChat":
      return goTo(app, 1, () => true);
    case "previousUnread":
      return goTo(app, -1, ({ unread }) => unread > 0);
    case "nextUnread":
      return goTo(app, 1, ({ unread }) => unread > 0);
    case "emoji":
      app.desk.composer?.toggleEmoji();
      return true;
  }
}

/** The next chat in the list that is wanted; from the last on to the first. */
function goTo(app: KeyboardApp, step: 1 | -1, wanted: (view: ConversationView) => boolean): boolean {
  const { list } = app.conversations;
  const open = list.findIndex(({ conversation }) => conversation === app.route.conversation);
  const begin = open < 0 && step === -1 ? list.length : open;
  for (let tried = 1; tried <= list.length; tried += 1) {
    const view = list[(begin + step * tried + list.length * 2) % list.length]!;
    if (wanted(view) && view.conversation !== app.route.conversation) {
      app.openChat(view.conversation);
      break;
    }
  }
  return true;
}

/** Whoever types without standing anywhere means the open chat. The browser then writes the key into the composer. */
function writeOn(app: KeyboardApp, press: ShortcutPress, place: KeyPlace): void {
  if (place === "field") return;
  const pastes = (press.ctrlKey || press.metaKey) && press.key.toLowerCase() === "v" && !press.altKey;
  // A space presses the button it stands on, or scrolls.
  if (pastes || (isWritingKey(press) && press.key !== " ")) app.desk.composer?.focus();
}
