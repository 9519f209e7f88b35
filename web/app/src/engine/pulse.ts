// Whether the engine, wherever it runs, still answers.

/** Longer than anything an engine that works takes to say something. */
const SILENCE_MS = 2_500;

/**
 * Begins to count when something was asked. After one silence it is suspected, after another one given up. Two,
 * because a computer that wakes up finds the first one over before anybody could have answered.
 */
export class Pulse {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private suspected = false;
  private words = 0;

  constructor(
    private readonly suspect: () => void,
    private readonly giveUp: () => void,
  ) {}

  /** Something was asked that is answered. */
  expect(): void {
    this.timer ??= setTimeout(() => this.silence(), SILENCE_MS);
  }

  /** How often something was heard: whoever waits can see whether there was anything new. */
  get count(): number {
    return this.words;
  }

  /** Anything was heard. */
  heard(): void {
    this.words += 1;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.suspected = false;
  }

  private silence(): void {
    this.timer = undefined;
    if (this.suspected) {
      this.suspected = false;
      this.giveUp();
    } else {
      this.suspected = true;
      this.expect();
      this.suspect();
    }
  }
}
