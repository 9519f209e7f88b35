// Where a reader stands: what is below the screen has not been read, and nobody loses their place.
import type { Locator } from "@playwright/test";
import { passwordOf, type Person } from "../helpers/person.ts";
import { movedBy, newestOf, placeOf, screenOf, turnsWheel } from "../helpers/scrolling.ts";
import { Sender, type SenderChat } from "../helpers/sender.ts";
import { expect, test, type World } from "../helpers/story.ts";

/** Bob has written so much to Alice, whose browser has it but does not show it. */
async function bobWroteMuch(world: World, lines: number): Promise<{ alice: Person; bob: Sender; chat: SenderChat }> {
  const alice = await world.member("alice");
  const bobAtHome = await world.member("bob");
  await bobAtHome.startsChatWith(alice);
  await bobAtHome.losesThePage();
  const bob = await Sender.signIn(world.server.port, "bob", passwordOf("bob"));
  const chat = await bob.opensDirect("alice");
  for (let line = 1; line <= lines; line += 1) await bob.writes(chat.conversation, `line ${line}`);
  await alice.seesUnread("Bob", lines);
  return { alice, bob, chat };
}

async function unreadOf(person: Person, title: string): Promise<number> {
  return Number(await person.chat(title).getAttribute("data-unread"));
}

/** The jump down; its name is the number of new messages, if there are any. */
const jumpDown = (person: Person): Locator => person.page.getByRole("button", { name: /( new|To the newest message)$/ });

test("a chat with much unread opens at the unread line, and is read as far as it has been on the screen", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  for (let line = 1; line <= 40; line += 1) await alice.writes(`line ${line}`);
  await bob.seesUnread("Alice", 40);

  await bob.opensChat("Alice");
  await expect(bob.page.getByTestId("unread-line")).toBeInViewport();
  await expect(bob.message("line 1")).toBeInViewport();
  await expect.poll(() => unreadOf(bob, "Alice")).toBeLessThan(40);
  const left = await unreadOf(bob, "Alice");
  expect(left).toBeGreaterThan(0);

  // Had opening it told more as read, Bob's browser would have said so before it shows this one.
  await alice.writes("one more");
  await expect(jumpDown(bob)).toHaveText(`${left + 1} new`);
  await bob.seesUnread("Alice", left + 1);
  await alice.seesState("line 40", "delivered");

  // On the way down the number falls.
  await turnsWheel(bob, 200);
  await expect.poll(() => unreadOf(bob, "Alice")).toBeLessThan(left + 1);

  await jumpDown(bob).click();
  await expect(bob.message("one more")).toBeInViewport();
  await alice.seesState("one more", "read");
  await bob.seesUnread("Alice", 0);
  await expect(bob.composer).toBeFocused();
});

test("a reader who scrolled up is not moved: not by thirty new messages, not by older ones, not by both at once", async ({ world }) => {
  const { alice, bob, chat } = await bobWroteMuch(world, 200);
  await alice.opensChat("Bob");
  await jumpDown(alice).click();
  await expect(alice.message("line 200")).toBeInViewport();
  await alice.seesUnread("Bob", 0);
  // Now only the newest page is there; what is above has to be loaded while she scrolls.
  await alice.reloads();
  await expect(alice.message("line 200")).toBeInViewport();

  await turnsWheel(alice, -600);
  const place = await placeOf(alice);
  for (let news = 1; news <= 30; news += 1) await bob.writes(chat.conversation, `news ${news}`);
  await expect(jumpDown(alice)).toHaveText("30 new");
  expect(await placeOf(alice)).toEqual(place);

  // Wheel by wheel to the beginning, while Bob goes on writing.
  let before = await screenOf(alice);
  for (let turn = 1; !before.atTop; turn += 1) {
    await bob.writes(chat.conversation, `more ${turn}`);
    await turnsWheel(alice, -500);
    const after = await screenOf(alice);
    movedBy(before, after, -500);
    before = after;
  }
  await expect(alice.message("line 1")).toBeInViewport();
  expect(await unreadOf(alice, "Bob")).toBeGreaterThan(30);
});

test("whoever leaves the end while message after message comes is not pulled back to it", async ({ world }) => {
  const { alice, bob, chat } = await bobWroteMuch(world, 100);
  await alice.opensChat("Bob");
  await jumpDown(alice).click();
  await expect(alice.message("line 100")).toBeInViewport();
  let talking = true;
  const talk = (async () => {
    for (let news = 1; talking; news += 1) {
      await bob.writes(chat.conversation, `news ${news}`);
      await alice.page.waitForTimeout(20);
    }
  })();
  for (let time = 1; time <= 6; time += 1) {
    const newest = await newestOf(alice);
    await expect.poll(() => newestOf(alice)).toBeGreaterThan(newest + 3);
    await turnsWheel(alice, -300);
    const place = await placeOf(alice);
    await expect(jumpDown(alice)).toHaveText(/\d new/);
    expect(await placeOf(alice)).toEqual(place);
    await jumpDown(alice).click();
    await expect(jumpDown(alice)).toBeHidden();
  }
  talking = false;
  await talk;
});

test("whoever stands at the end stays there while more comes than the page keeps", async ({ world }) => {
  const { alice, bob, chat } = await bobWroteMuch(world, 20);
  await alice.opensChat("Bob");
  await jumpDown(alice).click();
  await expect(alice.message("line 20")).toBeInViewport();
  for (let news = 1; news <= 700; news += 1) await bob.writes(chat.conversation, `news ${news}\nin two lines`);
  await expect.poll(() => newestOf(alice)).toBeGreaterThan(700);
  await expect(jumpDown(alice)).toBeHidden();
  await alice.seesUnread("Bob", 0);
});

