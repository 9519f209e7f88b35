// What travels to a browser that was never here: up to the first screen, and what comes after it.
import { readdirSync, statSync } from "node:fs";
import { Person } from "../helpers/person.ts";
import { test } from "./bench.ts";
import { report } from "./report.ts";

/** What `npm run build` made; the server sends the compressed ones. */
const DIST = new URL("../../app/dist/assets", import.meta.url);

test("bytes of a first visit", async ({ bench }) => {
  const newcomer = await Person.appear("newcomer", bench.server.port);
  const cdp = await newcomer.page.context().newCDPSession(newcomer.page);
  await cdp.send("Network.enable");
  let bytes = 0;
  cdp.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await newcomer.opens();
  await newcomer.page.getByRole("button", { name: "Create an account" }).waitFor();
  report({ mark: "first_screen_kb", value: bytes / 1_000, unit: "KB", limit: 250 });
  await newcomer.disappear();
});

test("bytes of each part", () => {
  for (const name of readdirSync(DIST).filter((file) => file.endsWith(".br"))) {
    const part = name.replace(/-[\w-]{8}\./, ".").replace(/\.br$/, "");
    report({ mark: `part ${part}`, value: statSync(`${DIST.pathname}/${name}`).size / 1_000, unit: "KB brotli" });
  }
});
