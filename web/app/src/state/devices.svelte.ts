// Where this account is signed in, and ending what should not be.

import type { Engine } from "../engine/engine";
import type { DeviceView } from "../engine/generated/DeviceView";
import type { Failure } from "../engine/generated/Failure";

/** The list as the server last gave it; asked for again after every change. */
export class DevicesState {
  /** Undefined until the server has answered. */
  list = $state.raw<readonly DeviceView[] | undefined>(undefined);
  loading = $state(false);
  failure = $state.raw<Failure | undefined>(undefined);
  /** Being ended right now. */
  ending = $state.raw<ReadonlySet<number>>(new Set());

  readonly others: readonly DeviceView[] = $derived((this.list ?? []).filter(({ current }) => !current));

  constructor(private readonly engine: Pick<Engine, "send">) {}

  async load(): Promise<void> {
    this.loading = true;
    const outcome = await this.engine.send({ type: "listDevices" });
    this.loading = false;
    if (outcome.type === "devices") {
      this.list = [...outcome.devices].sort(thisOneFirst);
      this.failure = undefined;
    } else if (outcome.type === "failed") {
      this.failure = outcome.failure;
    }
  }

  /** Signs one out. True when it is. */
  async end(device: number): Promise<boolean> {
    return this.endAll([device]);
  }

  /** Signs all out but this one. True when all are. */
  async endOthers(): Promise<boolean> {
    return this.endAll(this.others.map(({ device }) => device));
  }

  private async endAll(devices: readonly number[]): Promise<boolean> {
    this.ending = new Set(devices);
    let failure: Failure | undefined;
    for (const device of devices) {
      const outcome = await this.engine.send({ type: "revokeDevice", device });
      // One that is not there any more was ended by somebody else: as wished.
      if (outcome.type === "failed" && outcome.failure.reason !== "notFound") failure = outcome.failure;
      if (failure !== undefined) break;
    }
    // Also after a failure: some may be gone.
    await this.load();
    this.ending = new Set();
    if (failure !== undefined) this.failure = failure;
    return failure === undefined;
  }
}

function thisOneFirst(a: DeviceView, b: DeviceView): number {
  return Number(b.current) - Number(a.current) || b.lastSeenAtMs - a.lastSeenAtMs || b.device - a.device;
}
