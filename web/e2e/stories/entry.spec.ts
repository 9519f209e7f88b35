// Coming in: what is wrong is said, where it is wrong.
import { expect, test } from "../helpers/story.ts";

test("a wrong password is said so", async ({ world }) => {
  await world.member("alice");
  const stranger = await world.person("alice");
  await stranger.opens();
  await stranger.signsIn("not the password");
  await expect(stranger.page.getByRole("alert")).toHaveText("Handle or password is wrong.");

  await stranger.signsIn();
  await stranger.isIn();
});

test("a handle that somebody has is refused", async ({ world }) => {
  await world.member("alice");
  const second = await world.person("alice");
  await second.opens();
  await second.page.getByRole("button", { name: "Create an account" }).click();
  await second.page.getByRole("textbox", { name: "Handle" }).fill("alice");
  await second.page.getByRole("textbox", { name: "Name" }).fill("Another Alice");
  await second.page.getByRole("textbox", { name: "Password" }).fill("quite long enough");
  await second.page.getByRole("button", { name: "Create account" }).click();
  await expect(second.page.getByRole("alert")).toHaveText("This handle belongs to somebody else.");
});

test("signing out forgets everything here, signing in brings it back", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.writes("keep this");
  await alice.seesState("keep this", "delivered");

  await alice.page.getByRole("button", { name: "Settings" }).click();
  await alice.page.getByRole("dialog", { name: "Settings" }).getByRole("button", { name: "Sign out" }).click();
  await alice.page.getByRole("dialog", { name: "Sign out?" }).getByRole("button", { name: "Sign out" }).click();
  await expect(alice.page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(alice.page.getByText("keep this")).toHaveCount(0);

  await alice.signsIn();
  await alice.isIn();
  await alice.opensChat("Bob");
  await alice.sees("keep this");
});
