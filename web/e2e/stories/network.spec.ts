// The network goes, the page goes, the server is killed: nothing is lost, nothing comes twice.
import type { Person } from "../helpers/person.ts";
import { watchesCounts } from "../helpers/counts.ts";
import { readAll } from "../helpers/reading.ts";
import { movedBy, screenOf, turnsWheel } from "../helpers/scrolling.ts";
import { Sender } from "../helpers/sender.ts";
import { SEED_PASSWORD } from "../helpers/server.ts";
import { expect, test } from "../helpers/story.ts";

test("what is written offline survives the page and is delivered once", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.writes("before");
  await bob.opensChat("Alice");
  await bob.sees("before");
  await alice.canOpenOffline();

  alice.goesOffline();
  await alice.writes("from the tunnel");
  await alice.seesState("from the tunnel", "sending");
  await alice.losesThePage();

  await alice.comesBack();
  await alice.opensChat("Bob");
  await alice.sees("before");
  await alice.seesState("from the tunnel", "sending");
  await alice.writes("and another");
  await alice.seesState("and another", "sending");

  await alice.goesOnline();
  await alice.seesState("and another", "read");
  expect(await readAll(alice)).toEqual(["before", "from the tunnel", "and another"]);
  expect(await readAll(bob)).toEqual(["before", "from the tunnel", "and another"]);
});

test("who was offline gets what was missed, and only then is it called delivered", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.writes("one");
  await alice.seesState("one", "delivered");

  bob.goesOffline();
  await bob.seesLink("offline");
  await alice.writes("two");
  await alice.seesState("two", "sent");
  await alice.writes("three");
  await alice.seesState("three", "sent");

  await bob.goesOnline();
  await alice.seesState("three", "delivered");
  await bob.seesUnread("Alice", 3);
  await bob.opensChat("Alice");
  expect(await readAll(bob)).toEqual(["one", "two", "three"]);
});

test("a network that lets no WebSocket through is got around, and left as soon as it does", async ({ world }) => {
  const front = await world.front();
  front.block("webSocket");
  const alice = await world.person("alice", {}, front.port);
  await alice.registers();
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.writes("over long polls");
  await alice.seesState("over long polls", "delivered");
  expect(front.newest).toBe("longPoll");

  front.block("longPoll");
  await expect.poll(() => front.newest).toBe("shortPoll");
  await alice.writes("over short polls");
  await alice.seesState("over short polls", "delivered");
  await bob.opensChat("Alice");
  await bob.writes("I see");
  await alice.sees("I see");

  front.unblock("longPoll");
  front.unblock("webSocket");
  await expect.poll(() => front.newest, { timeout: 120_000 }).toBe("webSocket");
  await alice.writes("over a WebSocket");
  await alice.seesState("over a WebSocket", "read");
  const said = ["over long polls", "over short polls", "I see", "over a WebSocket"];
  expect(await readAll(alice)).toEqual(said);
  expect(await readAll(bob)).toEqual(said);
});

test("the server is killed in the middle and nothing is lost or doubled", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.writes("a0");
  await bob.opensChat("Alice");
  await bob.writes("b0");
  await alice.sees("b0");

  // Both keep writing while the server dies and comes back, twice.
  const lines = Array.from({ length: 60 }, (_, index) => index + 1);
  const keepsWriting = async (person: Person, prefix: string) => {
    for (const line of lines) await person.writes(`${prefix}${line}`);
  };
  const serverDiesAt = async (text: string) => {
    await alice.sees(text);
    await world.server.kill();
    await world.server.restart();
  };
  await Promise.all([
    keepsWriting(alice, "a"),
    keepsWriting(bob, "b"),
    serverDiesAt("a5").then(() => serverDiesAt("a30")),
  ]);

  await alice.seesState("a60", "read");
  await bob.seesState("b60", "read");
  const onAlices = await readAll(alice);
  expect(await readAll(bob)).toEqual(onAlices);
  // One sender's messages keep their order, whatever was tried how often.
  expect(onAlices.filter((text) => text.startsWith("a"))).toEqual([0, ...lines].map((line) => `a${line}`));
  expect(onAlices.filter((text) => text.startsWith("b"))).toEqual([0, ...lines].map((line) => `b${line}`));
});

