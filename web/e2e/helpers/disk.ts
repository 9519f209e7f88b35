// What a browser keeps on its private disk, and how it gets damaged. The client must be closed: it holds the files.
import type { Page } from "@playwright/test";
import type { Person } from "./person.ts";

/** A page of the same origin that is not the client. It needs a network, the damage does not. */
export async function besideTheClient(person: Person): Promise<Page> {
  return person.opensATab("/healthz");
}

/** Closes the client, with everything in its place on the disk. */
async function takeTheFiles(person: Person, beside: Page): Promise<void> {
  await beside.evaluate(async (lock) => {
    const ours = new Promise<void>((resolve) => {
      void navigator.locks.request(lock, () => {
        resolve();
        return new Promise(() => {});
      });
    });
    new BroadcastChannel(lock).postMessage("please-let-go");
    await ours;
  }, "anser-engine");
  await person.page.goto("about:blank");
}

/** Garbage over every page of a log that has one of these texts in it; over the whole database, without any. */
export async function damageDatabase(person: Person, beside: Page, texts?: string[]): Promise<void> {
  await takeTheFiles(person, beside);
  const damaged = await beside.evaluate(async (wanted) => {
    /** Where the pool's own header ends, and SQLite's pages begin. */
    const begin = 4096;
    let folder = await navigator.storage.getDirectory();
    for (const name of [".anser", ".opaque"]) folder = await folder.getDirectoryHandle(name);
    let count = 0;
    for await (const handle of folder.values()) {
      if (handle.kind !== "file") continue;
      const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
      if (!new TextDecoder().decode(bytes.subarray(0, 64)).startsWith("/anser.db\0")) continue;
      const size = bytes[begin + 16]! * 256 + bytes[begin + 17]!;
      const writer = await handle.createWritable({ keepExistingData: true });
      for (let at = begin; at < bytes.length; at += size) {
        const text = new TextDecoder("latin1").decode(bytes.subarray(at, at + size));
        // The logs are trees without row ids. Other pages may have an old text left in their empty space.
        const isLog = bytes[at] === 0x0a;
        if (wanted !== undefined && !(isLog && wanted.some((one) => text.includes(one)))) continue;
        await writer.write({ type: "write", position: at, data: new Uint8Array(size).fill(0xa5) });
        count += 1;
      }
      await writer.close();
    }
    return count;
  }, texts);
  await beside.close();
  if (damaged === 0) throw new Error("there was nothing to damage");
}

/** The browser needs room, and takes it here. */
export async function evictDatabase(person: Person, beside: Page): Promise<void> {
  await takeTheFiles(person, beside);
  await beside.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(".anser", { recursive: true });
  });
  await beside.close();
}
