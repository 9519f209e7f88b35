// Gathers what comes between two frames: fifty messages a second are drawn once a frame, not fifty times.

/** Gives what was added to `take` with the next animation frame; at once when nobody looks at the page. */
export class FrameQueue<T> {
  private waiting: T[] = [];
  private scheduled = false;

  constructor(private readonly take: (gathered: readonly T[]) => void) {}

  add(item: T): void {
    this.waiting.push(item);
    // A hidden page has no frames, and goes on all the same.
    if (document.visibilityState !== "visible" || typeof requestAnimationFrame !== "function") return this.flush();
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  /** Does not wait for the frame: the page is being hidden, or something comes that must find all this done. */
  flush(): void {
    if (this.waiting.length === 0) return;
    const gathered = this.waiting;
    this.waiting = [];
    this.take(gathered);
  }
}
