// Somebody who writes fast, or what no client knows: one link that speaks the protocol without a browser.
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { encode, Message } from "./protobuf.ts";
import { WebSocketClient } from "./websocket.ts";

// The numbers of proto/anser/v1, by the names they have there.
const FRAME = { hello: 1, request: 2, ping: 3, welcome: 4, answer: 5, close: 8 };
const REQUEST = { id: 1, signIn: 3, send: 4, sync: 7, openDirect: 11, createGroup: 12 };
const ANSWER = { id: 1, error: 2, signedIn: 3, sent: 4, changes: 7, head: 10 };
const HEAD = { conversation: 1, title: 4, lastSeq: 5, peer: 12 };

const KIND_TEXT = 1;
/** A link that says nothing for half a minute is ended by the server. */
const PING_MS = 10_000;
/** The server refuses more than 200 requests a second of one link. */
const PACE_MS = 6;

/** A chat as the sender knows it. */
export interface SenderChat {
  conversation: number;
  /** The group's title, or the handle of the other one. */
  title: string;
}

/** One signed-in device without a screen. */
export class Sender {
  private newestId = 0;
  private nextTurnMs = 0;
  private readonly waiting = new Map<number, (answer: Message) => void>();
  private welcomed: ((welcome: Message) => void) | undefined;
  private readonly beat: NodeJS.Timeout;
  /** The fifty conversations that changed last, newest first. */
  chats: SenderChat[] = [];

  private constructor(private readonly socket: WebSocketClient) {
    socket.onMessage = (bytes) => this.take(new Message(bytes));
    this.beat = setInterval(() => socket.send(encode({ [FRAME.ping]: Buffer.alloc(0) })), PING_MS);
    // Nothing waits for a beat.
    this.beat.unref();
  }

  static async signIn(port: number, handle: string, password: string): Promise<Sender> {
    const sender = new Sender(await WebSocketClient.open(port, "/v1/ws", "anser.v1"));
    const answer = await sender.ask(REQUEST.signIn, encode({ 1: handle, 2: password, 3: "a sender" }));
    const token = answer.message(ANSWER.signedIn)?.bytes(1);
    const welcome = new Promise<Message>((resolve) => (sender.welcomed = resolve));
    sender.socket.send(encode({ [FRAME.hello]: encode({ 1: 1, 2: token }) }));
    const heads = (await welcome).message(5)?.messages(1) ?? [];
    sender.chats = heads.map(toChat);
    return sender;
  }

  /** The chat with this person, by their handle. */
  async opensDirect(handle: string): Promise<SenderChat> {
    const answer = await this.ask(REQUEST.openDirect, encode({ 1: handle }));
    return toChat(answer.message(ANSWER.head) ?? fail("no head"));
  }

  /** Resolves once the message is on the server's disk; its place in the log. */
  async writes(conversation: number, text: string): Promise<number> {
    return this.sends(conversation, KIND_TEXT, encode({ 1: text }));
  }

  /** A message of any kind. */
  async sends(conversation: number, kind: number, body: Uint8Array): Promise<number> {
    const send = encode({ 1: conversation, 2: sendKey(), 3: kind, 4: body });
    const answer = await this.ask(REQUEST.send, send);
    return (answer.message(ANSWER.sent) ?? fail("not sent")).number(1);
  }

  close(): void {
    clearInterval(this.beat);
    this.socket.close();
  }

  private async ask(call: number, body: Buffer): Promise<Message> {
    await this.turn();
    this.newestId += 1;
    const id = this.newestId;
    const answered = new Promise<Message>((resolve) => this.waiting.set(id, resolve));
    this.socket.send(encode({ [FRAME.request]: encode({ [REQUEST.id]: id, [call]: body }) }));
    const answer = await answered;
    const error = answer.bytes(ANSWER.error);
    if (error !== undefined) throw new Error(`the server refused: ${error.toString()}`);
    return answer;
  }

  private async turn(): Promise<void> {
    const now = performance.now();
    const turn = Math.max(now, this.nextTurnMs);
    this.nextTurnMs = turn + PACE_MS;
    if (turn > now) await pause(turn - now);
  }

  private take(frame: Message): void {
    const answer = frame.message(FRAME.answer);
    const welcome = frame.message(FRAME.welcome);
    if (answer !== undefined) {
      const id = answer.number(ANSWER.id);
      this.waiting.get(id)?.(answer);
      this.waiting.delete(id);
    } else if (welcome !== undefined) this.welcomed?.(welcome);
  }
}

function toChat(head: Message): SenderChat {
  const peer = head.message(HEAD.peer)?.message(1);
  return { conversation: head.number(HEAD.conversation), title: peer?.text(2) ?? head.text(HEAD.title) };
}

/** The clock's milliseconds in front, the rest random, as in the protocol. */
function sendKey(): Buffer {
  const key = randomBytes(16);
  key.writeUIntBE(Date.now(), 0, 6);
  return key;
}

function fail(what: string): never {
  throw new Error(what);
}
