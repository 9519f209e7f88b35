// What has been told so far, in a few events: a tab that comes later catches up with these.

import type { ConversationView } from "../engine/generated/ConversationView";
import type { Event } from "../engine/generated/Event";

type Told<Type extends Event["type"]> = Extract<Event, { type: Type }>;

/** The newest of each kind of event that concerns all tabs. Timelines belong to views, and a new tab has none. */
export class Snapshot {
  private session: Told<"session"> | undefined;
  private link: Told<"link"> | undefined;
  private unread: Told<"unread"> | undefined;
  private readonly conversations = new Map<number, ConversationView>();

  apply(event: Event): void {
    switch (event.type) {
      case "session":
        this.session = event;
        if (event.session.type === "signedOut") this.conversations.clear();
        break;
      case "link":
        this.link = event;
        break;
      case "unread":
        this.unread = event;
        break;
      case "conversations":
        for (const view of event.changed) this.conversations.set(view.conversation, view);
        break;
      case "timeline":
      case "finished":
      // Said by native drivers; the worker says it with the status of its run.
      case "rebuilt":
        break;
    }
  }

  /** In the order in which an engine that starts tells them. */
  events(): Event[] {
    const changed = [...this.conversations.values()];
    const conversations: Event[] = changed.length === 0 ? [] : [{ type: "conversations", changed }];
    return [this.session, ...conversations, this.unread, this.link].filter((event) => event !== undefined);
  }
}
