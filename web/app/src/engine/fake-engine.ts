// An engine without a server, for tests and for looking at the screens. Never in the product.

import type { Engine, EngineStatus } from "./engine";
import { FakeViews } from "./fake-views";
import { makeMore } from "./fake-more";
import { ALICE, type FakeChat, makeChat, makeWorld, PEOPLE, row, text } from "./fake-world";
import type { Command } from "./generated/Command";
import type { Event } from "./generated/Event";
import type { FailureReason } from "./generated/FailureReason";
import type { LinkView } from "./generated/LinkView";
import type { Outcome } from "./generated/Outcome";
import type { PersonView } from "./generated/PersonView";
import type { RowState } from "./generated/RowState";
import { Listeners } from "./listeners";

const DONE: Outcome = { type: "done" };
const RUNNING: EngineStatus = { type: "running", storage: "disk", rebuilt: false, generation: 1 };

export interface FakeOptions {
  signedIn?: boolean;
  empty?: boolean;
  /** Enough chats to fill a list, and one with everything that is hard to show. */
  more?: boolean;
  link?: LinkView;
  status?: EngineStatus;
  /** Others answer, and messages travel, after this long; 0: they do not. */
  answerAfterMs?: number;
  /** Pages of a timeline come after this long; 0: at once. */
  pageAfterMs?: number;
  /** Pages cannot be had, as without a link. */
  noPages?: boolean;
  /** One chat is as long as a long life. */
  long?: boolean;
}

/** Behaves like the real one as far as a screen can tell. */
export class FakeEngine implements Engine {
  /** What was asked, for tests. */
  readonly commands: Command[] = [];
  private readonly events = new Listeners<Event>();
  private readonly statuses = new Listeners<EngineStatus>();
  private readonly chats = new Map<number, FakeChat>();
  private readonly views = new FakeViews((change) => this.tell({ type: "timeline", change }));
  private status: EngineStatus;
  private lastView = 0;
  private lastKey = 0;

  constructor(private readonly options: FakeOptions = {}) {
    this.status = { type: "starting" };
  }

  start(): void {
    this.setStatus(this.options.status ?? RUNNING);
    if (this.status.type !== "running") return;
    if (this.options.signedIn === true) this.enter();
    else this.tell({ type: "session", session: { type: "signedOut", ended: false } });
    this.tell({ type: "link", link: this.options.link ?? { type: "online" } });
  }

  takeOver(): void {
    this.setStatus(RUNNING);
    this.enter();
  }

  newView(): number {
    this.lastView += 1;
    return this.lastView;
  }

  subscribe(listener: (event: Event) => void): () => void {
    return this.events.add(listener);
  }

  watch(listener: (status: EngineStatus) => void): () => void {
    listener(this.status);
    return this.statuses.add(listener);
  }

  async send(command: Command): Promise<Outcome> {
    this.commands.push(command);
    await Promise.resolve();
    return this.carryOut(command);
  }

  /** Tells the screen something, as if the server had. */
  tell(event: Event): void {
    this.events.tell(event);
  }

  /** Somebody else writes. */
  receive(conversation: number, sender: PersonView, words: string): void {
    const chat = this.chats.get(conversation);
    if (chat === undefined) return;
    chat.rows.push(row(nextSeq(chat), sender, Date.now(), text(words)));
    chat.view = { ...chat.view, unread: chat.view.unread + 1 };
    this.show(chat);
  }

  /** The tab that had the engine is gone, and another one has it: all views are gone. */
  move(): void {
    this.views.forgetAll();
    const generation = this.status.type === "running" ? this.status.generation + 1 : 1;
    this.setStatus({ type: "running", storage: "disk", rebuilt: false, generation });
  }