test.describe("a long cut", () => {
  const CHATS = 40;
  const PEOPLE = Array.from({ length: 19 }, (_, index) => index + 1);
  const MISSED_IN_EACH = 25;
  const EVERYBODY = "Everybody";

  test.use({ seed: { chats: CHATS, messages: 600 } });

  test("500 messages in 20 chats were missed: the scene is as it was left, and no count is ever wrong", async ({ world }) => {
    // High enough that every row of the list is in the page.
    const alice = await world.alice({ viewport: { width: 1280, height: 3_200 } });
    const senders = await Promise.all(PEOPLE.map((n) => Sender.signIn(world.server.port, `person_${n}`, SEED_PASSWORD)));
    const [first] = senders;
    const everybody = first?.chats.find((chat) => chat.title === EVERYBODY)?.conversation ?? 0;
    // More than fits on the screen, so that she stands at the unread line with more below.
    for (let line = 1; line <= 150; line += 1) await first?.writes(everybody, `before the cut ${line}`);
    await alice.seesUnread(EVERYBODY, 150);

    await alice.opensChat("Person 2");
    await alice.opensChat(EVERYBODY);
    await alice.composer.fill("half a thought");
    const line = alice.page.getByTestId("unread-line");
    await expect(line).toBeInViewport();
    await alice.opensChat("Person 2");

    alice.goesOffline();
    await alice.seesLink("offline");
    await alice.writes("from the tunnel");
    await alice.writes("and another");
    await alice.seesState("and another", "sending");
    await alice.opensChat(EVERYBODY);
    await expect(line).toBeInViewport();
    await turnsWheel(alice, -100);
    const before = await screenOf(alice);
    const lineBefore = await line.boundingBox();

    const missed = senders.map(async (sender) => {
      const { conversation } = await sender.opensDirect("alice");
      for (let n = 1; n <= MISSED_IN_EACH; n += 1) await sender.writes(conversation, `missed ${n}`);
    });
    await Promise.all(missed);
    let last = 0;
    for (let n = 1; n <= MISSED_IN_EACH; n += 1) last = (await first?.writes(everybody, `missed ${n}`)) ?? 0;

    const shown = await watchesCounts(alice.page);
    const began = Date.now();
    await alice.goesOnline();
    await alice.seesLink("online");
    const took = Date.now() - began;
    const { chats: then } = await shown();
    const changed = [EVERYBODY, ...PEOPLE.map((n) => titleOf(n))];
    for (const title of changed) {
      const count = Number(then[title]?.[0]) + MISSED_IN_EACH;
      await alice.seesUnread(title, count);
    }
    console.log(`link-up to online, the person's tap on "Try now" included: ${took} ms`);

    // Her own two are out, after what was missed: everything has come to rest.
    await expect(alice.chat("Person 2").getByLabel("Sent", { exact: true })).toHaveCount(1);
    const after = await screenOf(alice);
    expect(movedBy(before, after, 0)).toBe(0);
    expect(await line.boundingBox()).toEqual(lineBefore);
    await expect(alice.composer).toHaveValue("half a thought");

    const { page, chats } = await shown();
    for (const [title, values] of Object.entries(chats)) {
      const more = changed.includes(title) ? MISSED_IN_EACH : 0;
      const old = Number(values[0]);
      expect(values.map(Number), `unread of ${title}`).toEqual(more === 0 ? [old] : [old, old + more]);
    }
    const total = (title: string | undefined) => Number(/^\((\d+)\)/.exec(title ?? "")?.[1] ?? 0);
    expect(page.map(total), "the title's count").toEqual([total(page[0]), total(page[0]) + changed.length * MISSED_IN_EACH]);

    // The open chat is whole to its end.
    let screen = after;
    while (!screen.rows.some(({ seq }) => seq === last)) {
      await turnsWheel(alice, 600);
      screen = await screenOf(alice);
    }
    await alice.opensChat("Person 2");
    await alice.seesState("from the tunnel", "sent");
    await alice.seesState("and another", "sent");
    for (const sender of senders) sender.close();
  });
});

/** As `anser seed` names people. */
function titleOf(person: number): string {
  if (person % 4 === 1) return `人物${person}号`;
  if (person % 4 === 3) return `شخص ${person}`;
  return `Person ${person}`;
}
