// The mark beside an own message says where the message is, to eyes and to screen readers.

import { render, screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import type { RowState } from "../../src/engine/generated/RowState";
import { locale } from "../../src/state/locale.svelte";
import StateMark from "../../src/ui/StateMark.svelte";

const failure = { reason: "notAllowed", field: "", retryAfterMs: 0 } as const;

test.each<[RowState, string, string]>([
  [{ type: "sending", sendKey: "k" }, "Sending", "发送中"],
  [{ type: "sent" }, "Sent", "已发送"],
  [{ type: "delivered" }, "Delivered", "已送达"],
  [{ type: "read" }, "Read", "已读"],
  [{ type: "failed", sendKey: "k", failure }, "Not sent", "发送失败"],
])("%o has its name in both languages", async (state, english, chinese) => {
  const { rerender } = render(StateMark, { state });
  expect(screen.getByRole("img", { name: english })).toBeTruthy();
  locale.choose("zh");
  await rerender({});
  expect(screen.getByRole("img", { name: chinese })).toBeTruthy();
});

test("delivered and read are told apart without the colour", () => {
  const { container: one } = render(StateMark, { state: { type: "sent" } });
  const { container: two } = render(StateMark, { state: { type: "delivered" } });
  const { container: read } = render(StateMark, { state: { type: "read" } });
  const drawings = [one, two, read].map((container) => container.querySelector("svg")?.innerHTML);
  expect(new Set(drawings).size).toBe(3);
});

test("others' messages have no mark", () => {
  render(StateMark, { state: { type: "stored" } });
  expect(screen.queryByRole("img")).toBeNull();
});
