// Gathers what comes between two frames: fifty messages a second are drawn once a frame, not fifty times.

/**
 * After something was drawn nothing more is for as long as that took, so that on a slow machine the hand has half of the
 * time: keys and wheels do not wait in line behind lists. Not for longer: what has come wants to be seen.
 */
export const REST_MS_MAX = 50;

/** Gives what was added to `take` with the next animation frame; at once when nobody looks at the page. */
export class FrameQueue<T> {
  private waiting: T[] = [];
  private scheduled = false;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private restUntil = 0;
  private hurried = false;

  constructor(private readonly take: (gathered: readonly T[]) => void) {}

  add(item: T): void {
    this.waiting.push(item);
    // A hidden page has no frames, and goes on all the same.
    if (document.visibilityState !== "visible" || typeof requestAnimationFrame !== "function") return this.flush();
    if (this.scheduled) return;
    this.scheduled = true;
    const restMs = this.restUntil - performance.now();
    if (restMs > 0 && !this.hurried) this.restTimer = setTimeout(() => this.nextFrame(), restMs);
    else this.nextFrame();
  }

  /** Somebody waits for what is about to come: the next frame comes without a rest. */
  hurry(): void {
    this.hurried = true;
    if (this.restTimer !== undefined) this.nextFrame();
  }

  /** Does not wait for the frame: the page is being hidden, or something comes that must find all this done. */
  flush(): void {
    if (this.waiting.length === 0) return;
    const gathered = this.waiting;
    this.waiting = [];
    this.take(gathered);
  }

  private nextFrame(): void {
    clearTimeout(this.restTimer);
    this.restTimer = undefined;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.hurried = false;
      const began = performance.now();
      this.flush();
      // A task of its own comes after the frame is on its way: layout and paint are in it.
      setTimeout(() => {
        const now = performance.now();
        this.restUntil = now + Math.min(now - began, REST_MS_MAX);
      });
    });
  }
}
