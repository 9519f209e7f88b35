// A story has a server and the people who appear in it; everything is gone when it ends.
import { test as base } from "@playwright/test";
import { type Change, Front } from "./front.ts";
import { type Looks, Person } from "./person.ts";
import { type Seed, Server } from "./server.ts";

/** What a story can use. */
export interface World {
  server: Server;
  /** Somebody new, at a browser profile of their own, with nothing open yet. `port`: of what stands before the server. */
  person(handle: string, looks?: Looks, port?: number): Promise<Person>;
  /** Somebody new who has an account already. */
  member(handle: string, looks?: Looks): Promise<Person>;
  /** Stands before the server, and changes what it gives out. */
  front(change?: Change): Promise<Front>;
  /** Alice of a seeded server, at a new browser, signed in. */
  alice(looks?: Looks): Promise<Person>;
}

export const test = base.extend<{ seed: Seed | undefined; world: World }>({
  /** Set with `test.use({ seed })` where a story begins among many chats. */
  seed: [undefined, { option: true }],
  world: async ({ seed }, use) => {
    const server = await Server.start(seed);
    const people: Person[] = [];
    const fronts: Front[] = [];
    const front = async (change?: Change) => {
      const made = await Front.before(server.port, change);
      fronts.push(made);
      return made;
    };
    const person = async (handle: string, looks?: Looks, port = server.port) => {
      const someone = await Person.appear(handle, port, looks);
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
      await use({ server, person, member, alice, front });
    } finally {
      const endings = await Promise.allSettled(people.map((someone) => someone.disappear()));
      for (const made of fronts) made.close();
      await server.close();
      for (const ending of endings) if (ending.status === "rejected") throw ending.reason;
    }
  },
});

export { expect } from "@playwright/test";
