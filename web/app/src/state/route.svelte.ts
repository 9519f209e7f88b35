// Which chat is open, kept in the browser's history: "back" leaves a chat, a reload stays in it.

const PREFIX = "#chat-";

/** The open conversation, or none. */
export class RouteState {
  conversation = $state<number | undefined>(fromHash(location.hash));

  constructor(private readonly changed: () => void) {
    addEventListener("popstate", () => {
      this.conversation = fromHash(location.hash);
      this.changed();
    });
  }

  open(conversation: number): void {
    if (conversation === this.conversation) return;
    const url = `${PREFIX}${conversation}`;
    // From chat to chat the list is not in between: back leads to the list.
    if (this.conversation === undefined) history.pushState({ fromList: true }, "", url);
    else history.replaceState(history.state, "", url);
    this.conversation = conversation;
    this.changed();
  }

  close(): void {
    if (this.conversation === undefined) return;
    if (isFromList(history.state)) {
      history.back();
      return;
    }
    history.replaceState(null, "", location.pathname + location.search);
    this.conversation = undefined;
    this.changed();
  }
}

function fromHash(hash: string): number | undefined {
  if (!hash.startsWith(PREFIX)) return undefined;
  const conversation = Number(hash.slice(PREFIX.length));
  return Number.isSafeInteger(conversation) && conversation > 0 ? conversation : undefined;
}

function isFromList(state: unknown): boolean {
  return typeof state === "object" && state !== null && "fromList" in state;
}
