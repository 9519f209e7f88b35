// The line about the link: silent while all is well, one sentence and at most one action otherwise.

import { fireEvent, screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import type { LinkView } from "../../src/engine/generated/LinkView";
import LinkLine from "../../src/ui/LinkLine.svelte";
import { settled, show } from "./show";

test.each<[LinkView, string]>([
  [{ type: "online" }, ""],
  [{ type: "connecting" }, "Connecting…"],
  [{ type: "catchingUp" }, "Updating…"],
])("%o says %s", (link, words) => {
  show(LinkLine, {}, { signedIn: true, link });
  const line = screen.getByRole("status");
  expect(line.textContent?.trim()).toBe(words);
  expect(line.dataset["link"]).toBe(link.type);
  expect(screen.queryByRole("button")).toBeNull();
});

test("offline it offers to try at once", async () => {
  const { engine } = show(LinkLine, {}, { signedIn: true, link: { type: "offline", retryAtMs: 0 } });
  await fireEvent.click(screen.getByRole("button", { name: "Try now" }));
  expect(engine.commands).toEqual([{ type: "reconnectNow" }]);
});

test("the same line tells of every change, so that a screen reader hears it", async () => {
  const { engine } = show(LinkLine, {}, { signedIn: true, link: { type: "connecting" } });
  const line = screen.getByRole("status");
  engine.tell({ type: "link", link: { type: "online" } });
  await settled();
  expect(screen.getByRole("status")).toBe(line);
  expect(line.textContent?.trim()).toBe("");
});
