// A row of the list says who, what last, when, and how much is new.

import { fireEvent, screen, within } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ALICE, BOB, CAROL, makeChat, row, text } from "../../src/engine/fake-world";
import type { ConversationView } from "../../src/engine/generated/ConversationView";
import ChatRow from "../../src/ui/ChatRow.svelte";
import { show } from "./show";

const NOW = Date.UTC(2026, 4, 20, 12, 0);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

function direct(changes: Partial<ConversationView> = {}): ConversationView {
  const said = row(1, BOB, NOW - 60_000, text("See you at the lake"));
  return { ...makeChat(1, BOB, "Bob", [ALICE, BOB], [said], 0).view, ...changes };
}

function group(last: ConversationView["last"]): ConversationView {
  return { ...makeChat(2, null, "Lake weekend", [ALICE, BOB, CAROL], [], 0).view, last };
}

const rowOf = (): HTMLElement => screen.getByTestId("chat-row");
const lastLine = (): string => screen.getByTestId("chat-row-last").textContent?.trim() ?? "";

test("who and what last", () => {
  show(ChatRow, { view: direct(), selected: false });
  expect(within(rowOf()).getByText("Bob")).toBeTruthy();
  expect(lastLine()).toBe("See you at the lake");
  expect(rowOf().hasAttribute("aria-current")).toBe(false);
});

test("unread ones are counted in words for screen readers, and capped", () => {
  show(ChatRow, { view: direct({ unread: 1_000 }), selected: false });
  expect(within(rowOf()).getByText("999+").getAttribute("aria-hidden")).toBe("true");
  expect(within(rowOf()).getByText("999+ unread messages")).toBeTruthy();
  expect(rowOf().dataset["unread"]).toBe("1000");
});

test("in a group the sender is named, except oneself", () => {
  show(ChatRow, { view: group(row(3, CAROL, NOW, text("Me"))), selected: false });
  expect(lastLine()).toBe(`${CAROL.displayName}: Me`);
});

test("an own line shows where it is", () => {
  show(ChatRow, { view: direct({ last: row(2, ALICE, NOW, text("Yes"), { type: "delivered" }) }), selected: false });
  expect(screen.getByRole("img", { name: "Delivered" })).toBeTruthy();
  expect(lastLine()).toBe("Yes");
});

test("a draft comes before the last line, but not in the chat that is open", async () => {
  const { change } = show(ChatRow, { view: direct({ draft: "It was" }), selected: false });
  expect(lastLine()).toBe("Draft: It was");
  await change({ selected: true });
  expect(lastLine()).toBe("See you at the lake");
  expect(rowOf().getAttribute("aria-current")).toBe("true");
});

test("a press opens the chat", async () => {
  const { app } = show(ChatRow, { view: direct(), selected: false });
  await fireEvent.click(rowOf());
  expect(app.route.conversation).toBe(1);
});
