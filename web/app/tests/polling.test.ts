// Links made of HTTP exchanges, and several connections side by side.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { appendedLength, bodyOf, framesOf } from "../src/worker/batch";
import { Carriers } from "../src/worker/carriers";
import { PollingWire } from "../src/worker/polling";
import type { WireEvents } from "../src/worker/wire";

const URL = "https://chat.example.org/v1/poll";

/** One exchange, as the server sees it. */
interface Exchange {
  what: string;
  number: string | undefined;
  wait: string | undefined;
  body: Uint8Array | undefined;
  signal: AbortSignal | undefined;
  answer(status: number, headers?: Record<string, string>, frames?: Uint8Array[]): Promise<void>;
  fail(): Promise<void>;
}

let exchanges: Exchange[];

/** Lets whatever is ready go on. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers();
  exchanges = [];
  vi.stubGlobal("fetch", (url: string, asked: RequestInit) => {
    const headers = asked.headers as Record<string, string>;
    return new Promise<Response>((resolve, reject) => {
      asked.signal?.addEventListener("abort", () => reject(new Error("aborted")));
      exchanges.push({
        what: `${asked.method} ${url.replace(URL, "")}`,
        number: headers["Anser-Number"],
        wait: headers["Anser-Wait-Ms"],
        body: asked.body as Uint8Array | undefined,
        signal: asked.signal ?? undefined,
        answer: (status, given = {}, frames = []) => {
          resolve(new Response(status === 204 ? null : bodyOf(frames), { status, headers: given }));
          return settle();
        },
        fail: () => {
          reject(new Error("the network"));
          return settle();
        },
      });
    });
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function listener(): { events: WireEvents; log: string[] } {
  const log: string[] = [];
  const events = {
    opened: () => log.push("opened"),
    received: (bytes: Uint8Array) => log.push(`received ${bytes.join(",")}`),
    ended: () => log.push("ended"),
  };
  return { events, log };
}

/** A link that is open, and its first exchange down. */
async function opened(isLong = true): Promise<{ wire: PollingWire; log: string[]; down: Exchange }> {
  const { events, log } = listener();
  const wire = new PollingWire(URL, isLong, events);
  expect(exchanges.map(({ what }) => what)).toEqual(["POST "]);
  await exchanges[0]?.answer(201, { "Anser-Link": "name" });
  expect(log).toEqual(["opened"]);
  return { wire, log, down: newest("POST /down") };
}

function newest(what: string): Exchange {
  const found = exchanges.filter((exchange) => exchange.what === what).at(-1);
  if (found === undefined) throw new Error(`no ${what}`);
  return found;
}

test("frames come out of a body as they went in", () => {
  const frames = [0, 1, 127, 128, 16_384, 70_000].map((length) => new Uint8Array(length).fill(length % 251));
  const body = bodyOf(frames);
  expect(body.length).toBe(frames.reduce((sum, frame) => sum + appendedLength(frame), 0));
  expect(framesOf(body)).toEqual(frames);
});

test("what is no body of frames is refused", () => {
  for (const bytes of [[3, 1, 2], [0x80], [0xff, 0xff, 0xff, 0xff, 0x0f]]) {
    expect(() => framesOf(new Uint8Array(bytes))).toThrow();
  }
});

test("a long poll waits at the server and is asked again at once when something came", async () => {
  const { log, down } = await opened();
  expect([down.number, down.wait]).toEqual(["1", "25000"]);
  await down.answer(200, {}, [new Uint8Array([7]), new Uint8Array([8, 9])]);
  expect(log).toEqual(["opened", "received 7", "received 8,9"]);
  expect(newest("POST /down").number).toBe("2");
});

test("what is sent goes up one exchange after the other, in order, together what waited", async () => {
  const { wire } = await opened();
  for (const byte of [1, 2, 3]) wire.send(new Uint8Array([byte]));
  const first = newest("POST /up");
  expect([first.number, framesOf(first.body as Uint8Array).length]).toEqual(["1", 1]);
  await first.answer(204);
  const second = newest("POST /up");
  expect(second.number).toBe("2");
  expect(framesOf(second.body as Uint8Array)).toEqual([new Uint8Array([2]), new Uint8Array([3])]);
});

