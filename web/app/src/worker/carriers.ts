// The connections that the engine asked for: the one it uses, and sometimes another that opens on a better carrier.

import type { CarrierKind } from "../engine/wasm/anser_engine";
import type { Carrier } from "./driver";
import { PollingWire } from "./polling";
import { SocketWire } from "./socket";
import type { Wire, WireEvents } from "./wire";

/** What connections tell. */
export interface CarrierListener {
  connected(connection: number): void;
  disconnected(connection: number): void;
  received(connection: number, bytes: Uint8Array): void;
}

/** Makes one connection; throws when that is forbidden here. */
export type Open = (kind: CarrierKind, events: WireEvents) => Wire;

/** Opens connections to the server whose WebSocket is at this address. */
export function openerFor(socketUrl: string): Open {
  const pollUrl = socketUrl.replace(/^ws/, "http").replace(/\/ws$/, "/poll");
  return (kind, events) =>
    kind === "webSocket" ? new SocketWire(socketUrl, events) : new PollingWire(pollUrl, kind === "longPoll", events);
}

/** All connections of one engine. */
export class Carriers implements Carrier {
  private readonly wires = new Map<number, Wire>();

  constructor(
    private readonly open: Open,
    private readonly listener: CarrierListener,
  ) {}

  connect(connection: number, kind: CarrierKind): void {
    const { listener } = this;
    try {
      const wire = this.open(kind, {
        opened: () => listener.connected(connection),
        received: (bytes) => listener.received(connection, bytes),
        ended: () => {
          this.wires.delete(connection);
          listener.disconnected(connection);
        },
      });
      this.wires.set(connection, wire);
    } catch {
      // The same as a link that fails.
      listener.disconnected(connection);
    }
  }

  disconnect(connection: number): void {
    this.wires.get(connection)?.close();
    this.wires.delete(connection);
  }

  transmit(connection: number, bytes: Uint8Array): void {
    this.wires.get(connection)?.send(bytes);
  }

  /** Ends them all at once. */
  abandon(): void {
    for (const wire of this.wires.values()) wire.close();
    this.wires.clear();
  }
}
