// Several frames in one body, each behind its length as Protobuf writes lengths.

/** One body of all these frames. */
export function bodyOf(frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(frames.reduce((length, frame) => length + appendedLength(frame), 0));
  let at = 0;
  for (const frame of frames) {
    let rest = frame.length;
    for (; rest > 0x7f; rest >>>= 7) body[at++] = (rest & 0x7f) | 0x80;
    body[at++] = rest;
    body.set(frame, at);
    at += frame.length;
  }
  return body;
}

/** How much longer a frame makes a body. */
export function appendedLength(frame: Uint8Array): number {
  let digits = 1;
  for (let rest = frame.length; rest > 0x7f; rest >>>= 7) digits += 1;
  return digits + frame.length;
}

/** The frames of a body. Throws when it is none. */
export function framesOf(body: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let at = 0;
  while (at < body.length) {
    let length = 0;
    let digit = 0x80;
    for (let shift = 0; digit > 0x7f; shift += 7) {
      // Four digits are more than any frame is long, and what follows could not be counted in 32 bits.
      if (shift > 21 || at >= body.length) throw new Error("before each frame stands its length");
      digit = body[at++] as number;
      length |= (digit & 0x7f) << shift;
    }
    if (at + length > body.length) throw new Error("a body ends with a whole frame");
    frames.push(body.slice(at, at + length));
    at += length;
  }
  return frames;
}
