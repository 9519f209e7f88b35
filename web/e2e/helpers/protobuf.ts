// Protobuf by hand, as far as a sender in a story needs it: numbers and bytes by their field number.

/** A message to be written: field number → value. Numbers are varints, text and bytes are length-delimited. */
export type Fields = Record<number, number | string | Uint8Array | undefined>;

/** One message as bytes; what is undefined or 0 is left out. */
export function encode(fields: Fields): Buffer {
  const parts: Buffer[] = [];
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value === "number") {
      if (value !== 0) parts.push(varint(Number(field) * 8), varint(value));
    } else if (value !== undefined) {
      const bytes = Buffer.from(value as string);
      parts.push(varint(Number(field) * 8 + 2), varint(bytes.length), bytes);
    }
  }
  return Buffer.concat(parts);
}

/** A message that was read. */
export class Message {
  private readonly values = new Map<number, (number | Buffer)[]>();

  constructor(bytes: Buffer) {
    let at = 0;
    const number = () => {
      let value = 0;
      for (let factor = 1; ; factor *= 128) {
        const byte = bytes.readUInt8(at++);
        value += (byte & 127) * factor;
        if (byte < 128) return value;
      }
    };
    while (at < bytes.length) {
      const tag = number();
      const field = Math.floor(tag / 8);
      let value: number | Buffer;
      if (tag % 8 === 0) value = number();
      else if (tag % 8 === 2) {
        const length = number();
        value = bytes.subarray(at, at + length);
        at += length;
      } else throw new Error(`a field of wire type ${tag % 8} is not in our protocol`);
      this.values.set(field, [...(this.values.get(field) ?? []), value]);
    }
  }

  /** 0 if absent. */
  number(field: number): number {
    const value = this.values.get(field)?.at(-1) ?? 0;
    if (typeof value !== "number") throw new Error(`field ${field} is no number`);
    return value;
  }

  /** Undefined if absent. */
  bytes(field: number): Buffer | undefined {
    return this.all(field).at(-1);
  }

  text(field: number): string {
    return this.bytes(field)?.toString() ?? "";
  }

  message(field: number): Message | undefined {
    const bytes = this.bytes(field);
    return bytes && new Message(bytes);
  }

  messages(field: number): Message[] {
    return this.all(field).map((bytes) => new Message(bytes));
  }

  private all(field: number): Buffer[] {
    return (this.values.get(field) ?? []).map((value) => {
      if (typeof value === "number") throw new Error(`field ${field} is a number`);
      return value;
    });
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
