// What a screen reader is told about new messages: each once, several at once by their number.

import type { ConversationView } from "../engine/generated/ConversationView";
import type { RowView } from "../engine/generated/RowView";

/** Of others, and newer than what was told before. */
export interface News {
  /** Those in the window; when the reader is further up it may hold none of them. */
  rows: readonly RowView[];
  /** Told up to this seq from now on. */
  told: number;
}

/** What came after `told`. The list's row knows the newest even when the window ends before it. */
export function newsAfter(told: number, rows: readonly RowView[], chat: ConversationView): News {
  const known = newestSeq(rows, chat.last);
  const fresh: RowView[] = [];
  for (let i = rows.length - 1; i >= 0; i -= 1) {
    const row = rows[i]!;
    if (row.seq !== 0 && row.seq <= told) break;
    if (row.seq !== 0 && !row.own) fresh.unshift(row);
  }
  const { last } = chat;
  if (last !== null && last.seq > told && !last.own && !rows.some(({ seq }) => seq === last.seq)) fresh.push(last);
  return { rows: fresh, told: Math.max(told, known) };
}

/** The seq up to which nothing is news. */
export function newestSeq(rows: readonly RowView[], last: RowView | null): number {
  return Math.max(rows.findLast(({ seq }) => seq !== 0)?.seq ?? 0, last?.seq ?? 0);
}
