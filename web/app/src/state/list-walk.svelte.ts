// Where the keyboard stands in the list of chats: one tab stop, moved by arrow keys, kept when rows come and go.

import type { ConversationView } from "../engine/generated/ConversationView";

/** Rows of a screen, more or less. */
const PAGE_ROWS = 8;

/** Follows a chat, not a place: the list is sorted anew with every message. */
export class ListWalk {
  private standing = $state<number | undefined>(undefined);

  /** `open`: the chat that is open, where the keyboard stands unless it was moved. */
  constructor(
    private readonly list: () => readonly ConversationView[],
    private readonly open: () => number | undefined,
  ) {}

  /** The row that Tab reaches; -1 in an empty list. */
  readonly index: number = $derived.by(() => {
    const list = this.list();
    const at = (wanted: number | undefined): number => list.findIndex(({ conversation }) => conversation === wanted);
    const own = at(this.standing);
    if (own >= 0) return own;
    return list.length === 0 ? -1 : Math.max(0, at(this.open()));
  });

  /** The keyboard is on this chat now. */
  standOn(conversation: number | undefined): void {
    this.standing = conversation;
  }

  /** What a key leads to; undefined: the key means nothing here. */
  press(key: string): { index: number; conversation: number } | undefined {
    const list = this.list();
    const targets: Readonly<Record<string, number>> = {
      ArrowUp: this.index - 1,
      ArrowDown: this.index + 1,
      PageUp: this.index - PAGE_ROWS,
      PageDown: this.index + PAGE_ROWS,
      Home: 0,
      End: list.length - 1,
    };
    const target = targets[key];
    if (target === undefined || list.length === 0) return undefined;
    const index = Math.min(Math.max(target, 0), list.length - 1);
    const { conversation } = list[index]!;
    this.standing = conversation;
    return { index, conversation };
  }
}
