// Several tabs of one browser: one engine for all of them, whichever is closed.
import type { Person } from "../helpers/person.ts";
import { readAll } from "../helpers/reading.ts";
import { turnsWheel } from "../helpers/scrolling.ts";
import { expect, test } from "../helpers/story.ts";

/** The lock that says which tab leads; the same in every version. */
const LOCK = "anser-engine";

/** How many tabs of this browser have an engine, or wait to have it. */
async function countLeaders(person: Person): Promise<{ leading: number; waiting: number }> {
  return person.page.evaluate(async (name) => {
    const { held = [], pending = [] } = await navigator.locks.query();
    const count = (locks: LockInfo[]) => locks.filter((lock) => lock.name === name).length;
    return { leading: count(held), waiting: count(pending) };
  }, LOCK);
}

/** Two tabs of one person, both in the chat with the other one; the first one leads. */
async function twoTabs(alice: Person, bob: Person): Promise<[Person, Person]> {
  await alice.startsChatWith(bob);
  await alice.writes("before");
  await alice.seesState("before", "delivered");
  const second = alice.at(await alice.opensATab());
  await second.isIn();
  await second.opensChat("Bob");
  await second.sees("before");
  return [alice, second];
}

test("two tabs show the same, and one writes in both", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  const [first, second] = await twoTabs(alice, bob);
  await first.writes("from the first tab");
  await second.writes("from the second tab");
  await bob.opensChat("Alice");
  await bob.writes("seen");
  for (const tab of [first, second]) {
    await tab.sees("seen");
    await tab.seesState("from the second tab", "read");
    expect(await readAll(tab)).toEqual(await readAll(bob));
  }
  expect(await countLeaders(first)).toEqual({ leading: 1, waiting: 1 });
});

test("what is begun in one tab can be finished in another", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  const second = alice.at(await alice.opensATab());
  await second.isIn();
  await alice.composer.fill("half a thought");
  await expect(second.chat("Bob").getByTestId("chat-row-last")).toContainText("half a thought");
  await second.opensChat("Bob");
  await expect(second.composer).toHaveValue("half a thought");
});

test("ten tabs opened at once have one engine", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  const tabs = (await Promise.all(Array.from({ length: 9 }, () => alice.opensATab()))).map((page) => alice.at(page));
  for (const tab of tabs) await tab.isIn();
  expect(await countLeaders(alice)).toEqual({ leading: 1, waiting: 9 });
  await bob.opensChat("Alice");
  await bob.writes("hello, all of you");
  for (const tab of tabs) await expect(tab.chat("Bob").getByTestId("chat-row-last")).toContainText("hello, all of you");
});

for (const [end, how] of [
  ["is closed", (tab: Person) => tab.losesThePage()],
  ["crashes", (tab: Person) => tab.crashes()],
] as const) {
  test(`the tab with the engine ${end} while another one writes: everything arrives once, in order`, async ({ world }) => {
    const alice = await world.member("alice");
    const bob = await world.member("bob");
    const [leader, other] = await twoTabs(alice, bob);
    await bob.opensChat("Alice");
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`);
    for (const [index, line] of lines.entries()) {
      await other.writes(line);
      if (index === 6) await how(leader);
    }
    await other.seesState("line 20", "read");
    await other.seesLink("online");
    expect(await readAll(bob)).toEqual(["before", ...lines]);
    expect(await readAll(other)).toEqual(["before", ...lines]);
    expect(await countLeaders(other)).toEqual({ leading: 1, waiting: 0 });
  });
}

test("the tab with the engine is closed: the other one stays where it was", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  const [leader, other] = await twoTabs(alice, bob);
  for (let line = 1; line <= 40; line += 1) await other.writes(`line ${line}`);
  await other.seesState("line 40", "delivered");
  const log = other.page.getByRole("log", { name: "Messages" });
  const place = async () => (await other.message("line 12").boundingBox())?.y;
  // With the wheel: right after one has written, the list holds its end against everything but a hand.
  await turnsWheel(other, -700);
  await expect(other.message("line 12")).toBeInViewport();
  await other.composer.fill("not yet");
  const before = await place();
  // Anything that shows, even for one frame: an empty chat, another page, the end of the chat.
  await log.evaluate((element) => {
    const seen = ((window as Window & { seen?: number[] }).seen = []);
    const look = () => {
      seen.push(document.querySelectorAll("[data-testid=message]").length as never);
      if (element.isConnected) requestAnimationFrame(look);
    };
    look();
  });

  await leader.losesThePage();
  await bob.opensChat("Alice");
  await bob.writes("are you there?");
  await expect(other.page.getByRole("button", { name: /new$/ })).toBeVisible();
  expect(await place()).toBe(before);
  await expect(other.composer).toHaveValue("not yet");
  const seen = await other.page.evaluate(() => (window as Window & { seen?: number[] }).seen ?? []);
  expect(Math.min(...seen)).toBeGreaterThan(0);
});

test("signing out in one tab signs out all", async ({ world }) => {
  const alice = await world.member("alice");
  const second = alice.at(await alice.opensATab());
  await second.isIn();
  await second.page.getByRole("button", { name: "Settings" }).click();
  await second.page.getByRole("dialog", { name: "Settings" }).getByRole("button", { name: "Sign out" }).click();
  await second.page.getByRole("dialog", { name: "Sign out?" }).getByRole("button", { name: "Sign out" }).click();
  for (const tab of [second, alice]) await expect(tab.page.getByRole("button", { name: "Sign in" })).toBeVisible();
  // And in again, in the tab that leads: the other one is in, too.
  await alice.signsIn();
  for (const tab of [second, alice]) await tab.isIn();
});

test("a tab with another version has the engine: it can be had here", async ({ world }) => {
  const alice = await world.member("alice");
  // Something that holds the lock, and lets go when it is asked to, but speaks another language.
  await alice.page.goto(new URL("/healthz", alice.wire.address).href);
  await alice.page.evaluate((name) => {
    void navigator.locks.request(name, () => {
      return new Promise<void>((letGo) => {
        new BroadcastChannel(name).onmessage = ({ data }) => data === "please-let-go" && letGo();
      });
    });
  }, LOCK);
  const tab = alice.at(await alice.opensATab());
  await expect(tab.page.getByRole("heading", { name: "Anser is open in another tab" })).toBeVisible();
  await tab.page.getByRole("button", { name: "Use it here" }).click();
  await tab.isIn();
});
