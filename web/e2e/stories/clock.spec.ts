// The calendar goes on while somebody reads: midnight passes, clocks are put forward and back.
import type { Person } from "../helpers/person.ts";
import { logOf, screenOf, turnsWheel } from "../helpers/scrolling.ts";
import { expect, test } from "../helpers/story.ts";

const HOUR_MS = 60 * 60 * 1_000;

/** A zone in which it is early in the afternoon now, so that no story meets the real midnight. */
function zoneWhereItIsAfternoon(): string {
  const ahead = 13 - new Date().getUTCHours();
  // The names of these zones count the other way.
  return ahead === 0 ? "Etc/GMT" : `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`;
}

test("at midnight today becomes yesterday, without a reload", async ({ world }) => {
  const alice = await world.person("alice", { timezoneId: zoneWhereItIsAfternoon() });
  await alice.page.clock.install({ time: Date.now() });
  await alice.registers();
  const bob = await world.member("bob");
  await alice.startsChatWith(bob);
  await alice.writes("before midnight");
  await alice.seesState("before midnight", "delivered");
  const day = alice.page.getByTestId("day");
  await expect(day).toHaveText(["Today"]);

  await alice.page.clock.fastForward(12 * HOUR_MS);
  await expect(day).toHaveText(["Yesterday"]);
  await expect(alice.chat("Bob").getByText("Yesterday")).toBeVisible();
});

/**
 * The days of the last messages, oldest first, as far back as a number of them. Wherever two messages that stand one
 * above the other are of different days, by the time each of them shows, and only there, a line says so.
 */
async function readDays(alice: Person, count: number): Promise<string[]> {
  const days: string[] = [];
  while (days.length < count) {
    const shown = await logOf(alice).evaluate((log) =>
      [...log.querySelectorAll("[data-testid=day], [data-testid=message]")].map((node) => {
        if (node.getAttribute("data-testid") === "day") return { line: node.textContent ?? "" };
        // "Mar 29, 2026, 11:58 PM"
        return { date: (node.querySelector("[title]")?.getAttribute("title") ?? "").replace(/, [^,]*$/, "") };
      }),
    );
    const above: string[] = [];
    let dateBefore: string | undefined;
    let lines = 0;
    for (const { line, date } of shown) {
      if (line !== undefined) {
        lines += 1;
        above.push(line);
      } else {
        if (dateBefore !== undefined) expect(lines, `lines between ${dateBefore} and ${date}`).toBe(date === dateBefore ? 0 : 1);
        dateBefore = date;
        lines = 0;
      }
    }
    for (const line of above.reverse()) if (!days.includes(line)) days.unshift(line);
    await turnsWheel(alice, -400);
    await screenOf(alice);
  }
  return days.slice(-count);
}

for (const { change, until, days } of [
  { change: "forward", until: "2026-03-31T18:30:00Z", days: ["Sun, March 29", "Mon, March 30", "Tue, March 31"] },
  { change: "back", until: "2026-10-27T18:30:00Z", days: ["Sun, October 25", "Mon, October 26", "Tue, October 27"] },
]) {
  test.describe(`clocks are put ${change}`, () => {
    // A few every three hours, some of them within an hour of midnight.
    test.use({ seed: { chats: 4, messages: 20_000, until: new Date(until) } });

    test(`each day has one line when clocks are put ${change}`, async ({ world }) => {
      const alice = await world.person("alice", { timezoneId: "Europe/Berlin" });
      await alice.page.clock.install({ time: new Date(until).getTime() + 20 * 24 * HOUR_MS });
      await alice.entersSeeded();
      await alice.opensChat("Everybody");
      expect(await readDays(alice, days.length)).toEqual(days);
    });
  });
}
