// One person at several places: two browsers, two tabs, a device that is ended.
import type { Page } from "@playwright/test";
import type { Person } from "../helpers/person.ts";
import { readAll } from "../helpers/reading.ts";
import { expect, test } from "../helpers/story.ts";

test("the same person in two browsers stays in step", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  const bobElsewhere = await world.person("bob");
  await bobElsewhere.opens();
  await bobElsewhere.signsIn();
  await bobElsewhere.isIn();

  await alice.startsChatWith(bob);
  await alice.writes("one");
  await alice.writes("two");
  await bob.seesUnread("Alice", 2);
  await bobElsewhere.seesUnread("Alice", 2);
  await expect(bobElsewhere.page).toHaveTitle(/^\(2\)/);

  // Read here clears there.
  await bob.opensChat("Alice");
  await bobElsewhere.seesUnread("Alice", 0);
  await expect(bobElsewhere.page).not.toHaveTitle(/^\(/);

  // Written here shows there, as one's own, with its state.
  await bob.writes("from the desk");
  await bobElsewhere.opensChat("Alice");
  await bobElsewhere.sees("from the desk");
  await expect(bobElsewhere.message("from the desk")).toHaveAttribute("data-own", "true");
  await alice.opensChat("Bob");
  await bobElsewhere.seesState("from the desk", "read");
  expect(await readAll(bobElsewhere)).toEqual(await readAll(bob));
});

