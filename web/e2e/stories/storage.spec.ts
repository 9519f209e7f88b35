// What happens to what the browser keeps, and to the client itself: damaged, thrown away, forbidden, replaced.
import type { Page } from "@playwright/test";
import { besideTheClient, damageDatabase, evictDatabase } from "../helpers/disk.ts";
import { newerBuild, withoutDisk } from "../helpers/front.ts";
import type { Person } from "../helpers/person.ts";
import { readAll } from "../helpers/reading.ts";
import { expect, test, type World } from "../helpers/story.ts";

/** Long enough that the messages fill several pages of the database. */
const LINES = Array.from({ length: 40 }, (_, index) => `line ${index + 1} ${"and so on ".repeat(40).trim()}`);

/** The whole chat, as soon as it has come from the server: each line by its beginning. */
async function readsInTheEnd(person: Person, lines: string[]): Promise<void> {
  const begin = (line: string) => line.slice(0, "line 40 ".length);
  await expect(async () => expect((await readAll(person)).map(begin)).toEqual(lines.map(begin))).toPass();
}

/** A chat with a long history, a draft, and a message that could not be sent. */
async function leavesAFullChat(alice: Person, bob: Person): Promise<void> {
  await alice.startsChatWith(bob);
  for (const line of LINES) await alice.writes(line);
  await alice.seesState(LINES.at(-1)!, "delivered");
  alice.goesOffline();
  await alice.seesLink("offline");
  await alice.writes("unsent");
  await alice.seesState("unsent", "sending");
  await alice.composer.fill("half a thought");
  // The list shows the drafts of chats that are not open.
  await alice.page.goBack();
  await expect(alice.chat("Bob").getByTestId("chat-row-last")).toContainText("half a thought");
}

/** Whoever loses what the browser kept is told so, signs in, and has everything again. */
async function comesBackToEverything(world: World, losing: (person: Person, beside: Page) => Promise<void>): Promise<void> {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.writes("one");
  await alice.seesState("one", "delivered");
  await losing(alice, await besideTheClient(alice));

  await alice.opens();
  await expect(alice.page.getByText("This browser no longer has what Anser kept here.")).toBeVisible();
  await alice.signsIn();
  await alice.isIn();
  await alice.opensChat("Bob");
  expect(await readAll(alice)).toEqual(["one"]);
}

test("a damaged copy is made anew: history from the server, drafts and unsent messages from here", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  const beside = await besideTheClient(alice);
  await leavesAFullChat(alice, bob);
  await damageDatabase(alice, beside, ["line 12 ", "line 33 "]);
  alice.wire.mend();

  await alice.opens();
  await alice.isIn();
  await alice.opensChat("Bob");
  await alice.sees("unsent");
  await alice.seesState("unsent", "delivered");
  await expect(alice.page.getByText("This browser’s copy was damaged.")).toBeVisible();
  await expect(alice.composer).toHaveValue("half a thought");
  await alice.page.getByRole("button", { name: "Dismiss" }).click();
  await expect(alice.page.getByText("This browser’s copy was damaged.")).toBeHidden();
  await readsInTheEnd(alice, [...LINES, "unsent"]);
  await bob.opensChat("Alice");
  await readsInTheEnd(bob, [...LINES, "unsent"]);

  // Said once, and whole from now on.
  await alice.reloads();
  await alice.isIn();
  await expect(alice.page.getByText("This browser’s copy was damaged.")).toBeHidden();
});

test("a copy that is garbage from end to end: one signs in, and everything is back", async ({ world }) => {
  await comesBackToEverything(world, damageDatabase);
});

test("the browser threw away what was kept: the sign-in page says so, and everything comes back", async ({ world }) => {
  await comesBackToEverything(world, evictDatabase);
});

test("without a disk everything works for as long as the tab is open, and that is said once", async ({ world }) => {
  const front = await world.front(withoutDisk);
  const alice = await world.person("alice", {}, front.port);
  const bob = await world.member("bob");
  await alice.registers();
  const notice = alice.page.getByText("This browser keeps nothing on disk here");
  await expect(notice).toBeVisible();
  await alice.page.getByRole("button", { name: "Dismiss" }).click();
  await expect(notice).toBeHidden();

  await alice.startsChatWith(bob);
  await alice.writes("from memory");
  await bob.opensChat("Alice");
  await bob.sees("from memory");
  await alice.seesState("from memory", "read");

  await alice.reloads();
  await alice.signsIn();
  await alice.isIn();
  await alice.opensChat("Bob");
  await alice.sees("from memory");
  await expect(notice).toBeHidden();
});

test("a new version waits until it is asked for, and everything stays where it was", async ({ world }) => {
  const front = await world.front();
  const alice = await world.person("alice", {}, front.port);
  const bob = await world.member("bob");
  await alice.registers();
  await alice.canOpenOffline();
  await alice.startsChatWith(bob);
  await alice.writes("before");
  const second = alice.at(await alice.opensATab());
  await second.isIn();

  front.change = newerBuild;
  await alice.reloads();
  await alice.isIn();
  const line = alice.page.getByText("A new version is ready.");
  await expect(line).toBeVisible();
  // Nothing happens by itself: the page is still the old one, after a reload too.
  await alice.reloads();
  await expect(line).toBeVisible();
  await expect(alice.page.locator("html")).not.toHaveAttribute("data-build");
  await alice.composer.fill("half a thought");

  await alice.page.getByRole("button", { name: "Update" }).click();
  for (const tab of [alice, second]) {
    await expect(tab.page.locator("html")).toHaveAttribute("data-build", "newer");
    await tab.isIn();
  }
  await expect(alice.composer).toHaveValue("half a thought");
  await alice.sees("before");
  await expect(line).toBeHidden();
});

test("a new version comes by itself when all tabs are closed", async ({ world }) => {
  const front = await world.front();
  const alice = await world.person("alice", {}, front.port);
  await alice.registers();
  await alice.canOpenOffline();
  front.change = newerBuild;
  await alice.reloads();
  await expect(alice.page.getByText("A new version is ready.")).toBeVisible();
  await expect(async () => {
    // No tab is open; how soon the browser then lets the old one go is its own affair.
    await alice.page.goto("about:blank");
    await alice.page.waitForTimeout(500);
    await alice.opens();
    await expect(alice.page.locator("html")).toHaveAttribute("data-build", "newer", { timeout: 1_000 });
  }).toPass();
  await alice.isIn();
});
