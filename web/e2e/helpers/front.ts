// A proxy before the server that changes what it gives out (a newer build, a browser that lacks something), or that lets
// not everything through.
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";

/** The text of a file as it shall be, by its path and the text that the server has. */
export type Change = (path: string, text: string) => string;

/** As in a private window of some browsers: the worker gets no disk. */
export const withoutDisk: Change = (path, text) =>
  /^\/assets\/main-.*\.js$/.test(path)
    ? `StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException("forbidden", "SecurityError"));\n${text}`
    : text;

/** The page says that it is of another build, and the service worker is another one. */
export const newerBuild: Change = (path, text) => {
  if (path === "/") return text.replace("<html ", '<html data-build="newer" ');
  return path === "/sw.js" ? text.replace("anser-shell-", "anser-shell-newer-") : text;
};

/** What carries a link to the server. */
export type Carrier = "webSocket" | "longPoll" | "shortPoll";

/** People reach the server through its `port`. */
export class Front {
  private readonly listener: Server;
  private readonly links = new Set<Duplex>();
  private readonly blocked = new Set<Carrier>();
  /** Polls that are not answered yet. */
  private readonly polls = new Set<ServerResponse>();
  /** What carried something last. */
  newest: Carrier | undefined;

  private constructor(
    private readonly serverPort: number,
    /** May be another one from some moment on. */
    public change: Change,
  ) {
    this.listener = createServer((asked, answer) => this.forward(asked, answer));
    this.listener.on("upgrade", (asked: IncomingMessage, socket: Duplex) => this.join(asked, socket));
  }

  static async before(serverPort: number, change: Change = (_path, text) => text): Promise<Front> {
    const front = new Front(serverPort, change);
    front.listener.listen(0, "127.0.0.1");
    await once(front.listener, "listening");
    return front;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** From now on; links of this kind are cut. */
  block(carrier: Carrier): void {
    this.blocked.add(carrier);
    for (const cut of carrier === "webSocket" ? this.links : this.polls) cut.destroy();
  }

  unblock(carrier: Carrier): void {
    this.blocked.delete(carrier);
  }

  close(): void {
    this.listener.close();
    this.listener.closeAllConnections();
    // Links are not connections any more, as far as Node is concerned, and still keep it open.
    for (const link of this.links) link.destroy();
  }

  /** Whether this may pass; notes what it is. */
  private passes(carrier: Carrier): boolean {
    if (this.blocked.has(carrier)) return false;
    this.newest = carrier;
    return true;
  }

  private forward(asked: IncomingMessage, answer: ServerResponse): void {
    const waits = asked.headers["anser-wait-ms"];
    if (waits !== undefined && !this.passes(waits === "0" ? "shortPoll" : "longPoll")) {
      answer.destroy();
      return;
    }
    if (waits !== undefined) this.polls.add(answer);
    // Only what is not compressed can be changed, and only what is sent can be.
    const headers = { ...asked.headers, "accept-encoding": "identity", "if-none-match": "" };
    const forwarded = request({ port: this.serverPort, path: asked.url, method: asked.method, headers }, async (given) => {
      const chunks: Buffer[] = [];
      for await (const chunk of given) chunks.push(chunk as Buffer);
      const body = this.changed(asked.url ?? "", Buffer.concat(chunks));
      answer.writeHead(given.statusCode ?? 500, { ...given.headers, "content-length": body.length });
      answer.end(body);
    });
    forwarded.on("error", () => answer.destroy());
    // Who goes does not wait for the answer any more, and the server should know.
    answer.on("close", () => {
      this.polls.delete(answer);
      forwarded.destroy();
    });
    asked.pipe(forwarded);
  }

  private changed(path: string, body: Buffer): Buffer {
    const before = body.toString();
    const after = this.change(path, before);
    // What is no text must stay as it is, byte for byte.
    return after === before ? body : Buffer.from(after);
  }

  private join(asked: IncomingMessage, near: Duplex): void {
    if (!this.passes("webSocket")) {
      near.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    const far = connect(this.serverPort, "127.0.0.1", () => {
      const lines = Object.entries(asked.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      far.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${lines.join("")}\r\n`);
      near.pipe(far).pipe(near);
    });
    this.links.add(near);
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      end.on("error", () => other.destroy());
      end.on("close", () => other.destroy());
    }
  }
}
