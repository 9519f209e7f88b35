// Between the open chat's state and the list on the screen: brings the reader to places, and says where they are.

import { tick } from "svelte";
import type { VirtualizerHandle } from "virtua/svelte";
import type { Anchor } from "../state/places";
import type { Goal, TimelineState } from "../state/timeline.svelte";
import type { TimelineItem } from "../text/rows";

/** This near to the end counts as being there. */
const END_PX = 48;
/** Pages are asked for this far before the reader reaches the edge of what is there: half a second of a quick fling. */
const PAGE_AHEAD_PX = 4_000;
/** The unread line stands a little below the top, so that it shows what comes before. */
const LINE_BELOW_TOP_PX = 90;
/** So much of a row may be cut off, and still it has been seen. */
const CUT_PX = 12;
/** This near to the top it matters that older ones are on their way. */
const TOP_PX = 300;
/** The floating day goes away so long after the last movement. */
const DAY_STAYS_MS = 900;

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
  private lastOffset = 0;
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
    if (!this.timeline.atEnd) {
      this.look();
      return;
    }
    await tick();
    this.scrollToEnd();
    this.read();
  }

  /** What is on the screen now: told whenever something moved. */
  look(): void {
    const { scroller, list, timeline } = this;
    // Two frames after a chat opened it may be closed again: then there is nothing to look at.
    if (!scroller || !list || !this.placed || timeline.goal !== undefined || timeline.items.length === 0) return;
    const offset = scroller.scrollTop;
    // Asked of the page: when a keyboard goes away, the list hears of its new height only after this.
    const below = scroller.scrollHeight - scroller.clientHeight - offset;
    let { atEnd } = timeline;
    if (below < 1 && offset > this.lastOffset) this.goingUp = false;
    if (below < END_PX && !this.goingUp) atEnd = true;
    // Rows that are measured, or come, push the end away: only going up means that the reader left it.
    else if (offset < this.lastOffset - 1) atEnd = false;
    this.lastOffset = offset;
    timeline.moved(atEnd, this.anchorAt(offset), this.isReading() ? this.newestSeen(offset) : 0);
    this.lookForLine(offset);
    this.atTop = offset < TOP_PX;
    if (offset < PAGE_AHEAD_PX) timeline.loadOlder();
    if (below < PAGE_AHEAD_PX) timeline.loadNewer();
    this.read();
  }

  /** The list scrolled. */
  scrolled(): void {
    this.look();
    if (this.timeline.atEnd || !this.byHand) return;
    const top = this.timeline.items[this.list?.findItemIndex(this.lastOffset) ?? 0];
    this.day = top?.row.atMs;
    clearTimeout(this.dayTimer);
    this.dayTimer = setTimeout(() => (this.day = undefined), DAY_STAYS_MS);
  }

  /** The reader's hand says where they want to go, before the list has moved: it must not pull against them. */
  heads(up: boolean): void {
    const { scroller } = this;
    if (!scroller || !this.placed) return;
    this.byHand = true;
    this.goingUp = up && scroller.scrollTop > 0;
    if (this.goingUp && this.timeline.atEnd) this.timeline.moved(false, this.anchorAt(scroller.scrollTop));
  }

  touches(event: TouchEvent): void {
    const y = event.touches[0]?.clientY ?? 0;
    // A finger that goes down takes the list up.
    if (event.type === "touchmove" && y !== this.touchY) this.heads(y > this.touchY);
    this.touchY = y;
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
  }

  /** The composer grew, a keyboard came up, or rows broke into more lines: the end stays in sight. */
  resized(): void {
    if (!this.placed) return;
    if (this.timeline.atEnd) this.scrollToEnd();
    else this.look();
  }

  private async go(goal: Goal): Promise<void> {
    const { timeline } = this;
    if (timeline.items.length === 0) return;
    const index = this.indexOf(goal);
    // The rows around it may still come.
    if (index === undefined && timeline.loading) return;
    await tick();
    if (timeline.goal !== goal) return;
    timeline.arrived(index === undefined);
    this.goingUp = false;
    this.byHand = false;
    this.day = undefined;
    if (index === undefined || goal.type === "end") this.scrollToEnd();
    else if (goal.type === "line") this.list?.scrollToIndex(index, { align: "start", offset: -LINE_BELOW_TOP_PX });
    else this.list?.scrollToIndex(index, { align: "start", offset: -goal.anchor.offsetPx });
    // Rows are measured between two frames; before that their heights are guesses.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        this.placed = true;
        // The composer may have grown meanwhile.
        if (this.timeline.atEnd) this.scrollToEnd();
        this.lastOffset = this.scroller?.scrollTop ?? 0;
        this.look();
      }),
    );
  }

  private indexOf(goal: Goal): number | undefined {
    const { items } = this.timeline;
    if (goal.type === "end") return items.length - 1;
    const isIt =
      goal.type === "line"
        ? ({ unreadLine }: TimelineItem) => unreadLine
        : ({ row }: TimelineItem) => row.key === goal.anchor.key || (goal.anchor.seq > 0 && row.seq >= goal.anchor.seq);
    const index = items.findIndex(isIt);
    return index < 0 ? undefined : index;
  }

  private scrollToEnd(): void {
    const { length } = this.timeline.items;
    if (length > 0) this.list?.scrollToIndex(length - 1, { align: "end" });
  }

  private anchorAt(offset: number): Anchor | undefined {
    const index = this.list?.findItemIndex(offset) ?? 0;
    const row = this.timeline.items[index]?.row;
    if (row === undefined) return undefined;
    return { key: row.key, seq: row.seq, offsetPx: (this.list?.getItemOffset(index) ?? 0) - offset };
  }

  /** The seq of the newest row whose end is on the screen, or which fills it. */
  private newestSeen(offset: number): number {
    const { list, scroller } = this;
    if (!list || !scroller) return 0;
    const bottom = offset + scroller.clientHeight;
    for (let index = list.findItemIndex(bottom); index >= 0; index -= 1) {
      const top = list.getItemOffset(index);
      const seq = this.timeline.items[index]?.row.seq ?? 0;
      if (seq > 0 && (top + list.getItemSize(index) <= bottom + CUT_PX || top <= offset)) return seq;
    }
    return 0;
  }

  private lookForLine(offset: number): void {
    const { timeline, list, scroller } = this;
    const { line } = timeline;
    if (line === undefined || timeline.lineSeen || !list || !scroller) {
      this.lineAbove = false;
      return;
    }
    const index = timeline.items.findIndex(({ unreadLine }) => unreadLine);
    const first = timeline.rows.find(({ seq }) => seq !== 0)?.seq ?? 0;
    const top = index < 0 ? undefined : list.getItemOffset(index);
    const isShown = top !== undefined && top >= offset && top < offset + scroller.clientHeight;
    if (isShown && this.isReading()) timeline.sawLine();
    this.lineAbove = !timeline.lineSeen && (top === undefined ? first > line.after + 1 : top < offset);
  }
}

/** The row a node is in. */
function keyOf(node: Node | null, scroller: HTMLElement | undefined): string | undefined {
  if (node === null || !scroller?.contains(node)) return undefined;
  const element = node instanceof Element ? node : node.parentElement;
  return element?.closest<HTMLElement>("[data-key]")?.dataset["key"];
}
