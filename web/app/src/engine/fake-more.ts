// More made-up chats: one with everything that is hard to show, one with nothing in it, and enough to fill a list.

import { ALICE, BOB, CAROL, DAVE, ERIN, type FakeChat, makeChat, row, text } from "./fake-world";
import type { PersonView } from "./generated/PersonView";

const MINUTE = 60_000;

/** What stands in a chat that tries every bubble. */
const UNUSUAL: readonly (readonly [PersonView, string])[] = [
  [BOB, "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz und Donaudampfschifffahrtsgesellschaftskapitänsmütze"],
  [ALICE, "It says:\n```\nfn main() {\n    let answer = a_function_name_that_goes_on(and_on, and_on);\n}\n```\nand `answer` is never read."],
  [BOB, "https://example.org/a/very/long/path/that/never/ends/and/has/no/place/to/break/index.html?with=some&more=parameters&at=the-end#and-a-fragment"],
  [ALICE, "مرحباً! هل نلتقي عند البحيرة يوم السبت الساعة 9:30؟ الخريطة هنا: https://example.org/map"],
  [BOB, "שלום, see you there — בשבת בבוקר."],
  [BOB, "“中文标点，（括号）、《书名》……” 与 English 混排，数字 2026 年 5 月 20 日；下一行很长，用来看看行尾的标点符号是不是放在了正确的地方。"],
  [BOB, "👍"],
  [ALICE, "👩🏽‍🚀🚀✨"],
  [ALICE, "ok"],
];

const TITLES: readonly (readonly [string, string])[] = [
  ["Choir", "Tuesday at seven, second door on the left"],
  ["家人群", "妈妈：周日回来吃饭吗？"],
  ["Bicycle repair", "The chain is here, the pedals come on Friday"],
  ["Landing page review with everybody from the other office", "Fine by me"],
  ["Bücherkreis", "Nächstes Mal: „Die Wand“"],
  ["数学作业", "第三题的答案是二分之一"],
  ["Garden", "The tomatoes want water"],
  ["Flat 12", "Keys are with the neighbours"],
  ["Photography walk", "📷"],
  ["Night train", "Platform 4, carriage 21"],
];

/** Chats 6 and 7 can be named in an address; the others fill the list. */
export function makeMore(nowMs: number): FakeChat[] {
  const unusual = UNUSUAL.map(([who, words], i) => row(i + 1, who, nowMs - (60 - i * 3) * MINUTE, text(words)));
  const rest = TITLES.map(([title, words], i) => {
    const said = row(1, [DAVE, ERIN, CAROL][i % 3]!, nowMs - (i + 1) ** 2 * 400 * MINUTE, text(words));
    return makeChat(8 + i, null, title, [ALICE, CAROL, DAVE, ERIN], [said], i % 4 === 1 ? 1 : 0);
  });
  rest[3]!.view.unread = 1_200;
  return [
    makeChat(6, null, "A title that is much too long for any list, any header and any phone", [ALICE, BOB], unusual, 0),
    makeChat(7, null, "Empty", [ALICE], [], 0),
    ...rest,
  ];
}
