// The conversation list, newest first.

import type { ConversationView } from "../engine/generated/ConversationView";

/** Rows arrive changed ones at a time; the list is put in order here. */
export class ConversationsState {
  list = $state.raw<readonly ConversationView[]>([]);
  totalUnread = $state(0);
  private readonly byId = new Map<number, ConversationView>();

  apply(changed: readonly ConversationView[]): void {
    const fresh = new Map(changed.map((view) => [view.conversation, view]));
    for (const [conversation, view] of fresh) this.byId.set(conversation, view);
    // Some sixty times a second one chat of thousands changes: the others are in order already.
    const others = this.list.filter(({ conversation }) => !fresh.has(conversation));
    this.list = merge([...fresh.values()].sort(newestFirst), others);
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

/** Two lists in order as one. */
function merge(some: readonly ConversationView[], others: readonly ConversationView[]): ConversationView[] {
  const merged: ConversationView[] = [];
  let at = 0;
  for (const view of some) {
    for (; at < others.length && newestFirst(others[at]!, view) < 0; at += 1) merged.push(others[at]!);
    merged.push(view);
  }
  return merged.concat(others.slice(at));
}

function newestFirst(a: ConversationView, b: ConversationView): number {
  return b.orderAtMs - a.orderAtMs || b.conversation - a.conversation;
}
