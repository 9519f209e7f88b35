// One connection to the server, whatever it is made of.

/** What it tells. After `ended`, and after one closed it, it says nothing more. */
export interface WireEvents {
  opened(): void;
  received(bytes: Uint8Array): void;
  /** It could not be opened, or is over. */
  ended(): void;
}

/** Begins to open when it is made. */
export interface Wire {
  /** Sends one frame; drops it if the connection is not open. */
  send(bytes: Uint8Array): void;
  /** Ends it at once, without waiting for a good-bye that a dead network never finishes. */
  close(): void;
}
