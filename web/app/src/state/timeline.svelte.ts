// The open chat: its rows, where the unread line is, what came while the reader was further up.

import type { ConversationView } from "../engine/generated/ConversationView";
import type { RowView } from "../engine/generated/RowView";
import type { TimelineView } from "../engine/generated/TimelineView";
import { arrange, isSystemRow, type TimelineItem } from "../text/rows";

/** One open chat at a time. */
export class TimelineState {
  conversation = $state<number | undefined>(undefined);
  rows = $state.raw<readonly RowView[]>([]);
  hasOlder = $state(false);
  /** The engine has said what is there; before that, an empty list means nothing. */
  known = $state(false);
  loading = $state(false);
  /** The last change put rows above those shown, so the list must keep its place from the end. */
  prepended = $state(false);
  /** The reader sees the newest row. */
  atEnd = $state(true);
  /** Others' messages that came while the reader was further up. */
  newBelow = $state(0);
  /** The unread line goes after this seq; fixed while the chat is open, so that it does not run away. */
  private unreadAfter = $state<number | undefined>(undefined);
  private markedRead = 0;

  readonly items: readonly TimelineItem[] = $derived(arrange(this.rows, this.unreadAfter));

  open(view: ConversationView): void {
    this.close();
    this.conversation = view.conversation;
    this.unreadAfter = view.unread > 0 ? view.read : undefined;
    this.markedRead = view.read;
  }

  close(): void {
    this.conversation = undefined;
    this.rows = [];
    this.hasOlder = false;
    this.known = false;
    this.loading = false;
    this.prepended = false;
    this.atEnd = true;
    this.newBelow = 0;
    this.unreadAfter = undefined;
    this.markedRead = 0;
  }

  apply(timeline: TimelineView): void {
    if (timeline.conversation !== this.conversation) return;
    const before = this.rows;
    const after = timeline.rows;
    this.prepended = wasPrepended(before, after);
    if (!this.atEnd) this.newBelow += countNewFromOthers(before, after);
    this.rows = after;
    this.hasOlder = timeline.hasOlder;
    this.loading = timeline.loading;
    this.known = true;
  }

  /** The list scrolled. */
  moved(atEnd: boolean): void {
    this.atEnd = atEnd;
    if (atEnd) this.newBelow = 0;
  }

  /** The seq to tell as read now that the reader looks at the end; undefined when it has been told. */
  takeRead(): number | undefined {
    const seq = lastSeq(this.rows);
    if (!this.atEnd || seq <= this.markedRead) return undefined;
    this.markedRead = seq;
    return seq;
  }

  /** The reader wrote something: everything above it has been seen, the line has done its work. */
  forgetUnreadLine(): void {
    this.unreadAfter = undefined;
  }
}

function wasPrepended(before: readonly RowView[], after: readonly RowView[]): boolean {
  const top = before[0];
  if (top === undefined || after[0]?.key === top.key) return false;
  return after.some((row) => row.key === top.key);
}

function countNewFromOthers(before: readonly RowView[], after: readonly RowView[]): number {
  if (before.length === 0) return 0;
  const known = lastSeq(before);
  let count = 0;
  for (let i = after.length - 1; i >= 0; i -= 1) {
    const row = after[i]!;
    if (row.seq !== 0 && row.seq <= known) break;
    if (row.seq > known && !row.own && !isSystemRow(row)) count += 1;
  }
  return count;
}

/** The newest seq; unsent rows at the end have none. */
function lastSeq(rows: readonly RowView[]): number {
  for (let i = rows.length - 1; i >= 0; i -= 1) {
    if (rows[i]!.seq !== 0) return rows[i]!.seq;
  }
  return 0;
}
