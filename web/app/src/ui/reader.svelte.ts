// Between the open chat's state and the list on the screen: brings the reader to places, and lets them go where they want.

import { tick } from "svelte";
import type { VirtualizerHandle } from "virtua/svelte";
import type { Goal, TimelineState } from "../state/timeline.svelte";
import { anchorAt, indexOf, keyOf, lineIn, newestSeen, offsetOf, type Sight } from "./sight";

/** This near to the end counts as being there. */
const END_PX = 48;
/** Pages are asked for this far before the reader reaches the edge of what is there: half a second of a quick fling. */
const PAGE_AHEAD_PX = 4_000;
/** This near to the top it matters that older ones are on their way. */
const TOP_PX = 300;
/** So much of a screen is a page: a line or two stay in sight. */
const PAGE_PART = 0.9;
/** So much of the list is in the page above and below the screen. */
export const BUFFER_PX = 600;
/** What is kept above the screen is cut now and then, not at every row. */
const KEPT_SLACK_ROWS = 8;
/** The floating day goes away so long after the last movement. */
const DAY_STAYS_MS = 900;
/** Rows around a goal that have not changed their height for so long will not. */
const SETTLED_MS = 150;
/** A key, wheel or finger may move the list so long after it was felt. */
const TAIL_MS = 500;

const END: Goal = { type: "end" };

