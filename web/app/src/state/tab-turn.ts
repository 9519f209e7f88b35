// Several tabs of one browser: which of them may notify, and whether anybody is looking at one of them.

const TURN = "anser.notifies";
const ATTENDED = "anser.attended";

/** What is needed of `navigator.locks`. A tab that is gone, however it went, holds none. */
export type Locks = Pick<LockManager, "request" | "query">;

/** One per tab. The browser's own locks decide, so that no two tabs have to agree on anything. */
export class TabTurn {
  private mine = false;
  private stopAttending: (() => void) | undefined;

  constructor(private readonly locks: Locks) {
    // Held until the tab is gone; the next in line then has it. A tab with a lock is not put to sleep, either.
    void locks.request(TURN, () => {
      this.mine = true;
      return new Promise<void>(() => {});
    });
  }

  /** Tells the other tabs whether somebody looks at this one. */
  attend(attended: boolean): void {
    if (attended === (this.stopAttending !== undefined)) return;
    if (!attended) {
      this.stopAttending?.();
      this.stopAttending = undefined;
      return;
    }
    const left = new Promise<void>((resolve) => (this.stopAttending = resolve));
    void this.locks.request(ATTENDED, { mode: "shared" }, () => left);
  }

  /** It is this tab's turn, and nobody looks at any tab. */
  async shouldNotify(): Promise<boolean> {
    if (!this.mine) return false;
    const { held = [] } = await this.locks.query();
    return !held.some(({ name }) => name === ATTENDED);
  }
}
