// Writing: what is typed, pasted or picked is what arrives, and nothing of it gets lost on the way.
import type { Page } from "@playwright/test";
import type { Person } from "../helpers/person.ts";
import { readAll } from "../helpers/reading.ts";
import { expect, test } from "../helpers/story.ts";

/** People with skin tones, flags, keycaps: each is one sign to a reader and many characters to a computer. */
const SIGNS = ["👨🏻‍👩🏿‍👧🏽‍👦🏾", "👩🏽‍❤️‍💋‍👨🏿", "🇨🇳", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣", "🏳️‍⚧️", "👍🏽", "❤️‍🔥"];

const emojiButton = (person: Person) => person.page.getByRole("button", { name: "Emoji" });
const emojiSearch = (person: Person) => person.page.getByRole("combobox", { name: "Search emoji" });

/** Where the caret stands in the composer. */
const caretOf = (person: Person) =>
  person.composer.evaluate((box) => [(box as HTMLTextAreaElement).selectionStart, (box as HTMLTextAreaElement).selectionEnd]);

async function bobInAChat(world: { member: (handle: string) => Promise<Person> }): Promise<[Person, Person]> {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  return [alice, bob];
}

/** Copies something with markup, as from a text processor, and pastes it. */
async function pasteRich(page: Page): Promise<void> {
  await page.evaluate(() => {
    const copy = (event: ClipboardEvent) => {
      event.clipboardData?.setData("text/html", "<b>bold</b><script>alert(1)</script>");
      event.clipboardData?.setData("text/plain", "bold\nand plain");
      event.preventDefault();
    };
    document.addEventListener("copy", copy, { once: true });
  });
  await page.keyboard.press("ControlOrMeta+c");
  await page.keyboard.press("ControlOrMeta+v");
}

test("what is pasted comes in plain", async ({ world }) => {
  const [alice, bob] = await bobInAChat(world);
  await alice.composer.focus();
  await pasteRich(alice.page);
  await expect(alice.composer).toHaveValue("bold\nand plain");
  await alice.composer.press("Enter");
  await bob.opensChat("Alice");
  await expect(bob.page.getByTestId("message-text")).toHaveText("bold\nand plain");
  await expect(bob.page.getByTestId("message-text").locator("b")).toHaveCount(0);
});

test("each chat keeps its draft, over other chats and a reload", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  const carol = await world.member("carol");
  await alice.startsChatWith(bob);
  await alice.composer.fill("half a sentence to Bob");
  await alice.startsChatWith(carol);
  await expect(alice.composer).toHaveValue("");
  await alice.composer.fill("and one to Carol");
  await expect(alice.chat("Bob").getByTestId("chat-row-last")).toHaveText("Draft: half a sentence to Bob");

  await alice.reloads();
  await alice.isIn();
  await expect(alice.composer).toHaveValue("and one to Carol");
  await alice.opensChat("Bob");
  await expect(alice.composer).toHaveValue("half a sentence to Bob");
  await alice.composer.press("Enter");
  await alice.seesState("half a sentence to Bob", "delivered");
  await alice.opensChat("Carol");
  await alice.opensChat("Bob");
  await expect(alice.composer).toHaveValue("");
});

test("a draft begun in one tab goes on in the other", async ({ world }) => {
  const [alice] = await bobInAChat(world);
  const tab = await alice.opensATab();
  await tab.locator('[data-testid=chat-row][data-title="Bob"]').click();
  const there = tab.getByRole("textbox", { name: "Message" });
  await alice.composer.pressSequentially("begun here");
  await expect(there).toHaveValue("begun here");
  await there.press("End");
  await there.pressSequentially(", finished there");
  await expect(alice.composer).toHaveValue("begun here, finished there");
  await there.press("Enter");
  await alice.sees("begun here, finished there");
  await expect(alice.composer).toHaveValue("");
});

