// The open chat: the rows in its window, where the reader stands, where the unread line is, what has been read.

import { flushSync } from "svelte";
import type { Engine } from "../engine/engine";
import type { ConversationView } from "../engine/generated/ConversationView";
import type { Failure } from "../engine/generated/Failure";
import type { RowView } from "../engine/generated/RowView";
import type { TimelineChange } from "../engine/generated/TimelineChange";
import { arrange, type TimelineItem } from "../text/rows";
import type { Anchor, Goal, Places, UnreadLine } from "./places";
import { joinSteps, type Step, stepsOf } from "./rows-change";

const END: Goal = { type: "end" };

/** One open chat at a time, seen through one view of the engine. */
export class TimelineState {
  conversation = $state<number | undefined>(undefined);
  rows = $state.raw<readonly RowView[]>([]);
  hasOlder = $state(false);
  /** The window ends before the log does. */
  hasNewer = $state(false);
  /** The engine has said what is there; before that, an empty list means nothing. */
  known = $state(false);
  loading = $state(false);
  /** The last step changed the head, so the list must keep its place from the end. */
  shift = $state(false);
  /** Counts fresh beginnings: the heights known of the rows before mean nothing for those now. */
  beginning = $state(0);
  /** The reader sees the newest row. */
  atEnd = $state(true);
  /** Where the list has to be, until it rests there or a hand takes it elsewhere. */
  goal = $state.raw<Goal | undefined>(undefined);
  /** Why rows that were asked for cannot be had, and on which side they are missing. */
  trouble = $state.raw<{ failure: Failure; where: "above" | "below" } | undefined>(undefined);
  line = $state.raw<UnreadLine | undefined>(undefined);
  /** The line has been on the screen: no need to lead there. */
  lineSeen = $state(false);

  readonly items: readonly TimelineItem[] = $derived.by(() => {
    this.arranged = arrange(this.rows, this.line?.after, undefined, this.arranged);
    return this.arranged;
  });

  /** There are rows that should be here and cannot be had at present. */
  readonly missing: "above" | "below" | undefined = $derived.by(() => {
    if (this.trouble !== undefined) return this.trouble.where;
    return this.known && this.rows.length === 0 && this.hasOlder && !this.loading ? "above" : undefined;
  });

  private arranged: readonly TimelineItem[] = [];
  private view = 0;
  private following = true;
  /** Counts the times that the view was opened or moved: answers to what was asked before mean nothing now. */
  private opening = 0;
  /** A page was asked for since then: until it is answered, scrolling on must not ask again. */
  private askedPage = false;
  /** Where to go when the window that was asked for is here. */
  private asked: Goal | undefined;
  private anchor: Anchor | undefined;
  private newestSeen = 0;
  private markedRead = 0;
  /** What the engine says of these. */
  private read = 0;
  private unread = 0;

  constructor(
    private readonly engine: Pick<Engine, "send" | "newView">,
    private readonly places: Places,
  ) {}

  /** Opens where the reader left it, else at the first unread, else at the end. */
  open(chat: ConversationView): void {
    this.close();
    this.conversation = chat.conversation;
    this.unread = chat.unread;
    this.read = chat.read;
    this.markedRead = chat.read;
    this.view = this.engine.newView();
    const kept = this.places.of(chat.conversation);
    const read = Math.max(chat.read, kept?.read ?? 0);
    const count = unreadAfter(chat, read);
    const line = count > 0 ? { after: read, count } : undefined;
    if (kept !== undefined && kept.goal.type !== "end") {
      this.line = kept.line ?? line;
      this.look(kept.goal);
    } else {
      this.line = line ?? kept?.line;
      this.look(line === undefined ? END : { type: "line" });
    }
  }

  /** The engine has moved to another tab and knows nothing of our view. The rows stay until the new ones are here. */
  openAgain(): void {
    if (this.conversation === undefined) return;
    this.view = this.engine.newView();
    this.look(this.whereReaderIs());
  }

