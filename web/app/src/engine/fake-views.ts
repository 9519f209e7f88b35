// The windows of the fake engine: bounded, followed or not, told as differences like those of the real one.

import { differenceOf } from "../state/rows-change";
import type { FakeChat } from "./fake-world";
import type { RowView } from "./generated/RowView";
import type { TimelineChange } from "./generated/TimelineChange";

const PAGE = 60;
/** More than this is never shown at once. */
const WINDOW_MAX = 600;

interface FakeView {
  view: number;
  chat: FakeChat;
  /** The window as places in the chat's log; `to` is undefined while it reaches to the end. */
  from: number;
  to: number | undefined;
  follow: boolean;
  shown: readonly RowView[] | undefined;
}

/** Which tab looks at what. */
export class FakeViews {
  private readonly views = new Map<number, FakeView>();

  constructor(private readonly tell: (change: TimelineChange) => void) {}

  /** A window at the end, or around a seq. */
  open(view: number, chat: FakeChat, at: number | null): void {
    const count = chat.rows.length;
    const found = at === null ? -1 : chat.rows.findIndex(({ seq }) => seq >= at);
    const from = Math.max(0, (found < 0 ? count : found + PAGE / 2) - PAGE);
    const to = found < 0 || from + PAGE >= count ? undefined : from + PAGE;
    this.views.set(view, { view, chat, from, to, follow: true, shown: undefined });
    this.show(chat);
  }

  close(view: number): void {
    this.views.delete(view);
  }

  forgetAll(): void {
    this.views.clear();
  }

  /** One page more, at once or as if it came from far away. */
  load(view: number, where: "loadOlder" | "loadNewer", afterMs: number): void {
    const looking = this.views.get(view);
    if (looking === undefined) return;
    if (afterMs === 0) return this.more(looking, where);
    this.show(looking.chat, true);
    setTimeout(() => this.more(looking, where), afterMs);
  }

  followEnd(view: number, follow: boolean): void {
    const looking = this.views.get(view);
    if (looking !== undefined) looking.follow = follow;
  }

  /** Something in this chat is different: those who look at it are told what. */
  show(chat: FakeChat, loading = false): void {
    for (const looking of this.views.values()) {
      if (looking.chat !== chat) continue;
      cut(looking);
      const rows = chat.rows.slice(looking.from, looking.to).filter(({ seq }) => seq !== 0 || looking.to === undefined);
      const difference = looking.shown === undefined ? undefined : differenceOf(looking.shown, rows);
      looking.shown = rows;
      this.tell({
        view: looking.view,
        conversation: chat.view.conversation,
        rows: difference ?? { type: "all", rows },
        hasOlder: looking.from > 0,
        hasNewer: looking.to !== undefined,
        loading,
      });
    }
  }

  private more(looking: FakeView, where: "loadOlder" | "loadNewer"): void {
    grow(looking, where);
    this.show(looking.chat);
  }
}

/** Grows by a page, and is cut at the other end. */
function grow(looking: FakeView, where: "loadOlder" | "loadNewer"): void {
  if (where === "loadOlder") {
    looking.from = Math.max(0, looking.from - PAGE);
    if (endOf(looking) - looking.from > WINDOW_MAX) looking.to = looking.from + WINDOW_MAX;
  } else if (looking.to !== undefined) {
    looking.to = looking.to + PAGE >= looking.chat.rows.length ? undefined : looking.to + PAGE;
    looking.from = Math.max(looking.from, endOf(looking) - WINDOW_MAX);
  }
}

function endOf({ to, chat }: FakeView): number {
  return to ?? chat.rows.length;
}

function cut(looking: FakeView): void {
  if (endOf(looking) - looking.from <= WINDOW_MAX) return;
  if (looking.follow) looking.from = endOf(looking) - WINDOW_MAX;
  else looking.to = looking.from + WINDOW_MAX;
}
