// Tells what was read: at once, and while more and more comes, a few times a second and not for every message.

/** So much later the reader's other devices clear their counts, at most. */
const GATHER_MS = 200;

/** How far somebody read in a conversation. */
interface Report {
  conversation: number;
  seq: number;
}

/** Positions only move forward: the newest one says all that those before it said. */
export class ReadReports {
  private waiting: Report | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly tell: (report: Report) => void) {}

  add(report: Report): void {
    if (this.waiting !== undefined && this.waiting.conversation !== report.conversation) this.flush();
    this.waiting = report;
    if (this.timer === undefined) this.say();
  }

  /** The chat or the page is being left. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting !== undefined) this.tell(waiting);
  }

  /** Another account may come. */
  forget(): void {
    this.waiting = undefined;
    this.flush();
  }

  private say(): void {
    if (this.waiting === undefined) return;
    this.flush();
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.say();
    }, GATHER_MS);
  }
}
