// Finds the links in a text: only http, https and mailto, and never as HTML.

/** A piece of a message: plain, or a link with its safe address. */
export type Piece = { text: string; href?: string };

const CANDIDATE = /(?:https?:\/\/|mailto:|www\.)[^\s<>"'`{}|\\^\u3000-\u3002\uff00-\uffef\u4e00-\u9fff]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/giu;
const SAFE_SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** Cuts a text into pieces whose texts, put together, are the text again. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const shown = trimEnd(match[0]);
    const href = toAddress(shown);
    if (href === undefined) continue;
    if (match.index > done) pieces.push({ text: text.slice(done, match.index) });
    pieces.push({ text: shown, href });
    done = match.index + shown.length;
  }
  if (done < text.length) pieces.push({ text: text.slice(done) });
  return pieces;
}

/** A full stop after a link ends the sentence, and a bracket may belong to the words around it. */
function trimEnd(candidate: string): string {
  let end = candidate.length;
  while (end > 0) {
    const last = candidate[end - 1]!;
    if (".,;:!?*_~".includes(last)) end -= 1;
    else if (last === ")" && isUnopened(candidate.slice(0, end), "(", ")")) end -= 1;
    else if (last === "]" && isUnopened(candidate.slice(0, end), "[", "]")) end -= 1;
    else break;
  }
  return candidate.slice(0, end);
}

function isUnopened(text: string, open: string, close: string): boolean {
  return text.split(close).length > text.split(open).length;
}

function toAddress(shown: string): string | undefined {
  let address = shown;
  if (/^www\./i.test(shown)) address = `https://${shown}`;
  else if (!/^(?:https?:\/\/|mailto:)/i.test(shown)) address = `mailto:${shown}`;
  try {
    const url = new URL(address);
    if (!SAFE_SCHEMES.has(url.protocol)) return undefined;
    if (url.protocol !== "mailto:" && url.hostname === "") return undefined;
    return url.href;
  } catch {
    return undefined;
  }
}
