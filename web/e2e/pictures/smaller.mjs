// Makes the pictures small enough to keep in git: at most 256 colours each, which no comparison here notices.

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync, inflateSync } from "node:zlib";

const FOLDER = import.meta.dirname;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS_MAX = 256;
const RGB = 2;
const PALETTE = 3;
const RGBA = 6;

for (const name of readdirSync(FOLDER, { recursive: true })) {
  if (!name.endsWith(".png")) continue;
  const file = join(FOLDER, name);
  const before = readFileSync(file);
  const picture = decode(before);
  // What has a palette has been here before.
  if (picture !== undefined) writeFileSync(file, encode(picture));
}
const sizes = readdirSync(FOLDER, { recursive: true }).filter((name) => name.endsWith(".png")).map((name) => statSync(join(FOLDER, name)).size);
console.log(`${sizes.length} pictures, ${Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1024)} KB`);

/** Pixels of a PNG as the browser writes it (8 bits, not interlaced); undefined for one with a palette. */
function decode(png) {
  const data = [];
  let header;
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") header = body;
    if (type === "IDAT") data.push(body);
    at += 12 + length;
  }
  const kind = header[9];
  if (kind === PALETTE) return undefined;
  if (header[8] !== 8 || (kind !== RGB && kind !== RGBA)) throw new Error("not a picture that a browser takes");
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const step = kind === RGBA ? 4 : 3;
  return { width, height, step, pixels: unfilter(inflateSync(Buffer.concat(data)), width, height, step) };
}

/** Each line of a PNG is told as differences from its neighbours. */
function unfilter(lines, width, height, step) {
  const stride = width * step;
  const pixels = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = lines[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const at = y * stride + x;
      const left = x >= step ? pixels[at - step] : 0;
      const up = y > 0 ? pixels[at - stride] : 0;
      const corner = x >= step && y > 0 ? pixels[at - stride - step] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      pixels[at] = lines[y * (stride + 1) + 1 + x] + guess;
    }
  }
  return pixels;
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function encode({ width, height, step, pixels }) {
  const counts = new Map();
  for (let at = 0; at < pixels.length; at += step) {
    const colour = colourAt(pixels, at);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  // The colours of surfaces and whole letters are frequent; what is left are the edges of letters.
  const palette = [...counts].sort((one, other) => other[1] - one[1] || one[0] - other[0]).slice(0, COLOURS_MAX).map(([colour]) => colour);
  const places = new Map(palette.map((colour, place) => [colour, place]));
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const colour = colourAt(pixels, (y * width + x) * step);
      if (!places.has(colour)) places.set(colour, nearest(palette, colour));
      lines[y * (width + 1) + 1 + x] = places.get(colour);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, PALETTE, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  const chunks = [chunk("IHDR", header), chunk("PLTE", colours), chunk("IDAT", deflateSync(lines, { level: 9 })), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([SIGNATURE, ...chunks]);
}

function colourAt(pixels, at) {
  return (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
}

function nearest(palette, colour) {
  let best = 0;
  let least = Infinity;
  palette.forEach((other, place) => {
    const far = [16, 8, 0].reduce((sum, shift) => sum + (((colour >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0);
    if (far < least) [best, least] = [place, far];
  });
  return best;
}

function chunk(type, body) {
  const whole = Buffer.alloc(body.length + 12);
  whole.writeUInt32BE(body.length, 0);
  whole.write(type, 4, "latin1");
  body.copy(whole, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, body.length + 8)), body.length + 8);
  return whole;
}