  close(): void {
    if (this.conversation === undefined) return;
    this.keepPlace();
    void this.engine.send({ type: "closeView", view: this.view });
    this.conversation = undefined;
    this.rows = [];
    this.hasOlder = false;
    this.hasNewer = false;
    this.known = false;
    this.loading = false;
    this.shift = false;
    this.atEnd = true;
    this.goal = undefined;
    this.trouble = undefined;
    this.line = undefined;
    this.lineSeen = false;
    this.view = 0;
    this.opening += 1;
    this.asked = undefined;
    this.anchor = undefined;
    this.newestSeen = 0;
  }

  /** What happened since the last frame, in order. */
  apply(changes: readonly TimelineChange[]): void {
    const ours = changes.filter(({ view }) => view === this.view);
    const last = ours.at(-1);
    if (last === undefined || this.conversation === undefined) return;
    let rows = this.rows;
    const steps: Step[] = [];
    for (const { rows: change } of ours) {
      steps.push(...stepsOf(rows, change));
      rows = steps.at(-1)?.rows ?? rows;
    }
    this.hasOlder = last.hasOlder;
    this.hasNewer = last.hasNewer;
    this.loading = last.loading;
    // Once more, when the end has gone on without this window before the list was there.
    const toEndAgain = last.hasNewer && this.asked === undefined && this.goal?.type === "end";
    if (last.hasNewer && this.asked === undefined) this.atEnd = false;
    for (const step of joinSteps(steps)) this.show(step);
    this.known = rows.length > 0 || !last.loading;
    if (ours.some((change) => change.rows.type === "all") && this.asked !== undefined) {
      this.goal = this.asked;
      this.asked = undefined;
    }
    if (toEndAgain) this.toEnd();
  }

  /**
   * The list's row of this chat is different: something came, or was read on some device. What nobody sees come gets
   * the line above it, unless there is one already above others that are still unread.
   */
  hear(chat: ConversationView, reading: boolean): void {
    if (chat.conversation !== this.conversation) return;
    this.read = chat.read;
    this.markedRead = Math.max(this.markedRead, chat.read);
    const more = chat.unread - this.unread;
    const allWasRead = this.unread === 0;
    this.unread = chat.unread;
    if (more <= 0) return;
    if (allWasRead && !(reading && this.atEnd)) {
      this.line = { after: chat.read, count: more };
      this.lineSeen = false;
    } else if (this.line !== undefined) {
      this.line = { ...this.line, count: this.line.count + more };
    }
  }

  /** The list scrolled, or rows came: where the reader stands now, and the newest row that is on the screen. */
  moved(atEnd: boolean, anchor?: Anchor, newestSeen = 0): void {
    // The window that was asked for is elsewhere; what happens in this one on the way means nothing.
    if (this.asked !== undefined) return;
    this.atEnd = atEnd && !this.hasNewer;
    this.anchor = anchor;
    this.newestSeen = Math.max(this.newestSeen, newestSeen);
    this.follow(this.atEnd);
  }

  /** The list rests where it had to go, or the reader wants it elsewhere. */
  arrived(): void {
    this.goal = undefined;
  }

  /** The unread line is on the screen. */
  sawLine(): void {
    this.lineSeen = true;
  }

  /** Shows the newest rows. */
  toEnd(): void {
    if (this.conversation === undefined) return;
    if (this.hasNewer || this.asked !== undefined) return this.look(END);
    // Asked for anew, though it may be the goal already.
    this.goal = { ...END };
    this.atEnd = true;
    this.follow(true);
  }

  /** Shows the first unread. */
  toLine(): void {
    if (this.line === undefined) return;
    const { after } = this.line;
    const first = this.rows.find(({ seq }) => seq !== 0)?.seq ?? 0;
    if (first > after + 1 && this.hasOlder) return this.look({ type: "line" });
    this.atEnd = false;
    this.follow(false);
    this.goal = { type: "line" };
  }

  loadOlder(): void {
    if (this.hasOlder) void this.load("loadOlder");
  }

  loadNewer(): void {
    if (this.hasNewer) void this.load("loadNewer");
  }

