// Lets `npm run dev:fake` show any state by its address: `?in&link=offline`, `?elsewhere`, `?in&empty`, `?in&more`, `?memory`.
// Timelines: `?in&long` (100,000 rows), `&slow` or `&stuck` (pages come late or never), `&busy=20` (a message every 20 ms).

import { FakeEngine, type FakeOptions } from "./fake-engine";
import type { Engine } from "./engine";
import { CAROL } from "./fake-world";

/** A fake engine in the state that the query names. */
export function engineFromAddress(search: string): Engine {
  const query = new URLSearchParams(search);
  const options: FakeOptions = {
    signedIn: query.has("in"),
    empty: query.has("empty"),
    more: query.has("more"),
    long: query.has("long"),
    noPages: query.has("stuck"),
    pageAfterMs: query.has("slow") ? 600 : 0,
    answerAfterMs: 700,
  };
  const link = query.get("link");
  if (link === "offline") options.link = { type: "offline", retryAtMs: Date.now() + 20_000 };
  if (link === "connecting" || link === "catchingUp") options.link = { type: link };
  if (query.has("elsewhere")) options.status = { type: "elsewhere" };
  if (query.has("broken")) options.status = { type: "broken", detail: "asked for" };
  if (query.has("starting")) options.status = { type: "starting" };
  if (query.has("memory")) options.status = { type: "running", storage: "memory", rebuilt: false, generation: 1 };
  const engine = new FakeEngine(options);
  const busyMs = Number(query.get("busy"));
  if (busyMs > 0) setInterval(() => engine.receive(3, CAROL, `It is ${new Date().toISOString()}`), busyMs);
  // For looking at what happens when, from the browser's console.
  Object.assign(globalThis, { fakeEngine: engine });
  return engine;
}
