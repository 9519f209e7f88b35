// What stands in the composer of each chat, kept on disk a moment after the last key.

/** Long enough not to write at every key, short enough that a crash costs a word. */
const SAVE_AFTER_MS = 400;

/** Drafts as typed; the engine keeps them and lists them with the conversations. */
export class DraftsState {
  private readonly typed = new Map<number, string>();
  private readonly timers = new Map<number, ReturnType<typeof setTimeout>>();

  constructor(private readonly save: (conversation: number, text: string) => void) {}

  /** What the composer shows when the chat opens: what was typed here, else what was kept. */
  textOf(conversation: number, kept: string): string {
    return this.typed.get(conversation) ?? kept;
  }

  write(conversation: number, text: string): void {
    this.typed.set(conversation, text);
    clearTimeout(this.timers.get(conversation));
    this.timers.set(
      conversation,
      setTimeout(() => this.flush(conversation), SAVE_AFTER_MS),
    );
  }

  /** Keeps it now: the chat or the page is being left. */
  flush(conversation: number): void {
    const timer = this.timers.get(conversation);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.timers.delete(conversation);
    const text = this.typed.get(conversation);
    if (text !== undefined) this.save(conversation, text);
  }

  flushAll(): void {
    for (const conversation of [...this.timers.keys()]) this.flush(conversation);
  }

  /** The text is in the outbox: nothing is left of the draft, unless something new was typed meanwhile. */
  sent(conversation: number, text: string): void {
    if ((this.typed.get(conversation) ?? text) !== text) return;
    clearTimeout(this.timers.get(conversation));
    this.timers.delete(conversation);
    this.typed.set(conversation, "");
    this.save(conversation, "");
  }

  /** Another account may come. */
  forgetAll(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.typed.clear();
  }
}