test("an exchange that fails, or is answered by somebody else, ends the link once", async () => {
  for (const status of [undefined, 404, 409, 502]) {
    exchanges = [];
    const { wire, log, down } = await opened();
    wire.send(new Uint8Array([1]));
    if (status === undefined) await newest("POST /up").fail();
    else await newest("POST /up").answer(status);
    expect(log).toEqual(["opened", "ended"]);
    expect(down.signal?.aborted).toBe(true);
    expect(newest("DELETE ").what).toBe("DELETE ");
  }
});

test("the server's last words are heard before the end", async () => {
  const { wire, log, down } = await opened();
  wire.send(new Uint8Array([1]));
  await newest("POST /up").answer(410);
  expect(log).toEqual(["opened"]);
  await down.answer(200, { "Anser-Closed": "4014" }, [new Uint8Array([5])]);
  expect(log).toEqual(["opened", "received 5", "ended"]);
});

test("a link that was closed says nothing more", async () => {
  const { wire, log, down } = await opened();
  wire.close();
  await settle();
  expect(down.signal?.aborted).toBe(true);
  expect(exchanges.at(-1)?.what).toBe("DELETE ");
  wire.send(new Uint8Array([1]));
  expect(log).toEqual(["opened"]);
});

test("a link that does not open has ended", async () => {
  const { events, log } = listener();
  new PollingWire(URL, true, events);
  await exchanges[0]?.answer(503);
  expect(log).toEqual(["ended"]);
});

test("short polls come less and less often, and soon after something was sent", async () => {
  const { wire } = await opened(false);
  const pauses: number[] = [];
  for (let poll = 0; poll < 6; poll += 1) {
    expect(newest("POST /down").wait).toBe("0");
    const before = exchanges.length;
    await newest("POST /down").answer(200);
    let pause = 0;
    for (; exchanges.length === before; pause += 100) await vi.advanceTimersByTimeAsync(100);
    pauses.push(pause);
  }
  expect(pauses).toEqual([200, 400, 800, 1_600, 2_000, 2_000]);

  await newest("POST /down").answer(200);
  wire.send(new Uint8Array([1]));
  await newest("POST /up").answer(204);
  const before = exchanges.length;
  await vi.advanceTimersByTimeAsync(200);
  expect(exchanges.length).toBe(before + 1);
});

test("a server that does not wait is not asked all the time", async () => {
  const { down } = await opened();
  await down.answer(200);
  expect(newest("POST /down").number).toBe("1");
  await vi.advanceTimersByTimeAsync(200);
  expect(newest("POST /down").number).toBe("2");
});

test("a connection opens beside the one that is used, and each is ended by its number", () => {
  const log: string[] = [];
  const made: WireEvents[] = [];
  const carriers = new Carriers(
    (kind, events) => {
      if (kind === "shortPoll") throw new Error("forbidden");
      made.push(events);
      const number = made.length;
      return { send: () => log.push(`send ${number}`), close: () => log.push(`close ${number}`) };
    },
    {
      connected: (connection) => log.push(`connected ${connection}`),
      disconnected: (connection) => log.push(`disconnected ${connection}`),
      received: (connection) => log.push(`received ${connection}`),
    },
  );
  carriers.connect(1, "longPoll");
  carriers.connect(2, "webSocket");
  made[1]?.opened();
  carriers.transmit(1, new Uint8Array());
  carriers.disconnect(1);
  carriers.transmit(1, new Uint8Array());
  carriers.transmit(2, new Uint8Array());
  made[1]?.ended();
  carriers.transmit(2, new Uint8Array());
  carriers.connect(3, "shortPoll");
  expect(log).toEqual(["connected 2", "send 1", "close 1", "send 2", "disconnected 2", "disconnected 3"]);
});