/** Lives as long as its chat is open. */
export class Reader {
  scroller = $state<HTMLElement | undefined>();
  list = $state<VirtualizerHandle | undefined>();
  /** The first place has been found; before that, what is on the screen means nothing. */
  placed = $state(false);
  /** The day at the top of the screen while the reader moves through the past. */
  day = $state<number | undefined>();
  /** The unread line is above what is on the screen. */
  lineAbove = $state(false);
  /** Near the oldest row there is. */
  atTop = $state(false);
  /** The keys of the rows that have the focus or a part of the selection. */
  held = $state.raw<ReadonlySet<string>>(new Set());
  /**
   * At the end, rows from this one on stay in the page: the list lets go of what is above the screen whenever it moves
   * down, as it does there for each message, and would draw it anew when it rests.
   */
  keptFrom = $state(Infinity);
  private lastOffset = 0;
  private lastSight = { top: 0, total: 0 };
  /**
   * Where the list is being brought: each row that is measured on the way, comes or falls off may move the goal. Not
   * left to the list's own `scrollToIndex`, which holds on to its goal while the reader already scrolls away from it.
   */
  private wish: { goal: Goal; untilMs: number } | undefined;
  private settleTimer: ReturnType<typeof setTimeout> | undefined;
  /** The way up on which the reader's hand sent the list last may go on until then. */
  private tailUntilMs = 0;
  /** ... and does not lead away from the goal that was asked for meanwhile. */
  private isHeld = false;
  /** The reader is on the way up, so that nothing may pull them back to the end. */
  private goingUp = false;
  /** The list moves because the reader moves it. */
  private byHand = false;
  private touchY = 0;
  private dayTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly timeline: TimelineState,
    private readonly isReading: () => boolean,
    private readonly read: () => void,
  ) {}

  /** Rows came, or the timeline wants the list somewhere. */
  async follow(goal: Goal | undefined): Promise<void> {
    if (goal !== undefined) return this.go(goal);
    if (!this.timeline.atEnd) return this.look();
    // At once: rows that fall off the window's head move the list up, as otherwise only a reader does who leaves.
    this.want(END);
    await tick();
    // Meanwhile the reader may have left.
    if (this.timeline.atEnd) this.seek(END);
    this.read();
  }

  /** What is on the screen now: told whenever something moved. */
  look(): void {
    const { scroller, list, timeline } = this;
    // Two frames after a chat opened it may be closed again: then there is nothing to look at.
    if (!scroller || !list || !this.placed || timeline.goal !== undefined || timeline.items.length === 0) return;
    const top = scroller.scrollTop;
    // Asked of the page: when a keyboard goes away, the list hears of its new height only after this.
    const height = scroller.clientHeight;
    const total = scroller.scrollHeight;
    const below = total - height - top;
    const sight = { top, bottom: top + height };
    const atEnd = this.isAtEnd(top, below, total);
    this.lastSight = { top, total };
    // Where the list is brought to is no word of the reader's.
    if (this.wish === undefined) this.lastOffset = top;
    // On the way to a place nobody reads: rows that are still guessed may lie where they will not stay.
    const isThere = this.wish === undefined || this.wish.goal.type === "end";
    const seen = isThere && this.isReading() ? newestSeen(list, timeline.items, sight) : 0;
    timeline.moved(atEnd, anchorAt(list, timeline.items, top), seen);
    this.lookForLine(list, sight);
    this.atTop = top < TOP_PX;
    if (below > BUFFER_PX) this.keptFrom = Infinity;
    if (top < PAGE_AHEAD_PX) timeline.loadOlder();
    if (below < PAGE_AHEAD_PX) timeline.loadNewer();
    this.read();
  }

  /** The list scrolled. */
  scrolled(): void {
    this.look();
    if (this.timeline.atEnd || !this.byHand) return;
    const top = this.timeline.items[this.list?.findItemIndex(this.list.getScrollOffset()) ?? 0];
    this.day = top?.row.atMs;
    clearTimeout(this.dayTimer);
    this.dayTimer = setTimeout(() => (this.day = undefined), DAY_STAYS_MS);
  }

  /** The reader's hand says where they want to go, before the list has moved: it must not pull against them. */
  heads(up: boolean): void {
    const { scroller, list, timeline } = this;
    if (!scroller || !list || !this.placed) return;
    // Down and to the end is one way.
    if (up || this.wish?.goal.type !== "end") this.unwish();
    const top = scroller.scrollTop;
    this.lastOffset = top;
    this.byHand = true;
    this.goingUp = up && top > 0;
    this.tailUntilMs = up ? performance.now() + TAIL_MS : 0;
    if (this.goingUp && timeline.atEnd) timeline.moved(false, anchorAt(list, timeline.items, top));
  }

  touches(event: TouchEvent): void {
    const y = event.touches[0]?.clientY ?? 0;
    // A finger that goes down takes the list up.
    if (event.type === "touchmove" && y !== this.touchY) this.heads(y > this.touchY);
    this.touchY = y;
  }

  /** Something in the list was pressed. Of its scrollbar, which is beside all rows, nobody says which way it will go. */
  grabs(event: PointerEvent): void {
    if (this.scroller && event.target === this.scroller && event.offsetX >= this.scroller.clientWidth) this.heads(true);
  }

  /** The list scrolls by itself; here is only what it cannot know. */
  pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "End") {
      // The end of the window need not be the end of the chat.
      event.preventDefault();
      this.timeline.toEnd();
    } else if (event.key === "ArrowUp" || event.key === "PageUp" || event.key === "Home") this.heads(true);
    else if (event.key === "ArrowDown" || event.key === "PageDown") this.heads(false);
  }

  /** Somebody who writes turns the pages. */
  turn(pages: number): void {
    this.heads(pages < 0);
    this.scroller?.scrollBy({ top: pages * this.scroller.clientHeight * PAGE_PART });
  }

  /** The focus or the selection moved. */
  hold(): void {
    const selection = getSelection();
    const selected = selection?.isCollapsed === false ? [selection.anchorNode, selection.focusNode] : [];
    const keys = new Set([document.activeElement, ...selected].flatMap((node) => keyOf(node, this.scroller) ?? []));
    if (keys.size === this.held.size && [...keys].every((key) => this.held.has(key))) return;
    this.held = keys;
  }

  /** The chat is being closed. */
  leave(): void {
    clearTimeout(this.dayTimer);
    this.unwish();
  }

  /** The composer grew, a keyboard came up, rows were measured or broke into more lines: what is wanted stays in sight. */
  resized(): void {
    if (this.wish !== undefined) this.seek(this.wish.goal);
    else if (this.placed && this.timeline.atEnd) this.seek(END);
    else this.look();
  }

  /** Rows were measured. What the list makes of it is on the page only after this. */
  async measured(): Promise<void> {
    await tick();
    this.resized();
  }

  private async go(goal: Goal): Promise<void> {
    const { timeline } = this;
    if (timeline.items.length === 0) return;
    const isHere = indexOf(goal, timeline.items) !== undefined;
    // The rows around it may still come.
    if (!isHere && timeline.loading) return;
    await tick();
    if (timeline.goal !== goal) return;
    timeline.arrived(!isHere);
    this.goingUp = false;
    this.byHand = false;
    this.day = undefined;
    this.isHeld = performance.now() < this.tailUntilMs;
    this.seek(isHere ? goal : END);
    afterNextFrame(() => {
      this.placed = true;
      this.look();
    });
  }

  /** Where the list is to be, from now until nothing changes its height any more. */
  private want(goal: Goal): void {
    this.wish = { goal, untilMs: performance.now() + SETTLED_MS };
    this.settleTimer ??= setTimeout(() => this.settleLater(), SETTLED_MS);
  }

  /** As near to the goal as what is measured so far allows; `resized` goes on from there. */
  private seek(goal: Goal): void {
    const { scroller, list, timeline } = this;
    if (!scroller || !list) return;
    this.want(goal);
    // Not while the chat opens: then as little as can be seen is drawn first.
    if (goal.type === "end" && this.placed) {
      const from = list.findItemIndex(list.getScrollSize() - list.getViewportSize() - BUFFER_PX);
      if (Math.abs(from - this.keptFrom) > KEPT_SLACK_ROWS) this.keptFrom = from;
    }
    scroller.scrollTop = offsetOf(goal, list, timeline.items) ?? scroller.scrollHeight;
  }

  private settleLater(): void {
    const { wish } = this;
    const restMs = (wish?.untilMs ?? 0) - performance.now();
    this.settleTimer = restMs > 0 ? setTimeout(() => this.settleLater(), restMs) : undefined;
    // On a machine that is behind, time passes without frames: what has come may still have to be measured.
    if (restMs <= 0) afterNextFrame(() => this.wish === wish && this.settle());
  }

  /** The list is where it was wanted, or was led elsewhere in the very moment in which something came. */
  private settle(): void {
    const isHeld = this.isHeld && this.wish?.goal.type === "end";
    this.unwish();
    // Once more: what still moved may have come to rest in the same frame.
    if (isHeld) this.seek(END);
    this.look();
  }

  private unwish(): void {
    clearTimeout(this.settleTimer);
    this.settleTimer = undefined;
    this.wish = undefined;
    this.isHeld = false;
  }

  private isAtEnd(top: number, below: number, total: number): boolean {
    const { atEnd } = this.timeline;
    if (this.wish?.goal.type === "end") {
      // Nothing came or fell off, and yet the list went up: a search in the page led there, or a screen reader.
      const isLed = below >= END_PX && total === this.lastSight.total && top < this.lastSight.top - 1;
      if (!isLed) return atEnd;
      // The key before this one still moves the list (Home, then End).
      if (this.isHeld) this.seek(END);
      else this.unwish();
      return this.wish !== undefined && atEnd;
    }
    if (this.wish !== undefined) return below < END_PX;
    if (below < 1 && top > this.lastOffset) this.goingUp = false;
    if (below < END_PX && !this.goingUp) return true;
    // Rows that are measured, or come, push the end away: only going up means that the reader left it.
    return atEnd && top >= this.lastOffset - 1;
  }

  private lookForLine(list: VirtualizerHandle, sight: Sight): void {
    const { timeline } = this;
    const { line } = timeline;
    if (line === undefined || timeline.lineSeen) {
      this.lineAbove = false;
      return;
    }
    const place = lineIn(list, timeline.items, sight);
    if (place === "shown" && this.isReading()) timeline.sawLine();
    const first = timeline.rows.find(({ seq }) => seq !== 0)?.seq ?? 0;
    this.lineAbove = !timeline.lineSeen && (place === "absent" ? first > line.after + 1 : place === "above");
  }
}

/** Rows are measured between two frames; before that their heights are guesses. */
function afterNextFrame(callback: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(callback));
}
