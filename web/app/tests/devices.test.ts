// The devices page's state: listing, ending one, ending all others, and what goes wrong.

import { expect, test } from "vitest";
import type { Command } from "../src/engine/generated/Command";
import type { DeviceView } from "../src/engine/generated/DeviceView";
import type { FailureReason } from "../src/engine/generated/FailureReason";
import type { Outcome } from "../src/engine/generated/Outcome";
import { DevicesState } from "../src/state/devices.svelte";
import { unknownAmong } from "../src/state/find-handles";

const failed = (reason: FailureReason): Outcome => ({ type: "failed", failure: { reason, field: "", retryAfterMs: 0 } });

/** A server with some devices, of which the third is this one. */
function world(refuse: (command: Command) => Outcome | undefined = () => undefined) {
  let devices: DeviceView[] = [1, 2, 3, 4].map((device) => ({ device, name: `Device ${device}`, createdAtMs: 0, lastSeenAtMs: device, current: device === 3 }));
  const commands: Command[] = [];
  const send = async (command: Command): Promise<Outcome> => {
    commands.push(command);
    const refused = refuse(command);
    if (refused !== undefined) return refused;
    if (command.type === "revokeDevice") devices = devices.filter(({ device }) => device !== command.device);
    return command.type === "listDevices" ? { type: "devices", devices } : { type: "done" };
  };
  return { state: new DevicesState({ send }), commands };
}

const ids = (state: DevicesState): number[] | undefined => state.list?.map(({ device }) => device);

test("this device comes first, then the last seen", async () => {
  const { state } = world();
  const loading = state.load();
  expect(state.loading).toBe(true);
  await loading;
  expect(state.loading).toBe(false);
  expect(ids(state)).toEqual([3, 4, 2, 1]);
  expect(state.others).toHaveLength(3);
});

test("one is ended, and the list is asked for again", async () => {
  const { state, commands } = world();
  await state.load();
  expect(await state.end(4)).toBe(true);
  expect(ids(state)).toEqual([3, 2, 1]);
  expect(commands.map(({ type }) => type)).toEqual(["listDevices", "revokeDevice", "listDevices"]);
});

test("all others are ended, never this one", async () => {
  const { state, commands } = world();
  await state.load();
  expect(await state.endOthers()).toBe(true);
  expect(ids(state)).toEqual([3]);
  expect(commands.some((command) => command.type === "revokeDevice" && command.device === 3)).toBe(false);
});

test("a device that somebody else ended first is ended", async () => {
  const { state } = world((command) => (command.type === "revokeDevice" ? failed("notFound") : undefined));
  await state.load();
  expect(await state.end(4)).toBe(true);
  expect(state.failure).toBeUndefined();
});

test("what goes wrong on the way is said, and the list is true", async () => {
  const { state } = world((command) => (command.type === "revokeDevice" && command.device === 2 ? failed("server") : undefined));
  await state.load();
  expect(await state.endOthers()).toBe(false);
  expect(state.failure?.reason).toBe("server");
  expect(ids(state)).toEqual([3, 2, 1]);
  expect(state.ending.size).toBe(0);
});

test("without network there is no list, and a second try brings it", async () => {
  let online = false;
  const { state } = world(() => (online ? undefined : failed("offline")));
  await state.load();
  expect(state.failure?.reason).toBe("offline");
  expect(state.list).toBeUndefined();
  online = true;
  await state.load();
  expect(state.failure).toBeUndefined();
  expect(state.list).toHaveLength(4);
});

test("the handles nobody has are found among those somebody has", async () => {
  const bob = { account: 1, handle: "bob", displayName: "Bob" };
  const send = async (command: Command): Promise<Outcome> => {
    if (command.type !== "findAccount") return failed("server");
    if (command.handle === "b!") return failed("invalidField");
    return { type: "people", people: command.handle === "bob" ? [bob] : [] };
  };
  expect(await unknownAmong({ send }, ["bob", "b!", "bobb"])).toEqual(["b!", "bobb"]);
});

test("who cannot be asked for is not called unknown", async () => {
  expect(await unknownAmong({ send: async () => failed("rateLimited") }, ["bob", "carol"])).toEqual([]);
});
