// Where a reader stands: what is below the screen has not been read, and nobody loses their place.
import { expect, test } from "../helpers/story.ts";

test("a chat with much unread opens at the unread line, and is read at its end", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  for (let line = 1; line <= 40; line += 1) await alice.writes(`line ${line}`);
  await bob.seesUnread("Alice", 40);

  await bob.opensChat("Alice");
  await expect(bob.page.getByTestId("unread-line")).toBeInViewport();
  await expect(bob.message("line 1")).toBeInViewport();

  // Had opening it told anything as read, Bob's browser would have said so before it shows this one.
  await alice.writes("one more");
  const toTheEnd = bob.page.getByRole("button", { name: "1 new" });
  await expect(toTheEnd).toBeVisible();
  await bob.seesUnread("Alice", 41);
  await alice.seesState("line 40", "delivered");

  await toTheEnd.click();
  await expect(bob.message("one more")).toBeInViewport();
  await alice.seesState("one more", "read");
  await bob.seesUnread("Alice", 0);
  await expect(bob.composer).toBeFocused();
});

test("the focus goes back to where a dialog was opened, however it is closed", async ({ world }) => {
  const alice = await world.member("alice");
  const settings = alice.page.getByRole("button", { name: "Settings" });

  await settings.click();
  await alice.page.getByRole("button", { name: "Close" }).click();
  await expect(settings).toBeFocused();

  // From one dialog to another, and out.
  await alice.page.keyboard.press("Enter");
  await alice.page.getByRole("dialog", { name: "Settings" }).getByRole("button", { name: "Devices" }).press("Enter");
  await expect(alice.page.getByRole("dialog", { name: "Devices" })).toBeVisible();
  await alice.page.keyboard.press("Escape");
  await expect(settings).toBeFocused();
});

test("back from a chat on a narrow screen, the keyboard stands on its row", async ({ world }) => {
  const alice = await world.member("alice", { viewport: { width: 390, height: 844 } });
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.page.getByRole("button", { name: "Back" }).press("Enter");
  await expect(alice.chat("Bob")).toBeFocused();
});

test("who stands at the end stays there when the screen changes its shape", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  for (let line = 1; line <= 30; line += 1) await alice.writes(`line ${line}, ${"with many words ".repeat(line % 8)}`.trim());
  const last = alice.page.getByTestId("message").last();
  await alice.seesState("line 30, with many words with many words with many words with many words with many words with many words", "delivered");
  for (const [width, height] of [
    [900, 500],
    [340, 700],
    [1280, 800],
  ] as const) {
    await alice.page.setViewportSize({ width, height });
    await expect(last).toHaveText(/line 30/);
    await expect(last).toBeInViewport({ ratio: 1 });
    await expect(alice.page.getByRole("button", { name: "To the newest message" })).toHaveCount(0);
  }
});
