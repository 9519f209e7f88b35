// Lets `npm run dev:fake` show any state by its address: `?in&link=offline`, `?elsewhere`, `?in&empty`, `?in&more`, `?memory`.

import { FakeEngine, type FakeOptions } from "./fake-engine";
import type { Engine } from "./engine";

/** A fake engine in the state that the query names. */
export function engineFromAddress(search: string): Engine {
  const query = new URLSearchParams(search);
  const options: FakeOptions = {
    signedIn: query.has("in"),
    empty: query.has("empty"),
    more: query.has("more"),
    answerAfterMs: 700,
  };
  const link = query.get("link");
  if (link === "offline") options.link = { type: "offline", retryAtMs: Date.now() + 20_000 };
  if (link === "connecting" || link === "catchingUp") options.link = { type: link };
  if (query.has("elsewhere")) options.status = { type: "elsewhere" };
  if (query.has("broken")) options.status = { type: "broken", detail: "asked for" };
  if (query.has("starting")) options.status = { type: "starting" };
  if (query.has("memory")) options.status = { type: "running", storage: "memory", rebuilt: false, generation: 1 };
  return new FakeEngine(options);
}