test("who comes back to a chat, or reloads the page, stands where they stood", async ({ world }) => {
  const { alice } = await bobWroteMuch(world, 150);
  await alice.opensChat("Bob");
  await expect(alice.page.getByTestId("unread-line")).toBeInViewport();
  await turnsWheel(alice, 900);
  const place = await placeOf(alice);

  const carol = await world.member("carol");
  await alice.startsChatWith(carol);
  await alice.opensChat("Bob");
  await expect.poll(() => placeOf(alice)).toEqual(place);

  await alice.reloads();
  await alice.isIn();
  await expect.poll(() => placeOf(alice)).toEqual(place);

  // The line is still where it was, though what is below it has been read in part.
  await turnsWheel(alice, -900);
  await expect(alice.page.getByTestId("unread-line")).toBeInViewport();
});

test("the link goes and comes back: nobody loses their place", async ({ world }) => {
  const { alice, bob, chat } = await bobWroteMuch(world, 100);
  await alice.opensChat("Bob");
  await turnsWheel(alice, 700);
  const place = await placeOf(alice);
  alice.goesOffline();
  await alice.seesLink("offline");
  for (let news = 1; news <= 20; news += 1) await bob.writes(chat.conversation, `meanwhile ${news}`);
  await alice.goesOnline();
  await alice.seesLink("online");
  await expect.poll(() => unreadOf(alice, "Bob")).toBeGreaterThan(20);
  expect(await placeOf(alice)).toEqual(place);
});

test("the tab that had the engine is closed: in the other one nobody loses their place, and messages go on coming", async ({ world }) => {
  const { alice, bob, chat } = await bobWroteMuch(world, 100);
  const first = alice.page;
  alice.page = await alice.opensATab();
  await alice.isIn();
  await alice.opensChat("Bob");
  await turnsWheel(alice, 700);
  const place = await placeOf(alice);
  await first.close();
  await alice.isIn();
  await bob.writes(chat.conversation, "to whoever has the engine now");
  await expect(alice.chat("Bob").getByTestId("chat-row-last")).toContainText("to whoever has the engine now");
  expect(await placeOf(alice)).toEqual(place);
  await jumpDown(alice).click();
  await expect(alice.message("to whoever has the engine now")).toBeInViewport();
});

test("what came while nobody looked at the page stands below the unread line", async ({ world }) => {
  const { alice, bob, chat } = await bobWroteMuch(world, 3);
  await alice.opensChat("Bob");
  await alice.seesUnread("Bob", 0);
  await alice.looksAway();
  for (let news = 1; news <= 2; news += 1) await bob.writes(chat.conversation, `while away ${news}`);
  await alice.seesUnread("Bob", 2);
  await expect(alice.page).toHaveTitle("(2) Anser");
  await alice.looksBack();
  await alice.seesUnread("Bob", 0);
  const line = alice.page.getByTestId("unread-line");
  await expect(line).toHaveCount(1);
  await expect(alice.message("while away 1")).toBeInViewport();
  await expect(line.locator("xpath=..").getByTestId("message-text")).toHaveText("while away 1");

  // Whoever answers has seen it.
  await alice.writes("I am back");
  await expect(line).toHaveCount(0);
});

test("whoever was away at the end of a chat finds a way up to where the unread begin", async ({ world }) => {
  const { alice, bob, chat } = await bobWroteMuch(world, 3);
  await alice.opensChat("Bob");
  await alice.seesUnread("Bob", 0);
  await alice.looksAway();
  for (let news = 1; news <= 40; news += 1) await bob.writes(chat.conversation, `while away ${news}`);
  await alice.seesUnread("Bob", 40);
  await alice.looksBack();
  await expect(alice.message("while away 40")).toBeInViewport();
  const up = alice.page.getByRole("button", { name: "40 unread" });
  await up.click();
  await expect(alice.page.getByTestId("unread-line")).toBeInViewport();
  await expect(alice.message("while away 1")).toBeInViewport();
  await expect(up).toHaveCount(0);
  await jumpDown(alice).click();
  await expect(alice.message("while away 40")).toBeInViewport();
});

test("an own message leads to the end, from however far up", async ({ world }) => {
  const { alice } = await bobWroteMuch(world, 300);
  await alice.opensChat("Bob");
  await expect(alice.page.getByTestId("unread-line")).toBeInViewport();
  await alice.writes("here I am");
  await expect(alice.message("here I am")).toBeInViewport();
  await expect(alice.message("line 300")).toBeInViewport();
  await expect(jumpDown(alice)).toHaveCount(0);
  await alice.seesUnread("Bob", 0);
});

test("a sheet over the chat reads nothing", async ({ world }) => {
  const { alice, bob, chat } = await bobWroteMuch(world, 3);
  await alice.opensChat("Bob");
  await alice.seesUnread("Bob", 0);
  await alice.page.getByRole("button", { name: "Settings" }).click();
  await expect(alice.page.getByRole("dialog", { name: "Settings" })).toBeVisible();
  await bob.writes(chat.conversation, "behind the sheet");
  await alice.seesUnread("Bob", 1);
  await alice.page.keyboard.press("Escape");
  await alice.seesUnread("Bob", 0);
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
