// Somebody at a browser of their own: what they do, and what they see.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, expect, type Locator, type Page } from "@playwright/test";
import { CHROMIUM, CHROMIUM_FLAGS } from "./browser.ts";
import { SEED_PASSWORD } from "./server.ts";
import { Wire } from "./wire.ts";

/** How a browser looks; the default is a desktop in English. */
export interface Looks {
  locale?: string;
  colorScheme?: "light" | "dark";
  viewport?: { width: number; height: number };
  isMobile?: boolean;
  hasTouch?: boolean;
  timezoneId?: string;
}

/** The states an own message goes through. */
export type State = "sending" | "sent" | "delivered" | "read" | "failed";

/** One person at one browser profile. Two of them with one handle are the same account on two devices. */
export class Person {
  page: Page;
  readonly troubles: string[] = [];

  private constructor(
    readonly handle: string,
    readonly name: string,
    readonly wire: Wire,
    private readonly context: BrowserContext,
    private readonly profile: string,
  ) {
    this.page = this.watched(context.pages()[0]);
  }

  /** A new profile with its own cable to the server. */
  static async appear(handle: string, serverPort: number, looks: Looks = {}): Promise<Person> {
    const profile = await mkdtemp(join(tmpdir(), "anser-e2e-profile-"));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      args: CHROMIUM_FLAGS,
      // What the browser leaves lying about goes with the profile.
      env: { ...process.env, TMPDIR: profile },
      locale: "en-US",
      viewport: { width: 1280, height: 800 },
      ...looks,
    });
    // What a person cannot click within this time is not there.
    context.setDefaultTimeout(60_000);
    const name = handle.charAt(0).toUpperCase() + handle.slice(1);
    return new Person(handle, name, await Wire.lay(serverPort), context, profile);
  }

  /** The browser is closed and forgotten. Errors of the page's own code fail the story. */
  async disappear(): Promise<void> {
    await this.context.close();
    await this.wire.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
    if (this.troubles.length > 0) throw new Error(`${this.handle}'s page had errors:\n${this.troubles.join("\n")}`);
  }

  // --- coming and going ---

  async opens(): Promise<void> {
    await this.page.goto(this.wire.address);
  }

  async registers(): Promise<void> {
    await this.opens();
    await this.page.getByRole("button", { name: "Create an account" }).click();
    await this.page.getByRole("textbox", { name: "Handle" }).fill(this.handle);
    await this.page.getByRole("textbox", { name: "Name" }).fill(this.name);
    await this.page.getByRole("textbox", { name: "Password" }).fill(passwordOf(this.handle));
    await this.page.getByRole("button", { name: "Create account" }).click();
    await this.isIn();
  }

  async signsIn(password = passwordOf(this.handle)): Promise<void> {
    await this.page.getByRole("textbox", { name: "Handle" }).fill(this.handle);
    await this.page.getByRole("textbox", { name: "Password" }).fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  /** One of the people of a seeded server opens and signs in. */
  async entersSeeded(): Promise<void> {
    await this.opens();
    await this.signsIn(SEED_PASSWORD);
    await this.isIn();
  }

  /** Signed in, linked, everything there. */
  async isIn(): Promise<void> {
    await expect(this.page.getByRole("navigation", { name: "Chats" })).toBeVisible();
    await this.seesLink("online");
  }

  async reloads(): Promise<void> {
    await this.page.reload();
  }

  /** The tab is gone, without a goodbye. */
  async losesThePage(): Promise<void> {
    await this.page.close({ runBeforeUnload: false });
  }

  /** Another tab in the same browser. */
  async opensATab(path = "/"): Promise<Page> {
    const page = this.watched(await this.context.newPage());
    await page.goto(new URL(path, this.wire.address).href);
    return page;
  }

  /** The same person, looking at another tab of theirs. */
  at(page: Page): Person {
    return Object.assign(Object.create(Person.prototype) as Person, this, { page });
  }

  /** The process of the tab dies, in the middle of whatever it does. */
  async crashes(): Promise<void> {
    const devtools = await this.context.newCDPSession(this.page);
    const crashed = this.page.waitForEvent("crash");
    // It never answers: there is nobody left to do so.
    devtools.send("Page.crash").catch(() => {});
    await crashed;
  }

  /** A new tab in place of the old one. */
  async comesBack(): Promise<void> {
    this.page = await this.opensATab();
  }

  /** The page is controlled by its service worker: from here on it opens without a network. */
  async canOpenOffline(): Promise<void> {
    await this.page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
  }

  goesOffline(): void {
    this.wire.cut();
  }

  /** The cable is back; the person taps "Try now" rather than wait for the next try. */
  async goesOnline(): Promise<void> {
    this.wire.mend();
    const tryNow = this.page.getByRole("button", { name: "Try now" }).first();
    if (!(await tryNow.isVisible())) return;
    // The next try may come by itself before the click: then there is nothing to click any more.
    await tryNow.click({ timeout: 5_000 }).catch(() => expect(tryNow).toBeHidden());
  }

  async seesLink(state: "offline" | "connecting" | "catchingUp" | "online"): Promise<void> {
    await expect(this.page.getByTestId("link-state").first()).toHaveAttribute("data-link", state);
  }

  /** Something else has the keyboard; the page is still to be seen. (Under Playwright every page thinks it is attended.) */
  async looksAway(): Promise<void> {
    await this.page.evaluate(() => {
      document.hasFocus = () => false;
      window.dispatchEvent(new Event("blur"));
    });
  }

  async looksBack(): Promise<void> {
    await this.page.evaluate(() => {
      document.hasFocus = () => true;
      window.dispatchEvent(new Event("focus"));
    });
  }

  // --- chats ---

  /** Finds somebody by handle and opens the chat with them. */
  async startsChatWith(other: Person): Promise<void> {
    await this.page.getByRole("button", { name: "New chat" }).click();
    const dialog = this.page.getByRole("dialog", { name: "New chat" });
    await dialog.getByRole("textbox", { name: "Handle" }).fill(other.handle);
    await dialog.getByRole("button", { name: "Find" }).click();
    await dialog.getByRole("button", { name: `Write to ${other.name}` }).click();
    await this.isInChat(other.name);
  }

  async startsGroup(title: string, members: Person[]): Promise<void> {
    await this.page.getByRole("button", { name: "New chat" }).click();
    await this.page.getByRole("dialog", { name: "New chat" }).getByRole("button", { name: "New group" }).click();
    const dialog = this.page.getByRole("dialog", { name: "New group" });
    await dialog.getByRole("textbox", { name: "Title" }).fill(title);
    for (const member of members) {
      await dialog.getByRole("textbox", { name: "Add a handle" }).fill(member.handle);
      await dialog.getByRole("textbox", { name: "Add a handle" }).press("Enter");
    }
    await dialog.getByRole("button", { name: "Create group" }).click();
    await this.isInChat(title);
  }

  chat(title: string): Locator {
    return this.page.locator(`[data-testid=chat-row][data-title="${title}"]`);
  }

  async opensChat(title: string): Promise<void> {
    await this.chat(title).click();
    await this.isInChat(title);
  }

  async seesUnread(title: string, count: number): Promise<void> {
    await expect(this.chat(title)).toHaveAttribute("data-unread", String(count));
  }

  /** The chat with this title is open. */
  private async isInChat(title: string): Promise<void> {
    await expect(this.page.getByRole("heading", { name: title })).toBeVisible();
    await expect(this.composer).toBeVisible();
  }

  // --- messages ---

  get composer(): Locator {
    return this.page.getByRole("textbox", { name: "Message" });
  }

  message(text: string): Locator {
    const words = this.page.getByTestId("message-text").filter({ hasText: new RegExp(`^${escape(text)}$`) });
    return this.page.getByTestId("message").filter({ has: words });
  }

  async writes(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** Exactly once. */
  async sees(text: string): Promise<void> {
    await expect(this.message(text)).toHaveCount(1);
  }

  async seesState(text: string, state: State): Promise<void> {
    await expect(this.message(text)).toHaveAttribute("data-state", state);
  }

  private watched(page: Page | undefined): Page {
    if (page === undefined) throw new Error("a browser without a page");
    page.on("pageerror", (error) => this.troubles.push(error.stack ?? error.message));
    return page;
  }
}

/** Long enough, and nobody else's. */
export function passwordOf(handle: string): string {
  return `the secret of ${handle}`;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
