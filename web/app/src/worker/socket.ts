// The WebSocket carrier: at most one open link, older ones are dead and say nothing more.

import type { Carrier } from "./driver";

const SUBPROTOCOL = "anser.v1";

/** What a link tells. */
export interface SocketListener {
  connected(connection: number): void;
  disconnected(connection: number): void;
  received(connection: number, bytes: Uint8Array): void;
}

/** Opens WebSockets to one address. */
export class SocketCarrier implements Carrier {
  private socket: WebSocket | undefined;
  private connection = 0;

  constructor(
    private readonly url: string,
    private readonly listener: SocketListener,
  ) {}

  connect(connection: number): void {
    this.abandon();
    this.connection = connection;
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.url, SUBPROTOCOL);
    } catch {
      // The address is refused before any network is used (by a policy, say): the same as a link that fails.
      this.listener.disconnected(connection);
      return;
    }
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.listener.connected(connection);
    socket.onclose = () => {
      if (this.socket === socket) this.socket = undefined;
      this.listener.disconnected(connection);
    };
    socket.onmessage = (message: MessageEvent<unknown>) => {
      // A text message is no frame of ours; the server never sends one.
      if (message.data instanceof ArrayBuffer) this.listener.received(connection, new Uint8Array(message.data));
    };
    this.socket = socket;
  }

  disconnect(connection: number): void {
    if (connection === this.connection) this.abandon();
  }

  transmit(connection: number, bytes: Uint8Array): void {
    if (connection !== this.connection || this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(bytes as Uint8Array<ArrayBuffer>);
  }

  /** Ends the link at once, without waiting for a closing handshake that a dead network never finishes. */
  abandon(): void {
    const socket = this.socket;
    this.socket = undefined;
    if (socket === undefined) return;
    socket.onopen = null;
    socket.onclose = null;
    socket.onmessage = null;
    socket.close();
  }
}
