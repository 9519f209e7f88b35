// Which emoji this system can draw: newer ones than its font show as an empty box, and are better left out.

/** One emoji of each version that not every system has, newest first. */
const PROBES: readonly (readonly [version: number, emoji: string])[] = [
  [17, "\u{1FAC8}"],
  [16, "\u{1FAE9}"],
  [15.1, "\u{1F642}\u200D\u2194\uFE0F"],
  [15, "\u{1FAE8}"],
  [14, "\u{1FAE0}"],
  [13.1, "\u{1F636}\u200D\u{1F32B}\uFE0F"],
  [13, "\u{1F972}"],
];

/** Draws a text; what is needed of a canvas. */
export interface Pen {
  width(text: string): number;
  /** The pixels, drawn in this colour. */
  draw(text: string, colour: string): string;
}

/** The newest version that is drawn; everything (Infinity) when this system shows no emoji at all, or nobody can tell. */
export function newestDrawn(pen: Pen | undefined): number {
  if (pen === undefined || !isDrawn(pen, "\u{1F600}")) return Infinity;
  return PROBES.find(([, emoji]) => isDrawn(pen, emoji))?.[0] ?? 0;
}

/** An emoji has its own colours, whatever one draws with, and a joined one is no wider than a simple one. */
function isDrawn(pen: Pen, emoji: string): boolean {
  if (pen.width(emoji) > pen.width("\u{1F600}") * 1.5) return false;
  const black = pen.draw(emoji, "#000");
  return black !== pen.draw("", "#000") && black === pen.draw(emoji, "#f00");
}

/** A pen on a small canvas; undefined where there is none. */
export function canvasPen(): Pen | undefined {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 24;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return undefined;
  context.textBaseline = "top";
  context.font = '18px "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", sans-serif';
  return {
    width: (text) => context.measureText(text).width,
    draw(text, colour) {
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.fillStyle = colour;
      context.fillText(text, 0, 2);
      return context.getImageData(0, 0, canvas.width, canvas.height).data.join();
    },
  };
}
