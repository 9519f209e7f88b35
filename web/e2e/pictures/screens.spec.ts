// Pictures of the real client, to be looked at: phone and desktop, light and dark, English and Chinese.
import { join } from "node:path";
import type { Looks, Person } from "../helpers/person.ts";
import { type World, expect, test } from "../helpers/story.ts";

const FOLDER = join(import.meta.dirname, "../screenshots");
const PHONE: Looks = { viewport: { width: 390, height: 844 }, isMobile: true };
const DESKTOP: Looks = { viewport: { width: 1280, height: 800 } };

const SHAPES: [string, Looks][] = [
  ["desktop-light-en", { ...DESKTOP, colorScheme: "light" }],
  ["desktop-dark-zh", { ...DESKTOP, colorScheme: "dark", locale: "zh-CN" }],
  ["phone-light-zh", { ...PHONE, colorScheme: "light", locale: "zh-CN" }],
  ["phone-dark-en", { ...PHONE, colorScheme: "dark" }],
];

/** Alice, who has something on her screen: a chat, a group, unread messages. */
async function busyAlice(world: World): Promise<Person> {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  const carol = await world.member("carol");
  await alice.startsGroup("Sunday walks", [bob, carol]);
  await alice.writes("Where to on Sunday? The weather should be fine, and I would like to see the lake again.");
  await bob.opensChat("Sunday walks");
  await bob.writes("The lake, at ten. I bring bread and cheese.");
  await carol.opensChat("Sunday walks");
  await carol.writes("我来带茶 🍵");
  await bob.startsChatWith(alice);
  for (const text of ["Hi Alice", "Do you still have my umbrella?", "看起来要下雨了", "See https://example.org/weather"]) {
    await bob.writes(text);
  }
  await alice.opensChat("Bob");
  await alice.sees("Do you still have my umbrella?");
  await alice.writes("I do. 我明天带给你。");
  await alice.seesState("I do. 我明天带给你。", "read");
  await carol.startsChatWith(alice);
  await carol.writes("Are you free tonight?");
  await carol.writes("There is a concert in the park.");
  await alice.seesUnread("Carol", 2);
  return alice;
}

/** The same account in another browser, shown as `looks` says. In Chinese the English names do not work. */
async function open(world: World, looks: Looks): Promise<Person> {
  const shown = await world.person("alice", looks);
  await shown.opens();
  await shown.page.locator("input[name=handle], input").first().waitFor();
  return shown;
}

async function enter(shown: Person): Promise<void> {
  const inputs = shown.page.locator("form input");
  await inputs.nth(0).fill("alice");
  await inputs.nth(1).fill("the secret of alice");
  await inputs.nth(1).press("Enter");
  await expect(shown.page.getByTestId("chat-row")).toHaveCount(3);
}

test("the screens of the client", async ({ world }) => {
  await busyAlice(world);
  for (const [shape, looks] of SHAPES) {
    const shown = await open(world, looks);
    const picture = (name: string) => shown.page.screenshot({ path: join(FOLDER, `${shape}-${name}.png`) });
    await picture("1-sign-in");
    await enter(shown);
    await picture("2-list");
    await shown.chat("Bob").click();
    await expect(shown.page.getByTestId("message").first()).toBeVisible();
    await picture("3-chat");
    shown.goesOffline();
    await shown.seesLink("offline");
    // One account has all the shapes, so each writes something of its own.
    const unsent = `Written in the tunnel (${shape})`;
    await shown.page.locator("textarea").fill(unsent);
    await shown.page.locator("textarea").press("Enter");
    await shown.seesState(unsent, "sending");
    await picture("4-offline");
    shown.wire.mend();
    await shown.page.getByTestId("link-state").getByRole("button").first().click();
    await shown.seesLink("online");
    if (looks.isMobile) await shown.page.locator("section header button").first().click();
    await shown.chat("Sunday walks").click();
    await expect(shown.page.getByTestId("message")).toHaveCount(3);
    await picture("5-group");
    await shown.page.locator("section header button").last().click();
    await expect(shown.page.getByRole("dialog")).toBeVisible();
    await picture("6-members");
    await shown.page.keyboard.press("Escape");
    if (looks.isMobile) await shown.page.locator("section header button").first().click();
    await shown.page.locator("nav header button").last().click();
    await expect(shown.page.getByRole("dialog")).toBeVisible();
    await picture("7-settings");
    await shown.page.keyboard.press("Escape");
    await shown.page.locator("nav header button").first().click();
    await expect(shown.page.getByRole("dialog")).toBeVisible();
    await picture("8-new-chat");
  }
});
