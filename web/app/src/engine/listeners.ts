// A set of listeners that may come and go while they are being told something.

/** Tells everybody who listens. */
export class Listeners<T> {
  private readonly listeners = new Set<(value: T) => void>();

  /** Listens until the returned function is called. */
  add(listener: (value: T) => void): () => void {
    // A wrapper, so that the same function can listen twice and leave once.
    const entry = (value: T): void => listener(value);
    this.listeners.add(entry);
    return () => this.listeners.delete(entry);
  }

  tell(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }
}
