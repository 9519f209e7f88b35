// Two people chat.
import { readAll } from "../helpers/reading.ts";
import { expect, test } from "../helpers/story.ts";

test("two people find each other and chat live, both ways", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");

  await alice.startsChatWith(bob);
  await alice.writes("Hello Bob");
  await alice.seesState("Hello Bob", "delivered");

  await bob.seesUnread("Alice", 1);
  await bob.opensChat("Alice");
  await bob.sees("Hello Bob");
  await alice.seesState("Hello Bob", "read");

  await bob.writes("Hello Alice 👩‍👩‍👧");
  await alice.sees("Hello Alice 👩‍👩‍👧");
  await bob.seesState("Hello Alice 👩‍👩‍👧", "read");
});

test("nobody is found by half a handle", async ({ world }) => {
  const alice = await world.member("alice");
  await world.member("barbara");

  await alice.page.getByRole("button", { name: "New chat" }).click();
  const dialog = alice.page.getByRole("dialog", { name: "New chat" });
  await dialog.getByRole("textbox", { name: "Handle" }).fill("barb");
  await dialog.getByRole("button", { name: "Find" }).click();
  await expect(dialog.getByText("Nobody has this handle.")).toBeVisible();
});

test("200 messages at once arrive in order on both screens", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.writes("first");
  await bob.opensChat("Alice");

  const many = Array.from({ length: 200 }, (_, index) => `message ${index + 1}`);
  for (const text of many) await alice.writes(text);
  await alice.seesState("message 200", "read");
  await bob.sees("message 200");

  expect(await readAll(alice)).toEqual(["first", ...many]);
  expect(await readAll(bob)).toEqual(["first", ...many]);
});

test("a reload keeps everything", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.writes("still here?");
  await bob.opensChat("Alice");
  await bob.writes("still here!");
  await alice.sees("still here!");

  await alice.reloads();
  await alice.isIn();
  await alice.opensChat("Bob");
  expect(await readAll(alice)).toEqual(["still here?", "still here!"]);
  await alice.seesState("still here?", "read");
});

test("a chat of long ago is read back to its first message", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  const many = Array.from({ length: 120 }, (_, index) => `line ${index + 1}`);
  for (const text of many) await alice.writes(text);
  await alice.seesState("line 120", "delivered");

  // A new device has nothing on its disk: what it shows comes from the server, page by page.
  const elsewhere = await world.person("bob");
  await elsewhere.opens();
  await elsewhere.signsIn();
  await elsewhere.isIn();
  await elsewhere.opensChat("Alice");
  expect(await readAll(elsewhere)).toEqual(many);
});

test("Enter chooses while composing Chinese, and sends afterwards", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);

  await alice.composer.focus();
  const keyboard = await alice.page.context().newCDPSession(alice.page);
  await keyboard.send("Input.imeSetComposition", { text: "nihao", selectionStart: 5, selectionEnd: 5 });
  // The Enter that an input method takes for itself: the page only hears that there was one.
  const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 };
  await keyboard.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
  await keyboard.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter });
  await keyboard.send("Input.insertText", { text: "你好" });
  await expect(alice.composer).toHaveValue("你好");
  await expect(alice.page.getByTestId("message")).toHaveCount(0);

  await alice.page.keyboard.press("Enter");
  await alice.seesState("你好", "delivered");
  await bob.opensChat("Alice");
  await bob.sees("你好");
});
