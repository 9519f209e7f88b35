// Made-up people and chats for the fake engine. Never in the product.

import type { Content } from "./generated/Content";
import type { ConversationView } from "./generated/ConversationView";
import type { PersonView } from "./generated/PersonView";
import type { RowState } from "./generated/RowState";
import type { RowView } from "./generated/RowView";

export interface FakeChat {
  view: ConversationView;
  rows: RowView[];
  members: PersonView[];
}

export const ALICE: PersonView = { account: 11, handle: "alice", displayName: "Alice" };
export const BOB: PersonView = { account: 23, handle: "bob", displayName: "Bob" };
export const CAROL: PersonView = { account: 35, handle: "carol", displayName: "Carol 卡萝" };
export const DAVE: PersonView = { account: 47, handle: "dave", displayName: "Dave" };
export const ERIN: PersonView = { account: 58, handle: "erin", displayName: "إيرين" };
export const PEOPLE = [ALICE, BOB, CAROL, DAVE, ERIN];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** One row of a made-up log. */
export function row(seq: number, sender: PersonView, atMs: number, content: Content, state?: RowState): RowView {
  const own = sender.account === ALICE.account;
  return { key: `row-${seq}-${atMs}`, seq, sender, own, atMs, content, state: state ?? { type: own ? "read" : "stored" } };
}

export const text = (words: string): Content => ({ type: "text", text: words });

export function makeChat(conversation: number, peer: PersonView | null, title: string, members: PersonView[], rows: RowView[], unread: number): FakeChat {
  const last = rows.at(-1) ?? null;
  return {
    view: {
      conversation,
      group: peer === null,
      title,
      peer,
      memberCount: members.length,
      last,
      orderAtMs: last?.atMs ?? 0,
      unread,
      read: (last?.seq ?? 0) - unread,
      left: false,
      draft: "",
      unsent: rows.filter(({ seq }) => seq === 0).length,
    },
    rows,
    members,
  };
}

/** A list that shows every kind of row there is. */
export function makeWorld(nowMs: number, long = 3_000): FakeChat[] {
  const t = (minutesAgo: number): number => nowMs - minutesAgo * MINUTE;
  const begin = row(1, ALICE, t(60 * 30), { type: "created", title: "" });
  const bob = [
    begin,
    row(2, BOB, t(60 * 29), text("Morning! Are we still on for Saturday?")),
    row(3, ALICE, t(60 * 28.8), text("Yes, 9:30 at the lake.")),
    row(4, ALICE, t(60 * 28.79), text("Bring the good binoculars 🦆")),
    row(5, BOB, t(60 * 28), text("They say the first geese have arrived: https://example.org/birds/2026/arrivals (look at the map, page 3).")),
    row(6, BOB, t(60 * 27.99), text("👨‍👩‍👧‍👦")),
    row(7, ALICE, t(42), text("Looks like rain in the morning, clear after ten. I will take the early train anyway and keep a dry place for you.\n\nText me when you are on the way.")),
    row(8, ALICE, t(41.8), text("Averyveryverylongwordwithoutanyspacethatmustnotpushthebubbleoutofthescreenonasmallphone"), { type: "read" }),
    row(9, BOB, t(12), text("On it.")),
    row(10, ALICE, t(3), text("Perfect"), { type: "delivered" }),
    row(11, ALICE, t(2), text("See you there"), { type: "sent" }),
    row(0, ALICE, t(0.4), text("And tea!"), { type: "sending", sendKey: "a1" }),
  ];
  const group = [
    row(1, CAROL, t(60 * 20), { type: "created", title: "Lake weekend" }),
    row(2, CAROL, t(60 * 19.9), { type: "membersAdded", members: [DAVE, ERIN] }),
    row(3, CAROL, t(60 * 3), text("大家好！周末的天气怎么样？")),
    row(4, CAROL, t(60 * 3 - 0.3), text("我带野餐布和水果。")),
    row(5, DAVE, t(95), text("Sunny, 18°. I bring bread and cheese.")),
    row(6, ERIN, t(80), text("سأحضر القهوة، أراكم يوم السبت!")),
    row(7, DAVE, t(79), { type: "renamed", title: "Lake weekend 🌤" }),
    row(8, ALICE, t(70), text("Wonderful")),
    row(9, DAVE, t(16), { type: "unknown", kind: 7 }),
    row(10, DAVE, t(15), text("Who takes the boat key?")),
    row(11, CAROL, t(14), text("Me")),
  ];
  const carol = Array.from({ length: long }, (_, i) => {
    const who = (i * 7) % 5 < 3 ? CAROL : ALICE;
    const words = LINES[(i * 13) % LINES.length]!;
    return row(i + 1, who, nowMs - (long - i) * 37 * MINUTE - 2 * HOUR, text(`${words} (${i + 1})`));
  });
  const dave = [
    row(1, DAVE, t(60 * 80), text("Did you see the photos?")),
    row(2, ALICE, t(60 * 79), text("Not yet, tonight.")),
    row(3, DAVE, t(60 * 78.6), text("They are on the old disk. Try `ls /mnt/photos` first, then this:\n```sh\nfor year in 2024 2025 2026; do\n  rsync -av --progress \"/mnt/photos/$year/\" \"$HOME/Pictures/$year/\"\ndone\n```\nIt takes a while.")),
    row(4, DAVE, t(60 * 78.5), text("👍🏽 🦆")),
    row(5, ALICE, t(60 * 78.4), text("🧡")),
    row(0, ALICE, t(60 * 78), text("Here is the long list"), {
      type: "failed",
      sendKey: "d1",
      failure: { reason: "notAllowed", field: "", retryAfterMs: 0 },
    }),
  ];
  const erin = [
    row(1, ERIN, t(60 * 24 * 5 + 9), text("أراك عند البحيرة الساعة 9:30، هذا هو العنوان: https://example.org/lake")),
    row(2, ALICE, t(60 * 24 * 5 + 8), text("סבבה, אני מביאה קפה ועוגה לכולם")),
    row(3, ERIN, t(60 * 24 * 5 + 7), text("Do you say أهلاً or مرحباً?")),
    row(4, ERIN, t(60 * 24 * 5), text("شكراً جزيلاً 🌷")),
  ];
  const chats = [
    makeChat(1, BOB, "Bob", [ALICE, BOB], bob, 0),
    makeChat(2, null, "Lake weekend 🌤", [ALICE, CAROL, DAVE, ERIN], group, 3),
    makeChat(3, CAROL, CAROL.displayName, [ALICE, CAROL], carol, 12),
    makeChat(4, DAVE, "Dave", [ALICE, DAVE], dave, 0),
    makeChat(5, ERIN, ERIN.displayName, [ALICE, ERIN], erin, 0),
  ];
  chats[4]!.view.draft = "It was a pleasure";
  return chats;
}

const LINES = [
  "Good morning",
  "The river is high today.",
  "I saw eleven of them above the church, in a proper V.",
  "好的，明天见。",
  "Can you send me the recipe? The one with the plums, not the apples; last time I mixed them up and the whole kitchen smelled of cinnamon for a week.",
  "Yes.",
  "Train is late again, ten minutes.",
  "Haha",
];
