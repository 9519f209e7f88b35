// Sheets that find, list and set things: what they show while they wait, when nothing is there, and when it goes wrong.

import { fireEvent, screen, within } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeEngine } from "../../src/engine/fake-engine";
import type { Command } from "../../src/engine/generated/Command";
import type { Outcome } from "../../src/engine/generated/Outcome";
import CheatSheet from "../../src/ui/CheatSheet.svelte";
import DevicesSheet from "../../src/ui/DevicesSheet.svelte";
import NewGroupSheet from "../../src/ui/NewGroupSheet.svelte";
import QuickSwitcher from "../../src/ui/QuickSwitcher.svelte";
import SettingsSheet from "../../src/ui/SettingsSheet.svelte";
import SignOutSheet from "../../src/ui/SignOutSheet.svelte";
import { settled, show } from "./show";

/** From now on engines answer these commands so. */
function answer(how: (command: Command) => Outcome | undefined): void {
  const { send } = FakeEngine.prototype;
  vi.spyOn(FakeEngine.prototype, "send").mockImplementation(async function (this: FakeEngine, command) {
    return how(command) ?? send.call(this, command);
  });
}

beforeEach(() => {
  Element.prototype.scrollIntoView = () => {};
});

afterEach(() => {
  vi.restoreAllMocks();
});

const offline: Outcome = { type: "failed", failure: { reason: "offline", field: "", retryAfterMs: 0 } };
const waited = async (): Promise<void> => {
  for (let i = 0; i < 3; i += 1) await settled();
};

test("devices: who this is, when the others were seen, and a way to end them", async () => {
  const { engine } = show(DevicesSheet, {});
  await waited();
  const rows = screen.getAllByRole("listitem", { hidden: true });
  expect(rows[0]?.textContent).toContain("This device");
  expect(rows[1]?.textContent).toContain("Last seen");
  await fireEvent.click(screen.getByRole("button", { name: "End Firefox, Android", hidden: true }));
  await waited();
  expect(engine.commands.map(({ type }) => type)).toEqual(["listDevices", "revokeDevice", "listDevices"]);
});

test("devices: without a network it says so, and a second try may go well", async () => {
  let online = false;
  answer((command) => (command.type === "listDevices" && !online ? offline : undefined));
  const { engine } = show(DevicesSheet, {}, { signedIn: true, link: { type: "offline", retryAtMs: 0 } });
  await waited();
  await fireEvent.click(screen.getByRole("button", { name: "Try again", hidden: true }));
  await waited();
  expect(screen.getByRole("alert", { hidden: true }).textContent).toContain("No connection");
  online = true;
  engine.tell({ type: "link", link: { type: "online" } });
  await waited();
  expect(screen.getByText(/This device/)).toBeTruthy();
  expect(screen.queryByRole("alert", { hidden: true })).toBeNull();
});

test("a group with somebody nobody knows: the one is named and marked, the title stays", async () => {
  const { app } = show(NewGroupSheet, {});
  await fireEvent.input(screen.getByRole("textbox", { name: "Title", hidden: true }), { target: { value: "Walks" } });
  await fireEvent.input(screen.getByRole("textbox", { name: "Add a handle", hidden: true }), { target: { value: "bob, bobb, carol" } });
  await fireEvent.click(screen.getByRole("button", { name: "Create group", hidden: true }));
  await waited();
  expect(screen.getByRole("alert", { hidden: true }).textContent).toBe("Nobody has @bobb.");
  expect(document.querySelector("li.unknown")?.textContent).toContain("@bobb");
  expect(app.timeline.conversation).toBeUndefined();
  await fireEvent.click(screen.getByRole("button", { name: "Remove @bobb", hidden: true }));
  await fireEvent.click(screen.getByRole("button", { name: "Create group", hidden: true }));
  await waited();
  expect(app.timeline.conversation).toBeDefined();
});

test("every group is made with a key of its own", async () => {
  const { engine } = show(NewGroupSheet, {});
  await fireEvent.input(screen.getByRole("textbox", { name: "Title", hidden: true }), { target: { value: "Walks" } });
  await fireEvent.click(screen.getByRole("button", { name: "Create group", hidden: true }));
  await waited();
  const made = engine.commands.find((command) => command.type === "createGroup");
  expect(made?.type === "createGroup" && made.key).toMatch(/^[0-9a-f]{32}$/);
});

test("the switcher: arrow keys choose, Enter opens, and the choice is told to screen readers", async () => {
  const { app } = show(QuickSwitcher, {});
  app.show("switcher");
  await waited();
  const field = screen.getByRole("combobox", { hidden: true });
  const active = (): string => document.getElementById(field.getAttribute("aria-activedescendant") ?? "")?.textContent ?? "";
  expect(active()).toContain("Bob");
  await fireEvent.keyDown(field, { key: "ArrowDown" });
  expect(active()).toContain("Lake weekend");
  await fireEvent.input(field, { target: { value: "carol" } });
  expect(active()).toContain("@carol");
  await fireEvent.keyDown(field, { key: "Enter", isComposing: true });
  expect(app.timeline.conversation).toBeUndefined();
  await fireEvent.keyDown(field, { key: "Enter" });
  await waited();
  expect(app.timeline.conversation).toBe(3);
  expect(app.sheet).toBeUndefined();
});

test("the switcher without chats says what to do", async () => {
  show(QuickSwitcher, {}, { signedIn: true, empty: true });
  await waited();
  expect(screen.getByText(/No chats yet/)).toBeTruthy();
});

test("the cheat sheet shows how one sends, as it was chosen", async () => {
  const { app } = show(CheatSheet, {});
  const keysOf = (what: string): string | undefined => screen.getByText(what).nextElementSibling?.textContent?.replace(/\s+/g, " ").trim();
  expect(keysOf("New line")).toBe("ShiftEnter");
  app.desk.chooseSendWith("modifier");
  await settled();
  expect(keysOf("Send")).toBe("CtrlEnter");
  expect(keysOf("New line")).toBe("Enter");
});

test("settings: the switch of notifications stays off where the browser has none, and says why", () => {
  show(SettingsSheet, {});
  const toggle = screen.getByRole("switch", { name: "Notifications", hidden: true });
  expect((toggle as HTMLInputElement).disabled).toBe(true);
  expect(screen.getByText(/shows no notifications here/)).toBeTruthy();
});

test("signing out says what would be lost, and what went wrong", async () => {
  show(SignOutSheet, {});
  answer((command) => (command.type === "signOut" ? offline : undefined));
  await settled();
  expect(screen.getByText(/not been sent yet/)).toBeTruthy();
  await fireEvent.click(within(screen.getByRole("dialog", { hidden: true })).getByRole("button", { name: "Sign out", hidden: true }));
  await waited();
  expect(screen.getByText(/No connection/)).toBeTruthy();
});
