// What a browser keeps on its private disk, and how it gets damaged. The client must be closed: it holds the files.
import type { Person } from "./person.ts";

/** Opens a page of the same origin that is not the client. */
async function besideTheClient(person: Person): Promise<void> {
  await person.page.goto(new URL("/healthz", person.wire.address).href);
}

/** Garbage over every page of the database that has one of these texts in it; over all of it, without any. */
export async function damageDatabase(person: Person, texts?: string[]): Promise<void> {
  await besideTheClient(person);
  const damaged = await person.page.evaluate(async (wanted) => {
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
        if (wanted !== undefined && !wanted.some((one) => text.includes(one))) continue;
        await writer.write({ type: "write", position: at, data: new Uint8Array(size).fill(0xa5) });
        count += 1;
      }
      await writer.close();
    }
    return count;
  }, texts);
  if (damaged === 0) throw new Error("there was nothing to damage");
}

/** The browser needs room, and takes it here. */
export async function evictDatabase(person: Person): Promise<void> {
  await besideTheClient(person);
  await person.page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(".anser", { recursive: true });
  });
}
