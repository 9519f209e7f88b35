// One person at several places: two browsers, two tabs, a device that is ended.
import { readAll } from "../helpers/reading.ts";
import { expect, test } from "../helpers/story.ts";

test("the same person in two browsers stays in step", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  const bobElsewhere = await world.person("bob");
  await bobElsewhere.opens();
  await bobElsewhere.signsIn();
  await bobElsewhere.isIn();

  await alice.startsChatWith(bob);
  await alice.writes("one");
  await alice.writes("two");
  await bob.seesUnread("Alice", 2);
  await bobElsewhere.seesUnread("Alice", 2);
  await expect(bobElsewhere.page).toHaveTitle(/^\(2\)/);

  // Read here clears there.
  await bob.opensChat("Alice");
  await bobElsewhere.seesUnread("Alice", 0);
  await expect(bobElsewhere.page).not.toHaveTitle(/^\(/);

  // Written here shows there, as one's own, with its state.
  await bob.writes("from the desk");
  await bobElsewhere.opensChat("Alice");
  await bobElsewhere.sees("from the desk");
  await expect(bobElsewhere.message("from the desk")).toHaveAttribute("data-own", "true");
  await alice.opensChat("Bob");
  await bobElsewhere.seesState("from the desk", "read");
  expect(await readAll(bobElsewhere)).toEqual(await readAll(bob));
});

test("a device that is ended is signed out", async ({ world }) => {
  const alice = await world.member("alice");
  const lost = await world.person("alice");
  await lost.opens();
  await lost.signsIn();
  await lost.isIn();

  await alice.page.getByRole("button", { name: "Settings" }).click();
  await alice.page.getByRole("dialog", { name: "Settings" }).getByRole("button", { name: "Devices" }).click();
  const devices = alice.page.getByRole("dialog", { name: "Devices" });
  await devices.getByRole("button", { name: /^End/ }).click();

  await expect(lost.page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(lost.page.getByText("This device was signed out.")).toBeVisible();
  await lost.reloads();
  await expect(lost.page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await alice.seesLink("online");
});

test("a second tab is told, and can take over", async ({ world }) => {
  const alice = await world.member("alice");
  const tab = await alice.opensATab();
  await expect(tab.getByRole("heading", { name: "Anser is open in another tab" })).toBeVisible();

  await tab.getByRole("button", { name: "Use it here" }).click();
  await expect(tab.getByRole("navigation", { name: "Chats" })).toBeVisible();
  await expect(alice.page.getByRole("heading", { name: "Anser is open in another tab" })).toBeVisible();
});
