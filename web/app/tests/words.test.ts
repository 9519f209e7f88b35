// What a message is made of: code and links, a few emoji, the language of its script; and what is told of new ones.

import { expect, test } from "vitest";
import { ALICE, BOB, CAROL, makeChat, row, text } from "../src/engine/fake-world";
import type { RowView } from "../src/engine/generated/RowView";
import { countOnlyEmoji } from "../src/text/emoji-only";
import { langOf } from "../src/text/lang";
import { newestSeq, newsAfter } from "../src/text/news";
import { blocksOf, plainWordsOf } from "../src/text/pieces";

/** `[code]` for inline code, `<link>` for links, `{block}` for blocks. */
function sketch(message: string): string {
  return blocksOf(message)
    .map((block) => {
      if (block.type === "code") return `{${block.text}}`;
      return block.pieces.map(({ type, text: words }) => ({ text: words, code: `[${words}]`, link: `<${words}>` })[type]).join("");
    })
    .join("");
}

test("nothing but words is plain; a link, code, or several parts are not", () => {
  const plain = (message: string) => plainWordsOf(blocksOf(message));
  expect(plain("two\nlines, `open")).toBe("two\nlines, `open");
  for (const other of ["https://example.org/", "`code`", "```\ncode\n```", "see https://example.org/", "```\na\n```\nb", ""]) {
    expect(plain(other)).toBeUndefined();
  }
});

test("code between backticks, on one line", () => {
  expect(sketch("run `npm test` now")).toBe("run [npm test] now");
  expect(sketch("`a` and `b`")).toBe("[a] and [b]");
  expect(sketch("a ` alone")).toBe("a ` alone");
  expect(sketch("`` and `\n`")).toBe("`` and `\n`");
});

test("blocks of code stand by themselves, their language is not shown", () => {
  expect(sketch("look:\n```rust\nfn main() {}\n```\ngood?")).toBe("look:{fn main() {}}good?");
  expect(sketch("```let x = 1;```")).toBe("{let x = 1;}");
  expect(sketch("```\na\n\n  b `c`\n```")).toBe("{a\n\n  b `c`}");
  expect(sketch("``` never closed")).toBe("``` never closed");
  expect(sketch("```\n```")).toBe("```\n```");
});

test("what is code is no link, and markup is only text", () => {
  expect(sketch("`https://example.org` https://example.org")).toBe("[https://example.org] <https://example.org>");
  expect(sketch("<b>`<i>`</b>")).toBe("<b>[<i>]</b>");
});

test("a very long text of backticks takes no unreasonable time", () => {
  const message = "`".repeat(5_000);
  expect(sketch(message)).toBe(message);
  const unclosed = "\n```a".repeat(1_200);
  expect(sketch(unclosed)).toBe(unclosed);
});

test("one to three emoji and nothing else", () => {
  expect(countOnlyEmoji("🦆")).toBe(1);
  expect(countOnlyEmoji("👨‍👩‍👧‍👦 👍🏽")).toBe(2);
  expect(countOnlyEmoji(" 🇩🇪🏴󠁧󠁢󠁥󠁮󠁧󠁿❤️ ")).toBe(3);
  expect(countOnlyEmoji("1️⃣")).toBe(1);
  expect(countOnlyEmoji("☝🏽")).toBe(1);
  expect(countOnlyEmoji("🦆🦆🦆🦆")).toBe(0);
  expect(countOnlyEmoji("🦆!")).toBe(0);
});

test("digits, signs and words are no emoji", () => {
  for (const words of ["", " ", "7", "#", "©", "™", "ok", "好", "🦆\n🦆"]) expect(countOnlyEmoji(words), words).toBe(0);
});

test("the language is said where the script tells it", () => {
  expect(langOf("好的，明天见。")).toBe("zh");
  expect(langOf("今日は東京へ行きます")).toBe("ja");
  expect(langOf("カタカナ")).toBe("ja");
  expect(langOf("안녕하세요, 서울에서")).toBe("ko");
  expect(langOf("สวัสดี")).toBe("th");
  expect(langOf("שלום")).toBe("he");
});

test("scripts of many languages, and names within another language, say nothing", () => {
  for (const words of ["hello", "Привет", "سلام", "नमस्ते", "🦆🦆", "", "123", "My colleague 王 will write to you tomorrow"]) {
    expect(langOf(words), words).toBeUndefined();
  }
});

// --- news for screen readers ---

const rows = (...seqs: number[]): RowView[] => seqs.map((seq) => row(seq, seq % 10 === 0 ? ALICE : BOB, seq, text(`${seq}`)));
const told = (after: number, shown: RowView[], last = shown.at(-1)!): [number[], number] => {
  const news = newsAfter(after, shown, { ...makeChat(1, BOB, "Bob", [], [], 0).view, last });
  return [news.rows.map(({ seq }) => seq), news.told];
};

test("each new message of others is told once", () => {
  expect(told(3, rows(1, 2, 3, 4, 5))).toEqual([[4, 5], 5]);
  expect(told(5, rows(1, 2, 3, 4, 5))).toEqual([[], 5]);
  expect(told(8, rows(8, 9, 10))).toEqual([[9], 10]);
});

test("older ones that are loaded are no news, nor are those between, when the window ends before the newest", () => {
  expect(told(9, rows(1, 2, 3), row(9, BOB, 9, text("9")))).toEqual([[], 9]);
  expect(told(9, rows(1, 2, 3), row(12, CAROL, 12, text("12")))).toEqual([[12], 12]);
  expect(told(9, rows(1, 2, 3, 4, 5, 6), row(9, BOB, 9, text("9")))).toEqual([[], 9]);
});

test("an unsent row does not hide what came before it", () => {
  const unsent = row(0, ALICE, 99, text("x"), { type: "sending", sendKey: "k" });
  expect(told(3, [...rows(1, 2, 3, 4), unsent])).toEqual([[4], 4]);
  expect(newestSeq([...rows(1, 2), unsent], unsent)).toBe(2);
});
