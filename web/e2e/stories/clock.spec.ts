// The calendar goes on while somebody reads: midnight passes, clocks are put forward and back.
import { screenOf, turnsWheel } from "../helpers/scrolling.ts";
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

/** The days above the last messages of the chat, oldest first, as far back as a number of them. */
async function readDays(alice: Parameters<typeof screenOf>[0], count: number): Promise<string[]> {
  const seqByDay = new Map<string, string>();
  while (seqByDay.size < count) {
    const shown = await alice.page.getByTestId("day").evaluateAll((days) =>
      days.map((day) => {
        const row = day.parentElement?.querySelector("[data-seq]");
        return [day.textContent ?? "", row?.getAttribute("data-seq") ?? ""] as const;
      }),
    );
    for (const [day, seq] of shown) {
      expect(seqByDay.get(day) ?? seq, `${day} begins once`).toBe(seq);
      seqByDay.set(day, seq);
    }
    await turnsWheel(alice, -400);
    await screenOf(alice);
  }
  const inOrder = [...seqByDay].sort(([, one], [, other]) => Number(one) - Number(other));
  return inOrder.map(([day]) => day).slice(-count);
}

for (const { change, until, days } of [
  {
    change: "forward",
    until: "2026-03-31T20:00:00Z",
    days: ["Fri, March 27", "Sat, March 28", "Sun, March 29", "Mon, March 30", "Tue, March 31"],
  },
  {
    change: "back",
    until: "2026-10-27T20:00:00Z",
    days: ["Fri, October 23", "Sat, October 24", "Sun, October 25", "Mon, October 26", "Tue, October 27"],
  },
]) {
  test.describe(`clocks are put ${change}`, () => {
    // A dozen messages a day.
    test.use({ seed: { chats: 4, messages: 5_000, until: new Date(until) } });

    test(`each day has one line when clocks are put ${change}`, async ({ world }) => {
      const alice = await world.person("alice", { timezoneId: "Europe/Berlin" });
      await alice.page.clock.install({ time: new Date(until).getTime() + 20 * 24 * HOUR_MS });
      await alice.entersSeeded();
      await alice.opensChat("Everybody");
      expect(await readDays(alice, days.length)).toEqual(days);
    });
  });
}