test("a device that is ended is signed out", async ({ world }) => {
  const alice = await world.member("alice");
  const lost = await world.person("alice");
  await lost.opens();
  await lost.signsIn();
  await lost.isIn();

  await alice.page.getByRole("button", { name: "Settings" }).click();
  await alice.page.getByRole("dialog", { name: "Settings" }).getByRole("button", { name: "Devices" }).click();
  const devices = alice.page.getByRole("dialog", { name: "Devices" });
  await devices.getByRole("button", { name: /^End/ }).click();

  await expect(lost.page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(lost.page.getByText("This device was signed out.")).toBeVisible();
  await lost.reloads();
  await expect(lost.page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await alice.seesLink("online");
});

test("all other devices are ended at once, and this one goes on", async ({ world }) => {
  const alice = await world.member("alice");
  const others = [await world.person("alice"), await world.person("alice")];
  for (const other of others) {
    await other.opens();
    await other.signsIn();
    await other.isIn();
  }
  await alice.page.getByRole("button", { name: "Settings" }).click();
  await alice.page.getByRole("dialog", { name: "Settings" }).getByRole("button", { name: "Devices" }).click();
  const devices = alice.page.getByRole("dialog", { name: "Devices" });
  await expect(devices.getByRole("listitem")).toHaveCount(3);
  await expect(devices.getByRole("listitem").first()).toContainText("This device");

  await devices.getByRole("button", { name: "End all others" }).press("Enter");
  await expect(devices.getByText("2 other devices are signed out at once.")).toBeVisible();
  // The harmless one has the keyboard.
  await expect(devices.getByRole("button", { name: "Cancel" })).toBeFocused();
  await devices.getByRole("button", { name: "End all others" }).press("Enter");
  await expect(devices.getByRole("listitem")).toHaveCount(1);
  await expect(devices.getByText("You are signed in on this device only.")).toBeVisible();
  for (const other of others) await expect(other.page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await alice.reloads();
  await alice.isIn();
});

test("without a network the devices page says so, and shows them when it is back", async ({ world }) => {
  const alice = await world.member("alice");
  alice.goesOffline();
  await alice.seesLink("offline");
  await alice.page.getByRole("button", { name: "Settings" }).click();
  await alice.page.getByRole("dialog", { name: "Settings" }).getByRole("button", { name: "Devices" }).click();
  const devices = alice.page.getByRole("dialog", { name: "Devices" });
  await expect(devices.getByText("No connection right now.")).toBeVisible();
  alice.wire.mend();
  await alice.seesLink("online");
  await expect(devices.getByRole("listitem")).toContainText("This device");
  await expect(devices.getByText("No connection right now.")).toHaveCount(0);
});

test("what is read here goes there: title, icon, badge and notification", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  const bobElsewhere = await world.person("bob");
  await watchesNotifications(bobElsewhere);
  await bobElsewhere.opens();
  await bobElsewhere.signsIn();
  await bobElsewhere.isIn();
  await turnsNotificationsOn(bobElsewhere);
  await looksAway(bobElsewhere);

  await alice.startsChatWith(bob);
  await alice.writes("one");
  await expect.poll(() => notices(bobElsewhere)).toEqual([{ title: "Alice", body: "one", open: true }]);
  await alice.writes("two");
  await expect.poll(() => notices(bobElsewhere)).toContainEqual({ title: "Alice", body: "two", open: true });
  await expect(bobElsewhere.page).toHaveTitle(/^\(2\)/);
  await expect(bobElsewhere.page.locator("link[rel=icon]")).toHaveAttribute("href", "/icon-unread.svg");
  expect(await badge(bobElsewhere)).toBe(2);

  await bob.opensChat("Alice");
  await expect(bobElsewhere.page).not.toHaveTitle(/^\(/);
  await expect(bobElsewhere.page.locator("link[rel=icon]")).toHaveAttribute("href", "/icon.svg");
  await expect.poll(() => badge(bobElsewhere)).toBe(0);
  await expect.poll(async () => (await notices(bobElsewhere)).filter(({ open }) => open)).toEqual([]);
});

test("nobody is notified of what they are looking at, and only one of several tabs notifies", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.person("bob");
  await watchesNotifications(bob);
  await bob.registers();
  expect(await asked(bob)).toBe(0);
  await turnsNotificationsOn(bob);
  expect(await asked(bob)).toBe(1);
  const firstTab = bob.page;
  const secondTab = await bob.opensATab();
  await expect(secondTab.getByRole("navigation", { name: "Chats" })).toBeVisible();

  await alice.startsChatWith(bob);
  await alice.writes("you are looking");
  await bob.seesUnread("Alice", 1);
  await expect(secondTab.locator('[data-testid=chat-row][data-title="Alice"]')).toHaveAttribute("data-unread", "1");
  for (const tab of [firstTab, secondTab]) expect(await noticesOn(tab)).toEqual([]);

  for (const tab of [firstTab, secondTab]) await looksAwayFrom(tab);
  await alice.writes("you are not");
  await expect.poll(async () => [...(await noticesOn(firstTab)), ...(await noticesOn(secondTab))].map(({ body }) => body)).toEqual(["you are not"]);

  // Pressed, it opens the chat.
  const notifying = (await noticesOn(firstTab)).length > 0 ? firstTab : secondTab;
  await notifying.evaluate(() => globalThis.notices[0]?.onclick?.());
  await expect(notifying.getByRole("heading", { name: "Alice" })).toBeVisible();
});

test("a notification can keep to itself what is written", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.person("bob");
  await watchesNotifications(bob);
  await bob.registers();
  await turnsNotificationsOn(bob, () => bob.page.getByRole("switch", { name: "Show what is written" }).uncheck());
  await looksAway(bob);
  await alice.startsChatWith(bob);
  await alice.writes("a secret");
  await expect.poll(() => notices(bob)).toEqual([{ title: "Anser", body: "1 new message", open: true }]);
});

test("signing out says what is not sent yet, and leaves nothing of the account in the browser", async ({ world }) => {
  const alice = await world.member("alice");
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.page.keyboard.press("ControlOrMeta+e");
  await expect(alice.page.getByRole("combobox", { name: "Search emoji" })).toBeFocused();
  await alice.page.keyboard.type("duck");
  await expect(alice.page.getByRole("gridcell", { name: "duck", selected: true })).toBeVisible();
  await alice.page.keyboard.press("Enter");
  await alice.composer.press("Enter");
  await alice.seesState("🦆", "delivered");
  await alice.page.getByRole("button", { name: "Settings" }).click();
  const settings = alice.page.getByRole("dialog", { name: "Settings" });
  await settings.getByRole("combobox", { name: "Theme" }).selectOption("dark");
  await alice.page.keyboard.press("Escape");
  alice.goesOffline();
  await alice.seesLink("offline");
  await alice.writes("written in the tunnel");
  await alice.seesState("written in the tunnel", "sending");

  await alice.page.getByRole("button", { name: "Settings" }).click();
  await settings.getByRole("button", { name: "Sign out" }).click();
  const question = alice.page.getByRole("dialog", { name: "Sign out?" });
  await expect(question.getByText("1 message has not been sent yet and will be lost.")).toBeVisible();
  await question.getByRole("button", { name: "Sign out" }).click();
  await expect(alice.page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(alice.page.getByText("written in the tunnel")).toHaveCount(0);
  expect(await keptNames(alice)).toEqual(["anser.theme"]);
  await expect(alice.page).toHaveURL(/\/$/);
});

declare global {
  /** What the page has shown, and asked the browser for; filled by `watchesNotifications`. */
  var notices: { title: string; body: string; open: boolean; tag: string | undefined; onclick: (() => void) | null }[];
  var badges: number[];
  var permissionsAsked: number;
}

/** The browser allows notifications when it is asked, and notes what becomes of them. */
async function watchesNotifications(person: Person): Promise<void> {
  await person.page.context().addInitScript(() => {
    globalThis.notices = [];
    globalThis.badges = [];
    globalThis.permissionsAsked = 0;
    class Noted {
      static permission = localStorage.getItem("test.permission") ?? "default";
      static async requestPermission() {
        globalThis.permissionsAsked += 1;
        Noted.permission = "granted";
        localStorage.setItem("test.permission", "granted");
        return "granted";
      }
      open = true;
      onclick: (() => void) | null = null;
      body: string;
      tag: string | undefined;
      constructor(
        public title: string,
        options: NotificationOptions,
      ) {
        this.body = options.body ?? "";
        // As browsers do: a new one takes the place of one with the same tag.
        for (const older of globalThis.notices) if (older.tag === options.tag) older.open = false;
        this.tag = options.tag;
        globalThis.notices.push(this);
      }
      close() {
        this.open = false;
      }
    }
    Object.assign(globalThis, { Notification: Noted });
    navigator.setAppBadge = async (count = 0) => void globalThis.badges.push(count);
    navigator.clearAppBadge = async () => void globalThis.badges.push(0);
  });
}

async function turnsNotificationsOn(person: Person, more = async () => {}): Promise<void> {
  await person.page.getByRole("button", { name: "Settings" }).click();
  await person.page.getByRole("switch", { name: "Notifications" }).click();
  await expect(person.page.getByRole("switch", { name: "Notifications" })).toBeChecked();
  await more();
  await person.page.keyboard.press("Escape");
}

const looksAway = (person: Person) => looksAwayFrom(person.page);

/** Another window has the focus now. */
async function looksAwayFrom(page: Page): Promise<void> {
  await page.evaluate(() => {
    document.hasFocus = () => false;
    dispatchEvent(new Event("blur"));
  });
}

const notices = (person: Person) => noticesOn(person.page);
const noticesOn = (page: Page) => page.evaluate(() => globalThis.notices.map(({ title, body, open }) => ({ title, body, open })));
const badge = (person: Person) => person.page.evaluate(() => globalThis.badges.at(-1));
const asked = (person: Person) => person.page.evaluate(() => globalThis.permissionsAsked);

/** The names under which the client keeps something in this browser, the database aside. */
const keptNames = (person: Person) =>
  person.page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter((name) => name.startsWith("anser.")));
