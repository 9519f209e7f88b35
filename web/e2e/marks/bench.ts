// The bench on which all marks are measured: one server with 2,000 chats, one of them long, and one person at a browser.
import { type CDPSession, test as base } from "@playwright/test";
import { Person } from "../helpers/person.ts";
import { Sender } from "../helpers/sender.ts";
import { type Seed, SEED_PASSWORD, Server } from "../helpers/server.ts";
import { throttle } from "./meter.ts";
import { reportLoad } from "./report.ts";

export const SEED: Seed = { chats: 2_000, messages: 100_000 };
/** The long chat: the members who can write there are `person_1` … `person_10`. */
export const LONG_CHAT = "Everybody";

/** What a mark uses. */
export interface Bench {
  server: Server;
  alice: Person;
  cdp: CDPSession;
  /** Somebody in the long chat who writes without a browser. */
  writer(person: number): Promise<{ sender: Sender; conversation: number }>;
}

export const test = base.extend<{ rate: number; atRate: Bench }, { bench: Bench }>({
  bench: [
    async ({}, use) => {
      reportLoad("before");
      const server = await Server.start(SEED);
      const alice = await Person.appear("alice", server.port);
      await alice.entersSeeded();
      const cdp = await alice.page.context().newCDPSession(alice.page);
      const writer = async (person: number) => {
        const sender = await Sender.signIn(server.port, `person_${person}`, SEED_PASSWORD);
        const chat = sender.chats.find(({ title }) => title === LONG_CHAT);
        if (chat === undefined) throw new Error(`person_${person} is not in the long chat`);
        return { sender, conversation: chat.conversation };
      };
      await use({ server, alice, cdp, writer });
      await alice.disappear();
      await server.close();
      reportLoad("after");
    },
    // Filling the directory and the first sync take their time.
    { scope: "worker", timeout: 300_000 },
  ],
  rate: [1, { option: true }],
  atRate: async ({ bench, rate }, use) => {
    await throttle(bench.cdp, rate);
    await use(bench);
    await throttle(bench.cdp, 1);
  },
});

/** Opens the long chat and goes to its end, wherever it was left. */
export async function standsAtEnd({ alice }: Bench): Promise<void> {
  await alice.opensChat(LONG_CHAT);
  const rows = alice.page.locator("[role=log] [data-seq]");
  await rows.last().waitFor();
  // The jump down shows itself only after a few frames, if at all: the key is always there.
  await alice.page.getByRole("log").press("End");
  await alice.page.getByRole("button", { name: / new$|^To the newest message$/ }).waitFor({ state: "hidden" });
}

/** Everything is measured as it is, and with a main thread six times slower. */
export const RATES = [1, 6];
