// What a message is made of: words, links, code; never HTML.

import { linkify } from "./linkify";

/** A part of a line. */
export type Piece =
  | { type: "text"; text: string }
  | { type: "link"; text: string; href: string }
  | { type: "code"; text: string };

/** Lines of words, or a block of code that stands by itself. */
export type Block = { type: "words"; pieces: Piece[] } | { type: "code"; text: string };

const FENCE = "```";
/** What may stand behind the opening fence: a language, which is not shown. */
const LANGUAGE = /^[\w+#.-]*$/;
/** On one line, with something in it. */
const INLINE = /(?<!`)`([^`\n]+)`(?!`)/g;

/** Cuts a message into what is shown; all of its characters stay, but for the marks around code. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  if (!text.includes(FENCE)) {
    addWords(blocks, text);
    return blocks;
  }
  const lines = text.split("\n");
  const closings = nextClosings(lines);
  let words: string[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    const code = codeAt(lines, i, closings);
    if (code === undefined) {
      words.push(lines[i]!);
      continue;
    }
    addWords(blocks, words.join("\n"));
    words = [];
    blocks.push({ type: "code", text: code.text });
    i = code.end;
  }
  addWords(blocks, words.join("\n"));
  return blocks;
}

/**
 * The words of a message that is nothing else, as most are: they need no parts of the page of their own, which take
 * longer to make than the words. Undefined for any other.
 */
export function plainWordsOf(blocks: readonly Block[]): string | undefined {
  const [block] = blocks;
  if (blocks.length !== 1 || block?.type !== "words" || block.pieces.length !== 1) return undefined;
  const piece = block.pieces[0]!;
  return piece.type === "text" ? piece.text : undefined;
}

/** For each line, the next one from there on that ends with a fence: found once, so that no text takes long. */
function nextClosings(lines: readonly string[]): number[] {
  const closings: number[] = [];
  let next = lines.length;
  for (let i = lines.length - 1; i >= 0; i -= 1) {
    if (lines[i]!.endsWith(FENCE)) next = i;
    closings[i] = next;
  }
  return closings;
}

/** A fence that begins a line, code, a fence that ends a line. */
function codeAt(lines: readonly string[], begin: number, closings: readonly number[]): { text: string; end: number } | undefined {
  const line = lines[begin]!;
  if (!line.startsWith(FENCE) || line[FENCE.length] === "`") return undefined;
  const opened = line.slice(FENCE.length);
  if (opened.endsWith(FENCE)) return found([opened], begin);
  const end = closings[begin + 1] ?? lines.length;
  if (end >= lines.length) return undefined;
  const body = lines.slice(begin + 1, end + 1);
  return found(LANGUAGE.test(opened) ? body : [opened, ...body], end);
}

/** The lines without the closing fence; nothing but space is no code. */
function found(body: readonly string[], end: number): { text: string; end: number } | undefined {
  const text = body.join("\n").slice(0, -FENCE.length).replace(/\n$/, "");
  return text.trim() === "" ? undefined : { text, end };
}

function addWords(blocks: Block[], text: string): void {
  if (text === "") return;
  const pieces: Piece[] = [];
  let done = 0;
  for (const match of text.matchAll(INLINE)) {
    addLinks(pieces, text.slice(done, match.index));
    pieces.push({ type: "code", text: match[1]! });
    done = match.index + match[0].length;
  }
  addLinks(pieces, text.slice(done));
  blocks.push({ type: "words", pieces });
}

function addLinks(pieces: Piece[], text: string): void {
  for (const { text: words, href } of linkify(text)) {
    pieces.push(href === undefined ? { type: "text", text: words } : { type: "link", text: words, href });
  }
}
