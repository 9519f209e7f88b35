// The network goes, the page goes, the server is killed: nothing is lost, nothing comes twice.
import type { Person } from "../helpers/person.ts";
import { readAll } from "../helpers/reading.ts";
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
