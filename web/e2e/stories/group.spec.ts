// A small group.
import { readAll } from "../helpers/reading.ts";
import { expect, test } from "../helpers/story.ts";

test("three people talk in a group, one leaves", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  const carol = await world.member("carol");

  await alice.startsGroup("Walks", [bob, carol]);
  await alice.writes("Sunday at ten?");
  await bob.opensChat("Walks");
  await carol.opensChat("Walks");
  await bob.writes("Yes");
  await carol.sees("Yes");
  await carol.writes("I have to work");
  for (const person of [alice, bob, carol]) {
    await person.sees("I have to work");
    expect(await readAll(person)).toEqual(["Sunday at ten?", "Yes", "I have to work"]);
  }

  await carol.page.getByRole("button", { name: "Members" }).click();
  const members = carol.page.getByRole("dialog", { name: "Members" });
  await members.getByRole("button", { name: "Leave group" }).click();
  await members.getByRole("button", { name: "Leave", exact: true }).click();
  await expect(alice.page.getByTestId("system-row").filter({ hasText: "Carol left" })).toHaveCount(1);

  await alice.writes("Just us two then");
  await bob.sees("Just us two then");
  await expect(carol.page.getByText("You left this group.")).toBeVisible();
  await expect(carol.composer).toHaveCount(0);
  await expect(carol.message("Just us two then")).toHaveCount(0);
});

test("a new name and a new member reach everybody", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  const carol = await world.member("carol");
  await alice.startsGroup("Walks", [bob]);

  await alice.page.getByRole("button", { name: "Members" }).click();
  const members = alice.page.getByRole("dialog", { name: "Members" });
  await members.getByRole("textbox", { name: "Title" }).fill("Long walks");
  await members.getByRole("button", { name: "Rename" }).click();
  await expect(bob.chat("Long walks")).toBeVisible();

  await members.getByRole("textbox", { name: "Add a handle" }).fill(carol.handle);
  await members.getByRole("textbox", { name: "Add a handle" }).press("Enter");
  await members.getByRole("button", { name: "Add to the group" }).click();
  await carol.opensChat("Long walks");
  await carol.writes("Thank you for having me");
  await bob.opensChat("Long walks");
  await bob.sees("Thank you for having me");
});

test("a group with a handle that nobody has: it is named, and everything else stays", async ({ world }) => {
  const alice = await world.member("alice");
  await world.member("bob");
  await alice.page.getByRole("button", { name: "New chat" }).click();
  await alice.page.getByRole("dialog", { name: "New chat" }).getByRole("button", { name: "New group" }).click();
  const dialog = alice.page.getByRole("dialog", { name: "New group" });
  await dialog.getByRole("textbox", { name: "Title" }).fill("Walks");
  await dialog.getByRole("textbox", { name: "Add a handle" }).fill("bob, bobb");
  await dialog.getByRole("button", { name: "Create group" }).click();
  await expect(dialog.getByRole("alert")).toHaveText("Nobody has @bobb.");
  await dialog.getByRole("button", { name: "Remove @bobb" }).click();
  await dialog.getByRole("button", { name: "Create group" }).click();
  await expect(alice.page.getByRole("heading", { name: "Walks" })).toBeVisible();
  await expect(alice.page.getByText("2 members")).toBeVisible();
});
