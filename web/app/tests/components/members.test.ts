// Who is in a group, however large it is.

import { fireEvent, render, screen } from "@testing-library/svelte";
import type { Component } from "svelte";
import { expect, test } from "vitest";
import { FakeEngine } from "../../src/engine/fake-engine";
import type { Command } from "../../src/engine/generated/Command";
import type { Outcome } from "../../src/engine/generated/Outcome";
import { AppState } from "../../src/state/app.svelte";
import MembersSheet from "../../src/ui/MembersSheet.svelte";
import { settled } from "./show";
import WithApp from "./WithApp.svelte";

function many(count: number): Outcome {
  const person = (account: number) => ({ account, handle: `person_${account}`, displayName: `Person ${account}` });
  const members = Array.from({ length: count }, (_, at) => ({ person: person(at + 1), fromSeq: 1, delivered: 0, read: 0, left: false }));
  return { type: "members", members };
}

test("of a very large group some are drawn, more when asked for, and it says how many there are", async () => {
  const engine = new FakeEngine({ signedIn: true });
  const app = new AppState(engine);
  engine.start();
  await settled();
  const group = app.conversations.list.find(({ peer }) => peer === null)!;
  const send = engine.send.bind(engine);
  engine.send = (command: Command) => (command.type === "listMembers" ? Promise.resolve(many(450)) : send(command));
  render(WithApp, { app, component: MembersSheet as Component<any>, given: { view: { ...group, memberCount: 100_000 } } });
  await settled();
  const drawn = () => document.querySelector("ul[aria-label=Members]")?.children.length;
  expect(drawn()).toBe(200);
  await fireEvent.click(screen.getByRole("button", { name: "Show more" }));
  expect(drawn()).toBe(400);
  expect(screen.queryByText(/Listed are/)).toBeNull();
  await fireEvent.click(screen.getByRole("button", { name: "Show more" }));
  expect(drawn()).toBe(450);
  expect(screen.getByText("Listed are the first 450 of 100,000.")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
});