  private carryOut(command: Command): Outcome {
    switch (command.type) {
      case "register":
        if (command.handle === "taken") return failed("handleTaken", "handle");
        this.enter();
        return DONE;
      case "signIn":
        if (command.password === "wrong") return failed("wrongCredentials");
        this.enter();
        return DONE;
      case "signOut":
        this.tell({ type: "session", session: { type: "signedOut", ended: false } });
        return DONE;
      case "knownPeople":
        return { type: "people", people: PEOPLE.filter(({ account }) => account !== ALICE.account) };
      case "findAccount":
        return { type: "people", people: PEOPLE.filter(({ handle }) => handle === command.handle) };
      case "openDirect":
        return this.openDirect(command.handle);
      case "createGroup":
        return this.createGroup(command.title, command.handles);
      case "addMembers":
        return this.addMembers(command.conversation, command.handles);
      case "leaveGroup":
        return this.change(command.conversation, (chat) => (chat.view = { ...chat.view, left: true }));
      case "renameGroup":
        return this.change(command.conversation, (chat) => {
          chat.view = { ...chat.view, title: command.title };
          chat.rows.push(row(nextSeq(chat), ALICE, Date.now(), { type: "renamed", title: command.title }));
        });
      case "listMembers":
        return this.listMembers(command.conversation);
      case "openView":
      case "closeView":
      case "loadOlder":
      case "loadNewer":
      case "followEnd":
        return this.look(command);
      case "sendText":
        return this.sendText(command.conversation, command.text, command.sendKey);
      case "retrySend":
        return this.setRowState(command.sendKey, { type: "sent" });
      case "discardSend":
        for (const chat of this.chats.values()) {
          chat.rows = chat.rows.filter(({ state }) => !(state.type === "failed" && state.sendKey === command.sendKey));
          this.show(chat);
        }
        return DONE;
      case "markRead":
        return this.change(command.conversation, (chat) => (chat.view = { ...chat.view, ...readTo(chat, command.seq) }));
      case "saveDraft":
        return this.change(command.conversation, (chat) => (chat.view = { ...chat.view, draft: command.text }));
      case "listDevices":
        return {
          type: "devices",
          devices: [
            { device: 1, name: "Chrome, Linux", createdAtMs: Date.now() - 9e9, lastSeenAtMs: Date.now(), current: true },
            { device: 2, name: "Firefox, Android", createdAtMs: Date.now() - 5e9, lastSeenAtMs: Date.now() - 4e7, current: false },
          ],
        };
      case "revokeDevice":
      case "reconnectNow":
        return DONE;
    }
  }

  private look(command: Extract<Command, { view: number }>): Outcome {
    switch (command.type) {
      case "openView": {
        const chat = this.chats.get(command.conversation);
        if (chat === undefined) return failed("notPossible");
        this.views.open(command.view, chat, command.at);
        return DONE;
      }
      case "closeView":
        this.views.close(command.view);
        return DONE;
      case "loadOlder":
      case "loadNewer":
        if (this.options.noPages === true) return failed("offline");
        this.views.load(command.view, command.type, this.options.pageAfterMs ?? 0);
        return DONE;
      case "followEnd":
        this.views.followEnd(command.view, command.follow);
        return DONE;
    }
  }

  private enter(): void {
    const chats = this.options.empty === true ? [] : makeWorld(Date.now(), this.options.long === true ? 100_000 : 3_000);
    if (this.options.more === true) chats.push(...makeMore(Date.now()));
    for (const chat of chats) this.chats.set(chat.view.conversation, chat);
    this.tell({ type: "session", session: { type: "signedIn", me: ALICE, device: 1 } });
    this.tell({ type: "conversations", changed: chats.map(({ view }) => view) });
    this.tellUnread();
  }

  private openDirect(handle: string): Outcome {
    const peer = PEOPLE.find((person) => person.handle === handle);
    if (peer === undefined) return failed("notFound", "handle");
    for (const chat of this.chats.values()) {
      if (chat.view.peer?.account === peer.account) return { type: "conversation", conversation: chat.view.conversation };
    }
    return this.add(peer, peer.displayName, [ALICE, peer]);
  }

  private createGroup(title: string, handles: string[]): Outcome {
    const members = PEOPLE.filter(({ handle }) => handles.includes(handle));
    if (members.length < handles.length) return failed("notFound", "handles");
    return this.add(null, title, [ALICE, ...members]);
  }

  private add(peer: PersonView | null, title: string, members: PersonView[]): Outcome {
    const conversation = this.chats.size + 1;
    const created = row(1, ALICE, Date.now(), { type: "created", title: peer === null ? title : "" });
    const chat = makeChat(conversation, peer, title, members, [created], 0);
    this.chats.set(conversation, chat);
    this.show(chat);
    return { type: "conversation", conversation };
  }