test("a family with skin tones is deleted whole, and so is every other sign", async ({ world }) => {
  const [alice] = await bobInAChat(world);
  for (const sign of SIGNS) {
    await alice.composer.fill(`a${sign}b`);
    await alice.composer.press("ArrowLeft");
    await alice.composer.press("Backspace");
    await expect(alice.composer, `${sign} by Backspace`).toHaveValue("ab");
    await alice.composer.press("ControlOrMeta+z");
    await expect(alice.composer, `${sign} comes back`).toHaveValue(`a${sign}b`);
    await alice.composer.press("Home");
    await alice.composer.press("ArrowRight");
    await alice.composer.press("Delete");
    await expect(alice.composer, `${sign} by Delete`).toHaveValue("ab");
  }
  await alice.composer.fill("🇩🇪🇫🇷");
  await alice.composer.press("Backspace");
  await expect(alice.composer).toHaveValue("🇩🇪");
});

test("every sign arrives byte for byte, and is there after a reload", async ({ world }) => {
  const [alice, bob] = await bobInAChat(world);
  for (const sign of SIGNS) await alice.writes(sign);
  const all = SIGNS.join("");
  await alice.writes(all);
  await alice.seesState(all, "delivered");
  await bob.opensChat("Alice");
  await bob.sees(all);
  expect(await readAll(bob)).toEqual([...SIGNS, all]);
  await bob.reloads();
  await bob.isIn();
  await bob.sees(all);
  expect(await readAll(bob)).toEqual([...SIGNS, all]);
});

test("an emoji is found in English and in Chinese, and written where the caret stands", async ({ world }) => {
  const [alice, bob] = await bobInAChat(world);
  await alice.composer.fill("to the lake!");
  await alice.composer.press("Home");
  for (let step = 0; step < 3; step += 1) await alice.composer.press("ArrowRight");

  await alice.page.keyboard.press("ControlOrMeta+e");
  await expect(emojiSearch(alice)).toBeFocused();
  await alice.page.keyboard.type("duck");
  await expect(alice.page.getByRole("gridcell", { name: "duck", exact: true })).toHaveAttribute("aria-selected", "true");
  await alice.page.keyboard.press("Enter");
  await expect(alice.composer).toHaveValue("to 🦆the lake!");
  await expect(alice.composer).toBeFocused();
  expect(await caretOf(alice)).toEqual([5, 5]);

  await emojiButton(alice).click();
  await expect(emojiSearch(alice)).toBeFocused();
  await alice.page.keyboard.type("鸭子");
  await alice.page.keyboard.press("Enter");
  await expect(alice.composer).toHaveValue("to 🦆🦆the lake!");
  await alice.page.keyboard.press("ControlOrMeta+z");
  await expect(alice.composer).toHaveValue("to 🦆the lake!");
  await alice.composer.press("Enter");
  await bob.opensChat("Alice");
  await bob.sees("to 🦆the lake!");
});

test("the picker is walked with arrow keys, remembers what was used and in which tone, and Esc gives the caret back", async ({ world }) => {
  const [alice] = await bobInAChat(world);
  await alice.page.keyboard.press("ControlOrMeta+e");
  await alice.page.getByRole("button", { name: "Skin tone: No skin tone" }).press("Enter");
  await alice.page.keyboard.press("ArrowRight");
  await alice.page.keyboard.press("ArrowRight");
  await alice.page.keyboard.press("ArrowRight");
  await alice.page.keyboard.press("Enter");
  await expect(alice.page.getByRole("button", { name: "Skin tone: Medium", exact: true })).toBeFocused();
  await emojiSearch(alice).focus();
  await alice.page.keyboard.type("thumbs up");
  await alice.page.keyboard.press("Enter");
  await expect(alice.composer).toHaveValue("👍🏽");

  await alice.reloads();
  await alice.isIn();
  await alice.page.keyboard.press("ControlOrMeta+e");
  await expect(alice.page.getByRole("rowheader", { name: "Recently used" })).toBeVisible();
  await alice.page.keyboard.press("ArrowDown");
  await expect(alice.page.getByRole("gridcell", { selected: true })).toHaveText("👍🏽");
  await alice.page.keyboard.press("ArrowDown");
  await alice.page.keyboard.press("ArrowRight");
  await expect(alice.page.getByRole("gridcell", { selected: true })).toHaveAttribute("aria-label", "grinning face with big eyes");
  await alice.page.keyboard.press("Escape");
  await expect(emojiSearch(alice)).toHaveCount(0);
  await expect(alice.composer).toBeFocused();
  // Only the picker was closed, not the chat.
  await alice.page.keyboard.type("!");
  await expect(alice.composer).toHaveValue("👍🏽!");
});

