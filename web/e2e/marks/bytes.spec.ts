// What travels to a browser that was never here: up to the first screen, and up to the first list of chats.
import { Person } from "../helpers/person.ts";
import { test } from "./bench.ts";
import { report } from "./report.ts";

test("bytes of a first visit", async ({ bench }) => {
  const newcomer = await Person.appear("newcomer", bench.server.port);
  const bytesByName = new Map<string, number>();
  const cdp = await newcomer.page.context().newCDPSession(newcomer.page);
  await cdp.send("Network.enable");
  const names = new Map<string, string>();
  cdp.on("Network.responseReceived", ({ requestId, response }) => names.set(requestId, new URL(response.url).pathname));
  cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    bytesByName.set(names.get(requestId) ?? requestId, encodedDataLength);
  });
  await newcomer.opens();
  await newcomer.page.getByRole("button", { name: "Create an account" }).waitFor();
  const kilobytes = () => [...bytesByName.values()].reduce((sum, bytes) => sum + bytes, 0) / 1_000;
  report({ mark: "first_screen_kb", value: kilobytes(), unit: "KB", limit: 250 });
  await newcomer.page.waitForLoadState("networkidle");
  for (const [name, bytes] of bytesByName) report({ mark: `file ${name}`, value: bytes / 1_000, unit: "KB" });
  await newcomer.disappear();
});
