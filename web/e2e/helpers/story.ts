// A story has a server and the people who appear in it; everything is gone when it ends.
import { test as base } from "@playwright/test";
import { type Looks, Person } from "./person.ts";
import { type Seed, Server } from "./server.ts";

/** What a story can use. */
export interface World {
  server: Server;
  /** Somebody new, at a browser profile of their own, with nothing open yet. */
  person(handle: string, looks?: Looks): Promise<Person>;
  /** Somebody new who has an account already. */
  member(handle: string, looks?: Looks): Promise<Person>;
  /** Alice of a seeded server, at a new browser, signed in. */
  alice(looks?: Looks): Promise<Person>;
}

export const test = base.extend<{ seed: Seed | undefined; world: World }>({
  /** Set with `test.use({ seed })` where a story begins among many chats. */
  seed: [undefined, { option: true }],
  world: async ({ seed }, use) => {
    const server = await Server.start(seed);
    const people: Person[] = [];
    const person = async (handle: string, looks?: Looks) => {
      const someone = await Person.appear(handle, server.port, looks);
      people.push(someone);
      return someone;
    };
    const member = async (handle: string, looks?: Looks) => {
      const someone = await person(handle, looks);
      await someone.registers();
      return someone;
    };
    const alice = async (looks?: Looks) => {
      const someone = await person("alice", looks);
      await someone.entersSeeded();
      return someone;
    };
    try {
      await use({ server, person, member, alice });
    } finally {
      const endings = await Promise.allSettled(people.map((someone) => someone.disappear()));
      await server.close();
      for (const ending of endings) if (ending.status === "rejected") throw ending.reason;
    }
  },
});

export { expect } from "@playwright/test";