  private addMembers(conversation: number, handles: string[]): Outcome {
    const members = PEOPLE.filter(({ handle }) => handles.includes(handle));
    if (members.length < handles.length) return failed("notFound", "handles");
    return this.change(conversation, (chat) => {
      chat.members.push(...members);
      chat.view = { ...chat.view, memberCount: chat.members.length };
      chat.rows.push(row(nextSeq(chat), ALICE, Date.now(), { type: "membersAdded", members }));
    });
  }

  private listMembers(conversation: number): Outcome {
    const members = this.chats.get(conversation)?.members ?? [];
    return { type: "members", members: members.map((person) => ({ person, fromSeq: 1, delivered: 0, read: 0, left: false })) };
  }

  private sendText(conversation: number, words: string, chosenKey: string | null): Outcome {
    const chat = this.chats.get(conversation);
    if (chat === undefined) return failed("notPossible");
    this.lastKey += 1;
    const sendKey = chosenKey ?? `key-${this.lastKey}`;
    const added = row(0, ALICE, Date.now(), text(words), { type: "sending", sendKey });
    added.key = sendKey;
    chat.rows.push(added);
    this.show(chat);
    const after = this.options.answerAfterMs ?? 0;
    if (after > 0) {
      setTimeout(() => this.setRowState(sendKey, { type: "sent" }), after);
      setTimeout(() => this.setRowState(sendKey, { type: "read" }), after * 3);
      setTimeout(() => this.receive(conversation, chat.members.at(-1)!, "I see."), after * 4);
    }
    return DONE;
  }

  private setRowState(sendKey: string, state: RowState): Outcome {
    for (const chat of this.chats.values()) {
      const index = chat.rows.findIndex((candidate) => candidate.key === sendKey || hasKey(candidate.state, sendKey));
      if (index < 0) continue;
      const old = chat.rows[index]!;
      chat.rows[index] = { ...old, seq: old.seq === 0 ? nextSeq(chat) : old.seq, state };
      this.show(chat);
    }
    return DONE;
  }

  private change(conversation: number, how: (chat: FakeChat) => void): Outcome {
    const chat = this.chats.get(conversation);
    if (chat === undefined) return failed("notPossible");
    how(chat);
    this.show(chat);
    return { type: "conversation", conversation };
  }

  private show(chat: FakeChat): void {
    const last = chat.rows.at(-1) ?? null;
    // Unsent ones are at the end; a long chat is not searched from its beginning.
    const unsent = chat.rows.slice(-50).filter(({ seq }) => seq === 0).length;
    chat.view = { ...chat.view, unsent, last, orderAtMs: last?.atMs ?? chat.view.orderAtMs };
    this.tell({ type: "conversations", changed: [chat.view] });
    this.tellUnread();
    this.views.show(chat);
  }

  private tellUnread(): void {
    let total = 0;
    for (const { view } of this.chats.values()) total += view.unread;
    this.tell({ type: "unread", total });
  }

  private setStatus(status: EngineStatus): void {
    this.status = status;
    this.statuses.tell(status);
  }
}

function nextSeq(chat: FakeChat): number {
  return Math.max(0, ...chat.rows.slice(-20).map(({ seq }) => seq)) + 1;
}

/** Only forward, and what lies after it stays unread. */
function readTo(chat: FakeChat, seq: number): { read: number; unread: number } {
  const read = Math.max(chat.view.read, seq);
  let unread = 0;
  for (let i = chat.rows.length - 1; i >= 0; i -= 1) {
    const { seq: place, own } = chat.rows[i]!;
    if (place !== 0 && place <= read) break;
    if (place !== 0 && !own) unread += 1;
  }
  return { read, unread };
}

function hasKey(state: RowState, sendKey: string): boolean {
  return (state.type === "sending" || state.type === "failed") && state.sendKey === sendKey;
}

function failed(reason: FailureReason, field = ""): Outcome {
  return { type: "failed", failure: { reason, field, retryAfterMs: 0 } };
}
