// One tab has the engine: a Web Lock says which, a BroadcastChannel asks it to let go.

const LOCK = "anser-engine";
const CHANNEL = "anser-engine";
const PLEASE_LET_GO = "please-let-go";
/** A page that is being reloaded lets go a moment after its successor has begun. */
const CLAIM_TRIES = 5;
const CLAIM_PAUSE_MS = 150;

/** What becomes of this tab's claim. */
export interface TabLockOwner {
  /** This tab has the engine now. */
  acquired(): void;
  /** Another tab has it. */
  refused(): void;
  /** Another tab wants it: close the engine; the lock is let go when the promise settles. */
  asked(): Promise<void>;
}

/** The claim of one tab. */
export class TabLock {
  private readonly channel = new BroadcastChannel(CHANNEL);
  private letGo: (() => void) | undefined;
  private waiting = false;

  constructor(private readonly owner: TabLockOwner) {
    this.channel.onmessage = (message: MessageEvent<unknown>) => {
      if (message.data === PLEASE_LET_GO) void this.yieldLock();
    };
  }

  /** Takes the lock if nobody has it. */
  claim(triesLeft = CLAIM_TRIES): void {
    void navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => {
      if (lock !== null) return this.hold();
      if (triesLeft > 1) setTimeout(() => this.claim(triesLeft - 1), CLAIM_PAUSE_MS);
      else if (!this.waiting) this.owner.refused();
      return undefined;
    });
  }

  /** Asks whoever has it to let go, and waits in line for it. */
  takeOver(): void {
    if (this.waiting || this.letGo !== undefined) return;
    this.waiting = true;
    this.channel.postMessage(PLEASE_LET_GO);
    void navigator.locks.request(LOCK, () => {
      this.waiting = false;
      return this.hold();
    });
  }

  private hold(): Promise<void> {
    return new Promise((resolve) => {
      this.letGo = resolve;
      this.owner.acquired();
    });
  }

  private async yieldLock(): Promise<void> {
    const letGo = this.letGo;
    if (letGo === undefined) return;
    this.letGo = undefined;
    await this.owner.asked();
    letGo();
    this.owner.refused();
  }
}
