// How messages look and are heard: emoji, code, writing from right to left, news for those who listen.
import { turnsWheel } from "../helpers/scrolling.ts";
import { expect, test } from "../helpers/story.ts";

test("a few emoji are large, a family stays whole, and words beside them make a line like any other", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  const family = "\u{1F468}\u{1F3FF}\u200D\u{1F469}\u{1F3FB}\u200D\u{1F467}\u{1F3FD}\u200D\u{1F466}\u{1F3FC}";
  await alice.writes(family);
  await alice.writes(`${family} we`);
  const fontSize = (text: string) =>
    alice.message(text).getByTestId("message-text").evaluate((words) => Number.parseFloat(getComputedStyle(words).fontSize));
  expect(await fontSize(family)).toBeGreaterThan(1.5 * (await fontSize(`${family} we`)));
  await bob.opensChat("Alice");
  await expect(bob.message(family)).toHaveCount(1);
});

test("code keeps its spaces and is never markup; its marks are not shown", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.composer.fill("run `rm <b>` then\n```sh\nif x; then\n  y\nfi\n```");
  await alice.composer.press("Enter");
  const words = alice.page.getByTestId("message-text").last();
  await expect(words.locator("code").first()).toHaveText("rm <b>");
  expect(await words.locator("code").last().textContent()).toBe("if x; then\n  y\nfi");
  await expect(words.locator("b")).toHaveCount(0);
});

test("Arabic and Hebrew stand to the right inside their bubbles, their time to the left", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  for (const text of ["\u0633\u0623\u062D\u0636\u0631 \u0627\u0644\u0642\u0647\u0648\u0629", "\u05E7\u05E4\u05D4 \u05D5\u05E2\u05D5\u05D2\u05D4"]) {
    await alice.writes(text);
    const message = alice.message(text);
    await expect(message).toHaveCount(1);
    const words = await message.getByTestId("message-text").boundingBox();
    const time = await message.locator("time").boundingBox();
    expect(words?.x ?? 0).toBeGreaterThan(time?.x ?? 0);
    await expect(message.getByTestId("message-text")).toHaveCSS("direction", "rtl");
  }
});

test("a text says its language where the script tells it", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.writes("\u4ECA\u65E5\u306F");
  await alice.writes("\u597D\u7684");
  await alice.writes("fine");
  await alice.sees("fine");
  const langs = await alice.page.getByTestId("message-text").evaluateAll((all) => all.map((words) => words.getAttribute("lang")));
  expect(langs).toEqual(["ja", "zh", null]);
});

test("a screen reader hears each new message once, and never what was there when the chat opened", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.writes("before");
  await expect(bob.chat("Alice").getByTestId("chat-row-last")).toHaveText("before");
  await bob.opensChat("Alice");
  await bob.sees("before");
  const heard = bob.page.getByTestId("announcer");
  await expect(heard).toHaveAttribute("aria-live", "polite");
  await alice.writes("hello");
  await expect(heard).toHaveText("Alice: hello");
  await bob.writes("my own words");
  await alice.sees("my own words");
  await expect(heard).toHaveText("Alice: hello");
});

test("the keys of every page move through the messages", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  for (let line = 1; line <= 40; line += 1) await alice.writes(`line ${line}`);
  const log = alice.page.getByRole("log", { name: "Messages" });
  const offset = () => log.evaluate((node) => node.scrollTop);
  await log.focus();
  for (const key of ["PageUp", "ArrowUp"]) {
    const before = await offset();
    await log.press(key);
    await expect.poll(offset).toBeLessThan(before);
  }
  await log.press("Home");
  await expect(alice.message("line 1")).toBeInViewport();
  await log.press("End");
  await expect(alice.message("line 40")).toBeInViewport();
  await expect(alice.page.getByRole("button", { name: "To the newest message" })).toHaveCount(0);
});

test("what is selected stays selected, however far one scrolls", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  for (let line = 1; line <= 80; line += 1) await alice.writes(`line ${line}`);
  await alice.message("line 80").getByTestId("message-text").selectText();
  await turnsWheel(alice, -20_000);
  await expect(alice.message("line 1")).toBeInViewport();
  await expect(alice.message("line 60")).toHaveCount(0);
  expect(await alice.page.evaluate(() => String(getSelection()))).toBe("line 80");
});

test("what has the focus keeps it, however far one scrolls, and back", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  for (let line = 1; line <= 79; line += 1) await alice.writes(`line ${line}`);
  await alice.writes("https://example.org/last");
  const link = alice.page.getByRole("link", { name: "https://example.org/last" });
  await link.focus();
  await turnsWheel(alice, -20_000);
  await expect(alice.message("line 1")).toBeInViewport();
  await expect(alice.message("line 60")).toHaveCount(0);
  await expect(link).toBeFocused();
  await alice.page.keyboard.press("End");
  await expect(link).toBeInViewport();
  await expect(link).toBeFocused();
});
