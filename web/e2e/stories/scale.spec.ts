// Many chats and a long one: it opens at its end, is read back page by page, and the page holds only what is near.
import type { Person } from "../helpers/person.ts";
import { logOf, movedBy, screenOf, turnsWheel, turnsWheelOver } from "../helpers/scrolling.ts";
import { expect, test } from "../helpers/story.ts";

const MESSAGES = 5_000;
const CHATS = 300;
/** The chat's beginning, one who comes, one who leaves, and another title are in its log too. */
const LAST_SEQ = MESSAGES + 4;
/** Rows that may be in the page at once: some screens, whatever the length of the chat. */
const HELD_MAX = 150;
/** Less than a screen. */
const TURN = 420;

test.use({ seed: { chats: CHATS, messages: MESSAGES } });

/** Turns the wheel until this seq has been on the screen; nothing may jump on the way. */
async function readsTo(person: Person, seq: number): Promise<void> {
  let before = await screenOf(person);
  const up = seq < (before.rows[0]?.seq ?? 0);
  const pixels = up ? -TURN : TURN;
  while (!before.rows.some((row) => row.seq === seq)) {
    await turnsWheel(person, pixels);
    const after = await screenOf(person);
    movedBy(before, after, pixels);
    expect(after.held, "rows in the page").toBeLessThan(HELD_MAX);
    before = after;
  }
}

/** From now on, how many frames were painted, and in how many of them the rows did not fill the screen. */
async function watchesFrames(person: Person): Promise<() => Promise<{ painted: number; torn: number }>> {
  const watch = await logOf(person).evaluateHandle((log) => {
    const counts = { painted: 0, torn: 0 };
    // What is posted while a frame is made arrives when that frame has been painted.
    const { port1, port2 } = new MessageChannel();
    const frame = () => {
      port2.postMessage(null);
      if (log.isConnected) requestAnimationFrame(frame);
    };
    port1.onmessage = () => {
      const { top, bottom } = log.getBoundingClientRect();
      const boxes = [...log.querySelectorAll(":scope > div > div")].map((row) => row.getBoundingClientRect());
      counts.painted += 1;
      // A list is scrolled by whole pixels; rows have heights in parts of one.
      const above = Math.min(...boxes.map((box) => box.top)) < top + 1;
      const below = Math.max(...boxes.map((box) => box.bottom)) > bottom - 1;
      if (!above || !below) counts.torn += 1;
    };
    frame();
    return counts;
  });
  return () => watch.jsonValue();
}

test("a chat of 5,000 messages opens at its end and is read back without a hole, a repeat or a jump", async ({ world }) => {
  const alice = await world.alice();
  await alice.opensChat("Everybody");
  const newest = alice.page.locator(`[data-testid=message][data-seq="${LAST_SEQ}"]`);
  await expect(newest).toBeInViewport();

  await readsTo(alice, LAST_SEQ - 750);

  // By now the end has left the window; the way back is as whole.
  await readsTo(alice, LAST_SEQ - 620);

  await alice.page.getByRole("button", { name: "To the newest message" }).click();
  await expect(newest).toBeInViewport();
  await screenOf(alice);
});

test("whoever flings up through a long chat sees rows in every frame, while pages come above and the end falls off below", async ({ world }) => {
  const alice = await world.alice();
  await alice.opensChat("Everybody");
  await expect(alice.page.locator(`[data-testid=message][data-seq="${LAST_SEQ}"]`)).toBeInViewport();
  await logOf(alice).hover();
  const frames = await watchesFrames(alice);
  const first = () => alice.page.evaluate(() => Number(document.querySelector("[data-seq]")?.getAttribute("data-seq")));
  // A window holds 600 rows: beyond these, each page takes away as many as it brings.
  while ((await first()) > LAST_SEQ - 1_200) await alice.page.mouse.wheel(0, -TURN);
  const { painted, torn } = await frames();
  expect(painted).toBeGreaterThan(100);
  expect(torn).toBe(0);
});

test("a message of a kind that nobody knows yet is kept and says so", async ({ world }) => {
  const alice = await world.alice();
  await alice.opensChat("Everybody");
  const unknown = alice.page.getByTestId("message").filter({ hasText: "This message needs a newer version of Anser." });
  await expect(unknown.first()).toBeInViewport();
  await alice.reloads();
  await alice.isIn();
  await expect(unknown.first()).toBeInViewport();
});

test("every one of 300 chats is in the list, and any of them opens", async ({ world }) => {
  const alice = await world.alice();
  const rows = alice.page.getByTestId("chat-row");
  await expect(rows.first()).toHaveAttribute("data-title", "Everybody");
  const seen = new Map<string, string>();
  for (let turns = 0; seen.size < CHATS && turns < CHATS; turns += 1) {
    const shown = await rows.evaluateAll((nodes) =>
      nodes.map((row) => [row.getAttribute("data-conversation") ?? "", row.getAttribute("data-title") ?? ""] as const),
    );
    expect(shown.length, "rows in the page").toBeLessThan(60);
    for (const [conversation, title] of shown) seen.set(conversation, title);
    await turnsWheelOver(alice.page.getByRole("navigation", { name: "Chats" }), TURN);
  }
  expect(seen.size).toBe(CHATS);

  const last = [...seen.values()].at(-1) ?? "";
  await alice.opensChat(last);
  await expect(logOf(alice).getByTestId("message").last()).toBeInViewport();
});
