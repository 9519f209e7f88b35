// Where the reader stood in each chat, kept for this tab: a reload, another chat, another engine lead back to it.

import { keep, readKept } from "./browser-storage";

const NAME = "places";
/** Chats beyond these open as if for the first time. */
const PLACES_MAX = 100;

/** A row and how far below the top of the list it begins; negative when its beginning is above. */
export interface Anchor {
  key: string;
  /** 0 for a row that is not in the log yet. */
  seq: number;
  offsetPx: number;
}

/** The line goes after this seq; so many of others are below it. */
export interface UnreadLine {
  after: number;
  count: number;
}

/** Where in a chat somebody stands, or wants to be. */
export type Goal = { type: "end" } | { type: "line" } | { type: "row"; anchor: Anchor };

export interface Place {
  goal: Goal;
  line?: UnreadLine;
  /** How far was told as read, where the engine had not heard of it yet. */
  read?: number;
}

/** By conversation, the last ones used. */
export class Places {
  private readonly places = new Map<number, Place>(readPlaces());

  of(conversation: number): Place | undefined {
    return this.places.get(conversation);
  }

  keep(conversation: number, place: Place): void {
    this.places.delete(conversation);
    const isWorthKeeping = place.goal.type !== "end" || place.line !== undefined || place.read !== undefined;
    if (isWorthKeeping) this.places.set(conversation, place);
    const [oldest] = this.places.keys();
    if (this.places.size > PLACES_MAX && oldest !== undefined) this.places.delete(oldest);
    this.write();
  }

  /** Another account may come. */
  forgetAll(): void {
    this.places.clear();
    this.write();
  }

  private write(): void {
    keep(NAME, JSON.stringify([...this.places]), "session");
  }
}

function readPlaces(): [number, Place][] {
  try {
    const kept: unknown = JSON.parse(readKept(NAME, "session") ?? "[]");
    if (!Array.isArray(kept)) return [];
    // Before a new version came, it was kept in another form.
    return (kept as [number, Partial<Place>][]).filter((entry): entry is [number, Place] => entry[1].goal !== undefined);
  } catch {
    // Nonsense: nobody stood anywhere.
    return [];
  }
}
