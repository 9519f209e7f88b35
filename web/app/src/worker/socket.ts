// A connection made of a WebSocket: each binary message is one frame.

import type { Wire, WireEvents } from "./wire";

const SUBPROTOCOL = "anser.v1";

/** Opens a WebSocket. Throws when the address is refused before any network is used (by a policy, say). */
export class SocketWire implements Wire {
  private readonly socket: WebSocket;

  constructor(url: string, events: WireEvents) {
    const socket = new WebSocket(url, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => events.opened();
    socket.onclose = () => events.ended();
    socket.onmessage = (message: MessageEvent<unknown>) => {
      // A text message is no frame of ours; the server never sends one.
      if (message.data instanceof ArrayBuffer) events.received(new Uint8Array(message.data));
    };
    this.socket = socket;
  }

  send(bytes: Uint8Array): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(bytes as Uint8Array<ArrayBuffer>);
  }

  close(): void {
    const { socket } = this;
    socket.onopen = null;
    socket.onclose = null;
    socket.onmessage = null;
    socket.close();
  }
}
