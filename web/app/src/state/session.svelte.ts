// Who is signed in here.

import type { PersonView } from "../engine/generated/PersonView";
import type { SessionView } from "../engine/generated/SessionView";

const HINT = "anser.signedIn";

/** Undefined view: the engine has not said yet. */
export class SessionState {
  view = $state.raw<SessionView | undefined>(undefined);

  /** Was signed in when this browser was last used: which screen to expect before the engine speaks. */
  readonly expected: boolean = readHint();

  /** The browser threw away what was kept: somebody was signed in here, and the engine found nothing. */
  lost = $state(false);

  get me(): PersonView | undefined {
    return this.view?.type === "signedIn" ? this.view.me : undefined;
  }

  apply(view: SessionView): void {
    const first = this.view === undefined;
    this.lost = view.type === "signedOut" && !view.ended && (first ? this.expected : this.lost);
    this.view = view;
    writeHint(view.type === "signedIn");
  }
}

// Storage may be forbidden in this browser; then there is just no hint.

function readHint(): boolean {
  try {
    return localStorage.getItem(HINT) !== null;
  } catch {
    return false;
  }
}

function writeHint(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(HINT, "1");
    else localStorage.removeItem(HINT);
  } catch {
    return;
  }
}
