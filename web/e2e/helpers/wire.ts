// The cable between one person and the server: a TCP proxy that can be cut and mended.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** One person's own way to the server. Its port stays the same, so the browser sees one origin. */
export class Wire {
  private readonly sockets = new Set<Socket>();
  private isCut = false;

  private constructor(private readonly listener: Server) {}

  /** A cable that leads to `serverPort`. */
  static async lay(serverPort: number): Promise<Wire> {
    const listener = createServer();
    const wire = new Wire(listener);
    listener.on("connection", (socket) => wire.join(socket, serverPort));
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    return wire;
  }

  /** What the person types into the address bar. */
  get address(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}/`;
  }

  /** No network: what is open breaks, what is tried is refused. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** The network is back. */
  mend(): void {
    this.isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.listener.close();
    await once(this.listener, "close");
  }

  private join(near: Socket, serverPort: number): void {
    if (this.isCut) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(serverPort, "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.pipe(other);
      // A server that is not there, or was killed: this end goes when the other goes.
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
