// Every screen of the client and the way to it, in words of either language: for pictures, axe and narrow windows.
import { expect, type Page } from "@playwright/test";
import { en, type Messages } from "../../app/src/i18n/en.ts";
import { zh } from "../../app/src/i18n/zh.ts";

/** A moment in spring, in the middle of a week, for every clock. */
export const NOW = new Date("2026-05-20T12:34:00+02:00");
export const TIME_ZONE = "Europe/Berlin";

/** What stands on the screen, in the language the browser asks for. */
export function wordsOf(locale: string | undefined): Messages {
  return locale?.startsWith("zh") === true ? zh : en;
}

export interface Screen {
  name: string;
  /** The address: what the made-up engine begins with (`fake-from-address.ts`), and which chat is open. */
  at: string;
  /** From there to the screen. */
  go?: (page: Page, t: Messages) => Promise<void>;
  /** What must be there before anybody looks. */
  ready: (page: Page, t: Messages) => Promise<void>;
}

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).filter({ visible: true });
/** Its name ends in the keys that open it. */
const searchButton = (page: Page) => page.locator("nav button.search");
const heading = (page: Page, name: string) => expect(page.getByRole("heading", { name, exact: true })).toBeVisible();
const dialog = (page: Page, name: string) => expect(page.getByRole("dialog", { name, exact: true })).toBeVisible();
const rows = (page: Page) => expect(page.getByTestId("chat-row").first()).toBeVisible();
const messages = (page: Page) => expect(page.getByTestId("message").last()).toBeVisible();
const alert = (page: Page) => expect(page.getByRole("alert").filter({ visible: true }).first()).toBeVisible();
const link = (page: Page, state: string) => expect(page.locator(`[data-link=${state}]`).filter({ visible: true })).toBeVisible();

async function fill(page: Page, label: string, text: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(text);
}

/** Settings, and from there further in. */
async function settings(page: Page, t: Messages, further?: string): Promise<void> {
  await button(page, t.settings).click();
  if (further !== undefined) await button(page, further).click();
}

async function find(page: Page, t: Messages, handle: string): Promise<void> {
  await button(page, t.newChat).click();
  await fill(page, t.handle, handle);
  await button(page, t.find).click();
}

/** Up by a screen or two, as a wheel would, after what is on the screen has been read. */
async function scrollUp(page: Page): Promise<void> {
  await messages(page);
  await expect(page.locator("[data-testid=chat-row][data-conversation='3']")).not.toHaveAttribute("data-unread", "12");
  await page.getByRole("log").hover();
  await page.mouse.wheel(0, -1_200);
  await expect(page.locator("button.jump").first()).toBeVisible();
  // How far a wheel goes depends on when rows are measured; the picture is to be of the same place each time.
  await page.locator("[data-testid=message][data-seq='2970']").evaluate(async (row) => {
    const log = row.closest<HTMLElement>("[role=log]");
    const list = log?.firstElementChild;
    if (!log || !(list instanceof HTMLElement)) throw new Error("a message outside the list");
    // The list hears of it with the next frame, draws with the one after, and once it rests measures what is around.
    for (let time = 1; time <= 2; time += 1) {
      row.scrollIntoView({ block: "center" });
      for (let frames = 0; frames < 30; frames += 1) await new Promise(requestAnimationFrame);
    }
    // It scrolls by whole pixels, among rows whose heights are none: which part of one is left over, nobody knows.
    const wanted = Math.floor(log.getBoundingClientRect().top + (log.clientHeight - row.clientHeight) / 2);
    list.style.marginTop = `${wanted - row.getBoundingClientRect().top}px`;
  });
}

/** There is a way down, and the day that shows while one scrolls has gone again. */
async function furtherUp(page: Page): Promise<void> {
  await expect(page.locator("button.jump").first()).toBeVisible();
  await expect(page.locator("p.note.day")).toHaveCount(0);
}

