// The client's end of a WebSocket on a bare socket: the oldest Node we support has none of its own.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** Binary messages to and from one server; the server never splits a message into parts. */
export class WebSocketClient {
  private pending = Buffer.alloc(0);
  /** Called with each message. */
  onMessage: (message: Buffer) => void = () => {};

  private constructor(private readonly socket: Socket) {
    socket.on("data", (chunk: Buffer) => {
      this.pending = Buffer.concat([this.pending, chunk]);
      while (this.takeFrame());
    });
    // A link that dies does so quietly: whoever waits for an answer notices by its absence.
    socket.on("error", () => socket.destroy());
  }

  static async open(port: number, path: string, protocol: string): Promise<WebSocketClient> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.setNoDelay(true);
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Protocol: ${protocol}`,
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    let head = Buffer.alloc(0);
    while (!head.includes("\r\n\r\n")) head = Buffer.concat([head, (await once(socket, "data"))[0] as Buffer]);
    if (!head.toString().startsWith("HTTP/1.1 101")) throw new Error(`no WebSocket: ${head.toString()}`);
    return new WebSocketClient(socket);
  }

  send(message: Buffer): void {
    this.sendFrame(BINARY, message);
  }

  close(): void {
    this.socket.destroy();
  }

  private sendFrame(opcode: number, payload: Buffer): void {
    const length = payload.length;
    const head = length < 126 ? Buffer.from([0x80 | opcode, 0x80 | length]) : Buffer.alloc(4);
    if (length >= 126) {
      head.set([0x80 | opcode, 0x80 | 126]);
      head.writeUInt16BE(length, 2);
    }
    const mask = randomBytes(4);
    this.socket.write(Buffer.concat([head, mask, payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]));
  }

  /** Takes one frame off what has come; false if it is not whole yet. */
  private takeFrame(): boolean {
    const bytes = this.pending;
    if (bytes.length < 2) return false;
    const short = bytes.readUInt8(1) & 127;
    const head = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < head) return false;
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
    if (bytes.length < head + length) return false;
    const payload = bytes.subarray(head, head + length);
    this.pending = bytes.subarray(head + length);
    const opcode = bytes.readUInt8(0) & 15;
    if (opcode === BINARY) this.onMessage(payload);
    else if (opcode === PING) this.sendFrame(PONG, payload);
    else if (opcode === CLOSE) this.socket.destroy();
    return true;
  }
}
