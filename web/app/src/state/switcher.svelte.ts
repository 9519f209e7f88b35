// The quick switcher: chats and people by what is typed, and somebody new by the exact handle.

import type { Engine } from "../engine/engine";
import type { ConversationView } from "../engine/generated/ConversationView";
import type { Failure } from "../engine/generated/Failure";
import type { PersonView } from "../engine/generated/PersonView";
import { bestRank, fold } from "../text/find";
import { cleanHandle } from "../text/limits";
import { isHandle } from "../text/registration";

/** More than anybody reads; whoever does not find it among these types more. */
const SHOWN_MAX = 40;

/** One line to choose. */
export type Choice =
  | { type: "chat"; view: ConversationView }
  | { type: "person"; person: PersonView }
  /** Nobody known here has this handle: the server may. */
  | { type: "ask"; handle: string };

/** What is known of a handle the server was asked for. */
export type Asked = { type: "asking"; handle: string } | { type: "nobody"; handle: string } | { type: "failed"; handle: string; failure: Failure };

interface Sources {
  engine: Pick<Engine, "send">;
  conversations: { readonly list: readonly ConversationView[] };
  me: () => PersonView | undefined;
}

/** One opening of the switcher. */
export class SwitcherState {
  query = $state("");
  asked = $state.raw<Asked | undefined>(undefined);
  private people = $state.raw<readonly PersonView[]>([]);
  private chosen = $state(0);

  readonly choices: readonly Choice[] = $derived(this.find());
  /** What Enter would choose. */
  readonly active: number = $derived(Math.min(this.chosen, this.choices.length - 1));

  constructor(private readonly sources: Sources) {}

  /** Learns who is known on this device; without it, chats are found all the same. */
  async load(): Promise<void> {
    const outcome = await this.sources.engine.send({ type: "knownPeople" });
    if (outcome.type === "people") this.people = outcome.people;
  }

  type(query: string): void {
    this.query = query;
    this.chosen = 0;
    this.asked = undefined;
  }

  /** Up and down, around the ends. */
  move(how: "up" | "down" | "first" | "last"): void {
    const { length } = this.choices;
    if (length === 0) return;
    const steps = { up: this.active - 1 + length, down: this.active + 1, first: 0, last: length - 1 };
    this.chosen = steps[how] % length;
  }

  /** Takes a choice (default: the active one). Gives the conversation to open, when there is one. */
  async take(choice: Choice | undefined = this.choices[this.active]): Promise<number | undefined> {
    if (choice === undefined || this.asked?.type === "asking") return undefined;
    if (choice.type === "chat") return choice.view.conversation;
    if (choice.type === "person") return this.write(choice.person.handle);
    return this.ask(choice.handle);
  }

  /** Whoever is found appears among the choices: opening a chat with them is another press. */
  private async ask(handle: string): Promise<undefined> {
    this.asked = { type: "asking", handle };
    const outcome = await this.sources.engine.send({ type: "findAccount", handle });
    // Something else is typed by now.
    if (this.asked?.handle !== handle) return;
    this.asked = undefined;
    if (outcome.type === "failed") this.asked = { type: "failed", handle, failure: outcome.failure };
    if (outcome.type !== "people") return;
    if (outcome.people.length === 0) this.asked = { type: "nobody", handle };
    else this.people = [...this.people, ...outcome.people];
  }

  private async write(handle: string): Promise<number | undefined> {
    this.asked = { type: "asking", handle };
    const outcome = await this.sources.engine.send({ type: "openDirect", handle });
    this.asked = outcome.type === "failed" ? { type: "failed", handle, failure: outcome.failure } : undefined;
    return outcome.type === "conversation" ? outcome.conversation : undefined;
  }

  private find(): readonly Choice[] {
    const { list } = this.sources.conversations;
    const query = fold(this.query).replace(/^@/, "");
    if (query === "") return list.slice(0, SHOWN_MAX).map((view) => ({ type: "chat", view }));
    const found: { choice: Choice; score: number }[] = [];
    for (const view of list) {
      const score = scoreOf([view.title, ...namesOf(view.peer)], query);
      if (score !== undefined) found.push({ choice: { type: "chat", view }, score });
    }
    for (const person of this.strangers(list)) {
      const score = scoreOf(namesOf(person), query);
      // Equally good, a chat that there is comes before one to be begun.
      if (score !== undefined) found.push({ choice: { type: "person", person }, score: score + 0.5 });
    }
    // Newest first among equals: that is the order of the list, and a sort keeps it.
    const choices = found.sort((a, b) => a.score - b.score).slice(0, SHOWN_MAX).map(({ choice }) => choice);
    const handle = cleanHandle(this.query);
    return isHandle(handle) && !this.isKnown(handle, list) ? [...choices, { type: "ask", handle }] : choices;
  }

  /** People known here with whom there is no chat of two yet. */
  private strangers(list: readonly ConversationView[]): PersonView[] {
    const met = new Set(list.map(({ peer }) => peer?.account));
    met.add(this.sources.me()?.account);
    return this.people.filter(({ account }, index) => !met.has(account) && this.people.findIndex((other) => other.account === account) === index);
  }

  private isKnown(handle: string, list: readonly ConversationView[]): boolean {
    const has = (person: PersonView | null | undefined): boolean => person?.handle === handle;
    return has(this.sources.me()) || this.people.some(has) || list.some(({ peer }) => has(peer));
  }
}

function namesOf(person: PersonView | null): string[] {
  return person === null ? [] : [person.displayName, person.handle];
}

function scoreOf(names: readonly string[], query: string): number | undefined {
  return bestRank(names.map(fold), query);
}
