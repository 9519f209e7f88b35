// Between the open chat's state and the list on the screen: brings the reader to places, and lets them go where they want.
//
// 1. A goal is what was asked for: the place that was kept, the unread line, the end. Whoever stands at the end has it for
//    a goal too, for as long as they stand there. Without a goal the list is the reader's, and nothing moves it.
// 2. Whatever changes heights (rows that come, fall off or are measured, a composer that grows) is followed by bringing the
//    list to its goal again; without one, the first row that begins on the screen to where it was.
// 3. A hand that heads elsewhere (wheel, finger, key, scrollbar) takes the goal away before the list has moved.
// 4. Against all else what was asked for is held (the rest of an earlier key's way, say) until no row that is measured has
//    moved it for a moment. Until then it is what a reload comes back to, and nothing is read on the way to it.
// 5. After that a list that moved though no height changed was moved by somebody, a search in the page, say: whoever is led
//    away from the end has left it.
// 6. Whoever comes near the end, and is not on the way up, stands at the end.

import { tick } from "svelte";
import type { VirtualizerHandle } from "virtua/svelte";
import type { Anchor, Goal } from "../state/places";
import type { TimelineState } from "../state/timeline.svelte";
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
/** A place that no row has moved for so long, as rows are measured, stays. */
const REST_MS = 150;

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
  /** Where the list was when it was last brought or looked at, and how far it could be scrolled then. */
  private last = { top: 0, range: 0 };
  /** The row by which the reader's place is kept, where they have left it. */
  private left: Anchor | undefined;
  /** What was asked for and the list was brought to, until it rests there. */
  private brought: Goal | undefined;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
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

  private get goal(): Goal | undefined {
    return this.timeline.goal ?? (this.timeline.atEnd ? END : undefined);
  }

  /** Rows came or were measured, the screen changed its shape, or the timeline wants the list somewhere. */
  async follow(): Promise<void> {
    this.tellList();
    // What changed is on the page only after this, and meanwhile a hand may have come.
    await tick();
    if (this.goal === undefined) {
      this.stay();
      return this.look();
    }
    this.bring();
    this.read();
  }

  /** What is on the screen now: told whenever something moved. */
  look(): void {
    const { scroller, list, timeline } = this;
    // Two frames after a chat opened it may be closed again: then there is nothing to look at.
    if (!scroller || !list || !this.placed || timeline.items.length === 0) return;
    const { goal } = timeline;
    if (goal !== undefined) this.bring();
    // Rows that are still guessed may lie where they will not stay.
    if (goal !== undefined && goal.type !== "end") return;
    const { moved, below, ...sight } = this.see(scroller);
    const seen = this.isReading() ? newestSeen(list, timeline.items, sight) : 0;
    this.left = anchorAt(list, timeline.items, sight.top, scroller);
    timeline.moved(this.isAtEnd(below, moved), this.left, seen);
    this.lookForLine(list, sight);
    this.atTop = sight.top < TOP_PX;
    if (below > BUFFER_PX) this.keptFrom = Infinity;
    if (sight.top < PAGE_AHEAD_PX) timeline.loadOlder();
    if (below < PAGE_AHEAD_PX) timeline.loadNewer();
    this.read();
  }

  /** The list scrolled. */
  scrolled(): void {
    this.look();
    if (this.timeline.atEnd || !this.byHand) return;
    const top = this.timeline.items[this.list?.findItemIndex(this.last.top) ?? 0];
    this.day = top?.row.atMs;
    clearTimeout(this.dayTimer);
    this.dayTimer = setTimeout(() => (this.day = undefined), DAY_STAYS_MS);
  }

  /** The reader's hand says where they want to go, before the list has moved: it must not pull against them. */
  heads(up: boolean): void {
    const { scroller, list, timeline, goal } = this;
    if (!scroller || !list || !this.placed) return;
    const top = scroller.scrollTop;
    this.byHand = true;
    this.goingUp = up && top > 0;
    // Above the first row is nothing; down and to the end is one way.
    if (goal === undefined || (up ? top <= 0 : goal.type === "end")) return;
    this.letGo();
    this.left = anchorAt(list, timeline.items, top, scroller);
    timeline.moved(false, this.left);
  }

  /** A wheel that zooms, or goes sideways, leaves the list where it is. */
  wheels({ deltaY, ctrlKey }: WheelEvent): void {
    if (deltaY !== 0 && !ctrlKey) this.heads(deltaY < 0);
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
    const { key } = event;
    if (key === "End") {
      // The end of the window need not be the end of the chat.
      event.preventDefault();
      this.timeline.toEnd();
    } else if (key === "ArrowUp" || key === "PageUp" || key === "Home" || (key === " " && event.shiftKey)) this.heads(true);
    else if (key === "ArrowDown" || key === "PageDown" || key === " ") this.heads(false);
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
    this.stopWaiting();
  }

  /**
   * When rows come or go above the screen the list moves itself, but believes it only at the next scroll event: whatever
   * changed before that would have it draw the rows of where it was, and those of where it is once more. (virtua 0.54; on
   * the way to a goal it is moved anyway.)
   */
  private tellList(): void {
    const { scroller, list } = this;
    if (!scroller || !list || this.goal !== undefined) return;
    if (Math.abs(scroller.scrollTop - list.getScrollOffset()) > 1) scroller.dispatchEvent(new Event("scroll"));
  }

  /**
   * As near to the goal as what is measured so far allows. Not left to the list's own `scrollToIndex`, which holds on to
   * its goal while the reader already scrolls away from it.
   */
  private bring(): void {
    const { scroller, list, timeline, goal } = this;
    if (!scroller || !list || goal === undefined || timeline.items.length === 0) return;
    if (indexOf(goal, timeline.items) === undefined) {
      // The rows around it may still come.
      if (!timeline.loading) timeline.toEnd();
      return;
    }
    if (goal.type === "end") this.keepRows(list);
    const before = this.last.top;
    scroller.scrollTop = offsetOf(goal, list, timeline.items) ?? scroller.scrollHeight;
    const { top } = this.see(scroller);
    if (timeline.goal === undefined) return;
    if (timeline.goal !== this.brought) this.set(timeline.goal);
    // The end moves with every message; it stays the goal afterwards.
    else if (goal.type !== "end" && Math.abs(top - before) > 1) this.waitForRest();
  }

  /**
   * For a moment after older rows have come, the list takes every row that changes its height for one above the screen, and
   * moves: also for the newest, say, when a next one joins its run.
   */
  private stay(): void {
    const { scroller, list, left, timeline } = this;
    // If no height has changed, it was somebody who moved it.
    if (!scroller || !list || left === undefined || scroller.scrollHeight - scroller.clientHeight === this.last.range) return;
    const index = timeline.items.findIndex(({ row }) => row.key === left.key);
    if (index < 0) return;
    const top = list.getItemOffset(index) - left.offsetPx;
    if (Math.abs(top - scroller.scrollTop) > 1) scroller.scrollTop = top;
  }

  /** The list is at this goal for the first time. */
  private set(goal: Goal): void {
    this.brought = goal;
    this.goingUp = false;
    this.byHand = false;
    this.day = undefined;
    this.waitForRest();
    afterNextFrame(() => {
      this.placed = true;
      this.look();
    });
  }

  private keepRows(list: VirtualizerHandle): void {
    // While the chat opens, as little as can be seen is drawn first.
    if (!this.placed) return;
    const from = list.findItemIndex(list.getScrollSize() - list.getViewportSize() - BUFFER_PX);
    if (Math.abs(from - this.keptFrom) > KEPT_SLACK_ROWS) this.keptFrom = from;
  }

  /** Where the list is, how far from its end, and how far somebody moved it, since no height changed meanwhile. */
  private see(scroller: HTMLElement): Sight & { below: number; moved: number } {
    const top = scroller.scrollTop;
    // Asked of the page: when a keyboard goes away, the list hears of its new height only after this.
    const height = scroller.clientHeight;
    const range = scroller.scrollHeight - height;
    const moved = range === this.last.range ? top - this.last.top : 0;
    this.last = { top, range };
    return { top, bottom: top + height, below: range - top, moved };
  }

  private isAtEnd(below: number, moved: number): boolean {
    if (this.timeline.goal !== undefined) return true;
    if (this.timeline.atEnd) return below < END_PX || moved > -1;
    if (below < 1 && moved > 0) this.goingUp = false;
    return below < END_PX && !this.goingUp;
  }

  private waitForRest(): void {
    clearTimeout(this.restTimer);
    // On a machine that is behind, time passes without frames: what has come may still have to be measured.
    const rest = (): void => {
      if (timer !== this.restTimer) return;
      this.letGo();
      this.look();
    };
    const timer = setTimeout(() => afterNextFrame(rest), REST_MS);
    this.restTimer = timer;
  }

  /** The list rests, or is taken elsewhere. */
  private letGo(): void {
    const { brought } = this;
    this.stopWaiting();
    // The timeline may want the list where rows are still on their way.
    if (this.timeline.goal === brought) this.timeline.arrived();
  }

  private stopWaiting(): void {
    clearTimeout(this.restTimer);
    this.restTimer = undefined;
    this.brought = undefined;
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
