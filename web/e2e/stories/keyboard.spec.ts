// Everything by keyboard: from the first field to the answered message, without a mouse.
import { expect, test } from "../helpers/story.ts";

test("from signing in to an answered message without a mouse", async ({ world }) => {
  const bob = await world.member("bob");
  const alice = await world.person("alice");
  await alice.opens();
  const { keyboard } = alice.page;
  await alice.page.getByRole("button", { name: "Create an account" }).press("Enter");
  await alice.page.getByRole("textbox", { name: "Handle" }).focus();
  await keyboard.type("alice");
  await keyboard.press("Tab");
  await keyboard.type("Alice");
  await keyboard.press("Tab");
  await keyboard.type("the secret of alice");
  await keyboard.press("Enter");
  await alice.isIn();

  // The keyboard stands at the search: whom one wants is one word away.
  await expect(alice.page.getByRole("button", { name: "Search" })).toBeFocused();
  await keyboard.press("Enter");
  const switcher = alice.page.getByRole("dialog", { name: "Go to a chat or person" });
  await expect(switcher.getByText("No chats yet.")).toBeVisible();
  await keyboard.type("bob");
  await expect(switcher.getByRole("option", { name: "Find @bob" })).toHaveAttribute("aria-selected", "true");
  await keyboard.press("Enter");
  await expect(switcher.getByRole("option", { name: "Bob @bob" })).toHaveAttribute("aria-selected", "true");
  await keyboard.press("Enter");
  await expect(alice.composer).toBeFocused();
  await keyboard.type("Are you there?");
  await keyboard.press("Enter");
  await alice.seesState("Are you there?", "delivered");

  // Bob has no mouse either.
  await bob.seesUnread("Alice", 1);
  await bob.page.keyboard.press("Alt+Shift+ArrowDown");
  await bob.sees("Are you there?");
  await bob.page.keyboard.type("Yes!");
  await bob.page.keyboard.press("Enter");
  await alice.sees("Yes!");
});

test("the quick switcher finds chats by title, name and handle, and people of shared groups", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  const carol = await world.member("carol");
  await bob.startsGroup("Über the lake", [alice, carol]);
  await alice.opensChat("Über the lake");
  await alice.startsChatWith(bob);
  const { keyboard } = alice.page;
  const switcher = alice.page.getByRole("dialog", { name: "Go to a chat or person" });
  const goTo = async (typed: string, option: RegExp, title: string) => {
    await keyboard.press("ControlOrMeta+k");
    await keyboard.type(typed);
    await expect(switcher.getByRole("option").first()).toHaveText(option);
    await keyboard.press("Enter");
    await expect(alice.page.getByRole("heading", { name: title })).toBeVisible();
  };
  await goTo("uber", /Über the lake/, "Über the lake");
  await goTo("bo", /Bob/, "Bob");
  // Carol is known from the group; there is no chat with her yet.
  await goTo("caro", /Carol.*Write to them/s, "Carol");

  // Without a network one still gets around.
  alice.goesOffline();
  await alice.seesLink("offline");
  await goTo("lake", /Über the lake/, "Über the lake");
  await keyboard.press("ControlOrMeta+k");
  await keyboard.type("somebody_new");
  await keyboard.press("Enter");
  await expect(switcher.getByText("No connection right now.")).toBeVisible();
  await keyboard.press("Escape");
  await expect(switcher).toHaveCount(0);
  await expect(alice.composer).toBeFocused();
});

test("nobody is found by a handle that nobody has", async ({ world }) => {
  const alice = await world.member("alice");
  await alice.page.keyboard.press("ControlOrMeta+k");
  await alice.page.keyboard.type("@nobody_here");
  await alice.page.keyboard.press("Enter");
  await expect(alice.page.getByText("Nobody has the handle @nobody_here.")).toBeVisible();
});

test("the list is walked with arrow keys, Esc leads back to it, and typing goes to the chat", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  const carol = await world.member("carol");
  await alice.startsChatWith(bob);
  await alice.writes("to Bob");
  await alice.startsChatWith(carol);
  await alice.writes("to Carol");
  await alice.seesState("to Carol", "delivered");
  const { keyboard } = alice.page;

  await keyboard.press("Escape");
  await expect(alice.chat("Carol")).toBeFocused();
  await expect(alice.composer).toHaveCount(0);
  await keyboard.press("ArrowDown");
  await expect(alice.chat("Bob")).toBeFocused();
  await keyboard.press("Home");
  await expect(alice.chat("Carol")).toBeFocused();
  await keyboard.press("End");
  await keyboard.press("Enter");
  await alice.sees("to Bob");
  await expect(alice.composer).toBeFocused();

  await keyboard.press("Alt+ArrowUp");
  await alice.sees("to Carol");
  await keyboard.press("Alt+ArrowDown");
  await alice.sees("to Bob");

  await alice.page.getByRole("log", { name: "Messages" }).focus();
  await keyboard.type("typed at the messages");
  await expect(alice.composer).toHaveValue("typed at the messages");
});

test("the list keeps the keyboard on a chat that a message moves up", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  const carol = await world.member("carol");
  await bob.startsChatWith(alice);
  await bob.writes("first");
  await carol.startsChatWith(alice);
  await carol.writes("second");
  await alice.seesUnread("Carol", 1);
  await alice.chat("Bob").focus();
  await bob.writes("third");
  await expect(alice.page.getByTestId("chat-row").first()).toHaveAttribute("data-title", "Bob");
  await expect(alice.chat("Bob")).toBeFocused();
  await alice.page.keyboard.press("ArrowDown");
  await expect(alice.chat("Carol")).toBeFocused();
});

test("the cheat sheet tells the keys, in the language of the screen", async ({ world }) => {
  const alice = await world.member("alice");
  await alice.page.keyboard.press("?");
  const sheet = alice.page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(sheet.getByText("Next unread chat")).toBeVisible();
  await alice.page.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);

  await alice.page.keyboard.press("ControlOrMeta+Comma");
  const settings = alice.page.getByRole("dialog", { name: "Settings" });
  await settings.getByRole("combobox", { name: "Language" }).selectOption("zh");
  await alice.page.getByRole("button", { name: "键盘快捷键" }).press("Enter");
  await expect(alice.page.getByText("下一个未读聊天")).toBeVisible();
});

test("a key pressed right after Esc is not lost on the sheet that Esc has closed", async ({ world }) => {
  const alice = await world.member("alice");
  await alice.page.keyboard.press("?");
  const sheet = alice.page.getByRole("dialog", { name: "Keyboard shortcuts" });
  // As Esc does it. The browser itself would tell only with its next frame that the dialog is closed.
  const isGone = await sheet.evaluate(async (dialog: HTMLDialogElement) => {
    dialog.requestClose();
    await Promise.resolve();
    return document.querySelector("dialog") === null;
  });
  expect(isGone).toBe(true);
});

test("where one writes, a question mark is a question mark", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.page.keyboard.type("Really?");
  await expect(alice.composer).toHaveValue("Really?");
  await expect(alice.page.getByRole("dialog")).toHaveCount(0);
});