  /** Asks again for what could not be had. */
  retry(): void {
    const { missing } = this;
    if (missing === undefined) return;
    this.trouble = undefined;
    if (this.rows.length === 0) this.look(this.whereReaderIs());
    else if (missing === "above") this.loadOlder();
    else this.loadNewer();
  }

  /** The seq to tell as read now; undefined when it has been told. */
  takeRead(): number | undefined {
    const seq = this.atEnd ? lastSeq(this.rows) : this.newestSeen;
    if (seq <= this.markedRead) return undefined;
    this.markedRead = seq;
    return seq;
  }

  /** The reader wrote something: everything above it has been seen, the line has done its work. */
  wrote(): void {
    this.line = undefined;
    this.toEnd();
  }

  /** For a reload, and for coming back from another chat. */
  keepPlace(): void {
    if (this.conversation === undefined) return;
    this.places.keep(this.conversation, {
      goal: this.whereReaderIs(),
      ...(this.line === undefined ? {} : { line: this.line }),
      ...(this.markedRead > this.read ? { read: this.markedRead } : {}),
    });
  }

  private show(step: Step): void {
    if (step.kind === "fresh") {
      if (this.rows.length > 0) this.asked = this.whereReaderIs();
      this.beginning += 1;
    }
    this.shift = step.kind === "dropped" || step.kind === "above";
    this.rows = step.rows;
    // The list follows one step at a time.
    flushSync();
  }

  /** Where they want to be, while the list is on its way. */
  private whereReaderIs(): Goal {
    const goal = this.asked ?? this.goal;
    if (goal !== undefined) return goal;
    return this.atEnd || this.anchor === undefined ? END : { type: "row", anchor: this.anchor };
  }

  /** Opens the view, or moves it, to where the goal is. */
  private look(goal: Goal): void {
    const { conversation } = this;
    if (conversation === undefined) return;
    this.opening += 1;
    this.asked = goal;
    this.goal = undefined;
    this.askedPage = false;
    this.trouble = undefined;
    this.atEnd = goal.type === "end";
    this.following = true;
    void this.openView(conversation, this.seqOf(goal));
    this.follow(goal.type === "end");
  }

  private async openView(conversation: number, at: number | null): Promise<void> {
    const { opening, view } = this;
    const outcome = await this.engine.send({ type: "openView", view, conversation, at });
    if (outcome.type !== "failed" || opening !== this.opening) return;
    // Where the reader was cannot be had; the end may be here.
    if (at !== null) return this.look(END);
    this.trouble = { failure: outcome.failure, where: "above" };
    this.known = true;
  }

  private seqOf(goal: Goal): number | null {
    if (goal.type === "row" && goal.anchor.seq > 0) return goal.anchor.seq;
    if (goal.type === "line" && this.line !== undefined) return this.line.after + 1;
    return null;
  }

  private async load(type: "loadOlder" | "loadNewer"): Promise<void> {
    if (this.loading || this.askedPage || this.trouble !== undefined || this.asked !== undefined) return;
    const { opening } = this;
    this.askedPage = true;
    const outcome = await this.engine.send({ type, view: this.view });
    if (opening !== this.opening) return;
    this.askedPage = false;
    if (outcome.type === "failed") this.trouble = { failure: outcome.failure, where: type === "loadOlder" ? "above" : "below" };
  }

  private follow(follow: boolean): void {
    if (follow === this.following || this.view === 0) return;
    this.following = follow;
    void this.engine.send({ type: "followEnd", view: this.view, follow });
  }
}

/** So many are unread after this seq: the engine may not have heard yet of what was told as read before a reload. */
function unreadAfter({ unread, last }: ConversationView, read: number): number {
  // One's own unsent row hides the newest of the log.
  if (last === null || last.seq === 0) return unread;
  return Math.max(0, Math.min(unread, last.seq - read));
}

/** The newest seq; unsent rows at the end have none. */
function lastSeq(rows: readonly RowView[]): number {
  return rows.findLast(({ seq }) => seq !== 0)?.seq ?? 0;
}