test("an input method composes without sending, and without shortcuts", async ({ world }) => {
  const [alice, bob] = await bobInAChat(world);
  await alice.composer.focus();
  const keyboard = await alice.page.context().newCDPSession(alice.page);
  await keyboard.send("Input.imeSetComposition", { text: "nihao", selectionStart: 5, selectionEnd: 5 });
  for (const key of ["Enter", "Escape"]) {
    const taken = { key, code: key, windowsVirtualKeyCode: 229 };
    await keyboard.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...taken });
    await keyboard.send("Input.dispatchKeyEvent", { type: "keyUp", ...taken });
  }
  await expect(alice.composer).toBeVisible();
  await keyboard.send("Input.insertText", { text: "你好" });
  await expect(alice.composer).toHaveValue("你好");
  await expect(alice.page.getByTestId("message")).toHaveCount(0);
  await alice.page.keyboard.press("Enter");
  await bob.opensChat("Alice");
  await bob.sees("你好");
});

test("who prefers it sends with Ctrl+Enter, and Enter begins a line", async ({ world }) => {
  const [alice, bob] = await bobInAChat(world);
  await alice.page.getByRole("button", { name: "Settings" }).click();
  await alice.page.getByRole("dialog", { name: "Settings" }).getByRole("combobox", { name: "Send with" }).selectOption("modifier");
  await alice.page.keyboard.press("Escape");
  await alice.reloads();
  await alice.isIn();
  await alice.composer.focus();
  await alice.page.keyboard.type("one");
  await alice.page.keyboard.press("Enter");
  await alice.page.keyboard.type("two");
  await expect(alice.composer).toHaveValue("one\ntwo");
  await alice.page.keyboard.press("ControlOrMeta+Enter");
  await expect(alice.composer).toHaveValue("");
  await bob.opensChat("Alice");
  await expect(bob.page.getByTestId("message-text")).toHaveText("one\ntwo");
});

test("a text that is too long is not sent, and says by how much", async ({ world }) => {
  const [alice] = await bobInAChat(world);
  await alice.composer.fill("字".repeat(5_003));
  await expect(alice.page.getByText("3 too many")).toBeVisible();
  await alice.composer.press("Enter");
  await expect(alice.page.getByRole("button", { name: "Send" })).toBeDisabled();
  await expect(alice.page.getByTestId("message")).toHaveCount(0);
  for (let more = 0; more < 3; more += 1) await alice.composer.press("Backspace");
  await alice.composer.press("Enter");
  await alice.seesState("字".repeat(5_000), "delivered");
});

test("the box grows with the text, and no further than it should", async ({ world }) => {
  const [alice] = await bobInAChat(world);
  const height = async () => (await alice.composer.boundingBox())?.height ?? 0;
  const one = await height();
  await alice.composer.fill("a\nb\nc");
  const three = await height();
  expect(three).toBeGreaterThan(one);
  await alice.composer.fill("line\n".repeat(60));
  expect(await height()).toBeLessThan(400);
  await alice.composer.fill("");
  expect(await height()).toBe(one);
});
