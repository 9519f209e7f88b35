// A bubble shows what was written as it was written, who wrote it, and what to do when it did not go out.

import { fireEvent, screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { ALICE, BOB, CAROL, row, text } from "../../src/engine/fake-world";
import type { RowView } from "../../src/engine/generated/RowView";
import { arrange } from "../../src/text/rows";
import Bubble from "../../src/ui/Bubble.svelte";
import { show } from "./show";

const AT = Date.UTC(2026, 4, 20, 12, 0);

function showRow(shown: RowView, group = false): ReturnType<typeof show> {
  return show(Bubble, { item: arrange([shown], undefined)[0]!, group });
}

const words = (): HTMLElement => screen.getByTestId("message-text");

test("spaces and lines stay as they were written", () => {
  showRow(row(1, BOB, AT, text("one\n  two")));
  expect(words().textContent).toBe("one\n  two");
});

test("links lead out without telling where from; markup is only text", () => {
  showRow(row(1, BOB, AT, text("<b>see</b> https://example.org/a")));
  expect(words().textContent).toBe("<b>see</b> https://example.org/a");
  const link = screen.getByRole("link", { name: "https://example.org/a" });
  expect(link.getAttribute("rel")).toBe("noopener noreferrer");
  expect(words().querySelector("b")).toBeNull();
});

test("each message takes its direction from its own first letters", () => {
  showRow(row(1, BOB, AT, text("سأحضر القهوة")));
  expect(words().closest("[dir]")?.getAttribute("dir")).toBe("auto");
});

test("a screen reader hears who wrote it, in a group and between two", () => {
  showRow(row(1, CAROL, AT, text("hello")), true);
  expect(screen.getByText(CAROL.displayName)).toBeTruthy();
  showRow(row(2, ALICE, AT, text("hi"), { type: "sent" }));
  expect(screen.getByText("You")).toBeTruthy();
});

test("a kind this version does not know says so", () => {
  showRow(row(1, BOB, AT, { type: "unknown", kind: 7 }));
  expect(words().textContent).toContain("newer version");
});

test("one that failed says why, and can be tried again or deleted", async () => {
  const failure = { reason: "notAllowed", field: "", retryAfterMs: 0 } as const;
  const { engine } = showRow(row(0, ALICE, AT, text("list"), { type: "failed", sendKey: "k", failure }));
  expect(screen.getByText("Not sent: You may not do that.")).toBeTruthy();
  await fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  await fireEvent.click(screen.getByRole("button", { name: "Delete" }));
  expect(engine.commands).toEqual([
    { type: "retrySend", sendKey: "k" },
    { type: "discardSend", sendKey: "k" },
  ]);
});
