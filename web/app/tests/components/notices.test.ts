// The pages and lines that say one thing and offer one thing to do.

import { fireEvent, screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import App from "../../src/ui/App.svelte";
import ChatList from "../../src/ui/ChatList.svelte";
import SignOutSheet from "../../src/ui/SignOutSheet.svelte";
import { FakeEngine, type FakeOptions } from "../../src/engine/fake-engine";
import { AppState } from "../../src/state/app.svelte";
import { render } from "@testing-library/svelte";
import { settled, show } from "./show";

function open(options: FakeOptions): FakeEngine {
  const engine = new FakeEngine(options);
  render(App, { app: new AppState(engine) });
  engine.start();
  return engine;
}

test("what cannot start says so and offers to reload", async () => {
  open({ status: { type: "broken", detail: "no workers" } });
  await settled();
  expect(screen.getByRole("heading", { name: "Anser could not start" })).toBeTruthy();
  expect(screen.getAllByRole("button").map(({ textContent }) => textContent?.trim())).toEqual(["Reload"]);
});

test("another version's tab can be taken over from here", async () => {
  open({ status: { type: "elsewhere" } });
  await settled();
  expect(screen.getByRole("heading", { level: 1 })).toBeTruthy();
  await fireEvent.click(screen.getByRole("button"));
  await settled();
  expect(screen.getByRole("navigation", { name: "Chats" })).toBeTruthy();
});

test("nobody here yet: one's own handle to give away, one button to find somebody", async () => {
  const { app } = show(ChatList, {}, { signedIn: true, empty: true });
  await settled();
  expect(screen.getByRole("heading", { name: "No chats yet" })).toBeTruthy();
  expect(screen.getByText("@alice")).toBeTruthy();
  await fireEvent.click(screen.getByRole("button", { name: "Find somebody" }));
  expect(app.sheet).toBe("newChat");
});

test("while the list may still come, it is not called empty", async () => {
  show(ChatList, {}, { signedIn: true, empty: true, link: { type: "connecting" } });
  await settled();
  expect(screen.queryByRole("heading", { name: "No chats yet" })).toBeNull();
});

test("signing out says what would be lost", async () => {
  const { engine } = show(SignOutSheet, {});
  await settled();
  expect(screen.getByRole("alert").textContent).toContain("not been sent yet");
  await fireEvent.click(screen.getByRole("button", { name: "Sign out" }));
  expect(engine.commands.map(({ type }) => type)).toContain("signOut");
});
