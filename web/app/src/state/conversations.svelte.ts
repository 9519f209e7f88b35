// The conversation list, newest first.

import type { ConversationView } from "../engine/generated/ConversationView";

/** Rows arrive changed ones at a time; the list is put in order here. */
export class ConversationsState {
  list = $state.raw<readonly ConversationView[]>([]);
  totalUnread = $state(0);
  private readonly byId = new Map<number, ConversationView>();

  apply(changed: readonly ConversationView[]): void {
    for (const view of changed) this.byId.set(view.conversation, view);
    this.list = [...this.byId.values()].sort(newestFirst);
  }

  /** Messages that exist only on this device. */
  get unsent(): number {
    return this.list.reduce((sum, view) => sum + view.unsent, 0);
  }

  get(conversation: number): ConversationView | undefined {
    // Reading the list makes whoever asks depend on its changes.
    void this.list;
    return this.byId.get(conversation);
  }

  clear(): void {
    this.byId.clear();
    this.list = [];
    this.totalUnread = 0;
  }
}

function newestFirst(a: ConversationView, b: ConversationView): number {
  return b.orderAtMs - a.orderAtMs || b.conversation - a.conversation;
}
