// What stands in the composer of each chat, kept on disk a moment after the last key.

/** Long enough not to write at every key, short enough that a crash costs a word. */
const SAVE_AFTER_MS = 400;

/** Drafts as typed in this tab; the engine keeps them and lists them with the conversations, for all tabs. */
export class DraftsState {
  /** Only until the list shows that it is kept: from then on another tab's word counts as much. */
  private readonly typed = new Map<number, string>();
  private readonly timers = new Map<number, ReturnType<typeof setTimeout>>();
  /** The engine has answered that these are kept; what the list says next is newer. */
  private readonly kept = new Set<number>();

  constructor(
    /** Answers whether it is kept. */
    private readonly save: (conversation: number, text: string) => Promise<boolean>,
  ) {}

  /** What the composer shows when the chat opens: what was typed here, else what was kept. */
  textOf(conversation: number, kept: string): string {
    return this.typed.get(conversation) ?? kept;
  }

  /** What was typed here is newer than what the list says. */
  isAhead(conversation: number): boolean {
    return this.typed.has(conversation);
  }

  write(conversation: number, text: string): void {
    this.remember(conversation, text);
    this.timers.set(
      conversation,
      setTimeout(() => this.flush(conversation), SAVE_AFTER_MS),
    );
  }

  /** Keeps it now: the chat or the page is being left. */
  flush(conversation: number): void {
    if (!this.timers.has(conversation)) return;
    this.stopTimer(conversation);
    const text = this.typed.get(conversation);
    if (text !== undefined) void this.keep(conversation, text);
  }

  flushAll(): void {
    for (const conversation of [...this.timers.keys()]) this.flush(conversation);
  }

  /** The text is on its way to the outbox. What is kept stays until it is there, in case the page dies. */
  sending(conversation: number): void {
    this.remember(conversation, "");
  }

  /** The text is in the outbox: nothing is left of the draft, unless something new was typed meanwhile. */
  sent(conversation: number): void {
    if ((this.typed.get(conversation) ?? "") === "") void this.keep(conversation, "");
  }

  /** Not even the outbox took it: it is a draft again, before what was typed meanwhile. */
  notSent(conversation: number, text: string): void {
    const since = this.typed.get(conversation) ?? "";
    this.write(conversation, since === "" ? text : `${text}\n${since}`);
  }

  /** The list says what is kept. */
  hear(conversation: number, kept: string): void {
    if (this.typed.get(conversation) !== kept && !this.kept.has(conversation)) return;
    this.typed.delete(conversation);
    this.kept.delete(conversation);
  }

  /** Another account may come. */
  forgetAll(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.typed.clear();
    this.kept.clear();
  }

  private remember(conversation: number, text: string): void {
    this.stopTimer(conversation);
    this.kept.delete(conversation);
    this.typed.set(conversation, text);
  }

  private async keep(conversation: number, text: string): Promise<void> {
    this.remember(conversation, text);
    const kept = await this.save(conversation, text);
    if (kept && this.typed.get(conversation) === text) this.kept.add(conversation);
  }

  private stopTimer(conversation: number): void {
    clearTimeout(this.timers.get(conversation));
    this.timers.delete(conversation);
  }
}