/** In the order in which somebody new would meet them. */
export const SCREENS: readonly Screen[] = [
  { name: "sign-in", at: "/", ready: (page, t) => heading(page, t.signInTitle) },
  {
    name: "sign-in-wrong",
    at: "/",
    go: async (page, t) => {
      await fill(page, t.handle, "alice");
      await fill(page, t.password, "wrong");
      await button(page, t.signIn).click();
    },
    ready: alert,
  },
  {
    name: "register",
    at: "/",
    go: async (page, t) => {
      await button(page, t.goToRegister).click();
      await fill(page, t.handle, "taken");
      await fill(page, t.name, "Alice");
      await fill(page, t.password, "correct horse");
      await button(page, t.createAccount).click();
    },
    ready: alert,
  },
  { name: "elsewhere", at: "/?elsewhere", ready: (page, t) => heading(page, t.otherTabTitle) },
  { name: "broken", at: "/?broken", ready: (page, t) => heading(page, t.brokenTitle) },
  { name: "starting", at: "/?in&starting", ready: (page, t) => expect(page.getByRole("navigation", { name: t.chats })).toBeVisible() },
  { name: "list", at: "/?in&more", ready: rows },
  { name: "list-empty", at: "/?in&empty", ready: (page, t) => heading(page, t.noChatsTitle) },
  { name: "list-offline", at: "/?in&link=offline&memory", ready: (page) => link(page, "offline") },
  { name: "chat", at: "/?in#chat-1", ready: messages },
  { name: "chat-unusual", at: "/?in&more#chat-6", ready: messages },
  { name: "chat-group", at: "/?in#chat-2", ready: messages },
  { name: "chat-failed", at: "/?in&link=catchingUp#chat-4", ready: messages },
  { name: "chat-empty", at: "/?in&more#chat-7", ready: (page, t) => expect(page.getByText(t.writeFirst)).toBeVisible() },
  { name: "chat-further-up", at: "/?in#chat-3", go: scrollUp, ready: furtherUp },
  {
    name: "chat-writing",
    at: "/?in#chat-1",
    go: (page, t) => page.getByRole("textbox", { name: t.message }).fill("Die Donaudampfschifffahrtsgesellschaft\nfährt um neun.\n\n我们在码头见。"),
    ready: messages,
  },
  {
    name: "new-chat",
    at: "/?in",
    go: (page, t) => find(page, t, "carol"),
    ready: (page, t) => expect(button(page, t.writeTo("Carol 卡萝"))).toBeVisible(),
  },
  { name: "new-chat-nobody", at: "/?in", go: (page, t) => find(page, t, "nobody"), ready: (page, t) => expect(page.getByText(t.nobodyFound)).toBeVisible() },
  {
    name: "new-group",
    at: "/?in",
    go: async (page, t) => {
      await button(page, t.newChat).click();
      await button(page, t.newGroup).click();
      await fill(page, t.groupTitle, "Lake weekend");
      await fill(page, t.addHandle, "bob, carol, nobody");
      await button(page, t.createGroup).click();
    },
    ready: alert,
  },
  {
    name: "members",
    at: "/?in#chat-2",
    go: (page, t) => button(page, t.members).click(),
    ready: (page, t) => dialog(page, t.members),
  },
  {
    name: "emoji",
    at: "/?in#chat-1",
    go: (page, t) => button(page, t.emoji).click(),
    ready: async (page, t) => {
      await dialog(page, t.emoji);
      await expect(page.getByRole("gridcell").first()).toBeVisible();
    },
  },
  {
    name: "switcher",
    at: "/?in&more",
    go: async (page, t) => {
      await searchButton(page).click();
      await page.getByRole("combobox", { name: t.switcherTitle }).fill("ca");
    },
    ready: (page) => expect(page.getByRole("option").first()).toBeVisible(),
  },
  { name: "shortcuts", at: "/?in", go: (page, t) => settings(page, t, t.shortcuts), ready: (page, t) => dialog(page, t.shortcuts) },
  { name: "settings", at: "/?in", go: (page, t) => settings(page, t), ready: (page, t) => dialog(page, t.settings) },
  { name: "devices", at: "/?in", go: (page, t) => settings(page, t, t.devices), ready: (page, t) => dialog(page, t.devices) },
  { name: "sign-out", at: "/?in", go: (page, t) => settings(page, t, t.signOut), ready: (page, t) => dialog(page, t.signOutTitle) },
];

/** Goes there. The page is as quiet as the screen allows: fonts are there, nothing is on its way. */
export async function visit(page: Page, stage: string, screen: Screen, t: Messages): Promise<void> {
  await page.clock.setFixedTime(NOW);
  // A page of the same place that runs nothing. (From one screen to the next only the part after # may differ,
  // which alone would load nothing.)
  await page.goto(new URL("icon.svg", stage).href);
  // Whoever was signed in sees the list's frame before the engine speaks.
  await page.evaluate((signedIn) => {
    localStorage.clear();
    sessionStorage.clear();
    if (signedIn) localStorage.setItem("anser.signedIn", "1");
  }, screen.at.includes("?in"));
  await page.goto(new URL(screen.at, stage).href);
  await screen.go?.(page, t);
  await screen.ready(page, t);
  await page.evaluate(() => document.fonts.ready);
}
