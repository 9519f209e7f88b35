// Calendar days in a time zone: the reader's day, not 24 hours, so that daylight saving moves nothing.

const formats = new Map<string, Intl.DateTimeFormat>();

/** A day as `2026-03-29`, in the given zone (default: the device's). */
export function dayOf(atMs: number, timeZone?: string): string {
  if (timeZone === undefined) return localDayOf(atMs);
  let format = formats.get(timeZone);
  if (format === undefined) {
    // Swedish writes dates as ISO 8601 does.
    format = new Intl.DateTimeFormat("sv-SE", { year: "numeric", month: "2-digit", day: "2-digit", timeZone });
    formats.set(timeZone, format);
  }
  return format.format(atMs);
}

let localDay = { begin: 0, end: 0, name: "" };

/** Asked for every row of a window each time that one comes, and most are of the day of the one before. */
function localDayOf(atMs: number): string {
  if (atMs < localDay.begin || atMs >= localDay.end) localDay = localDayAround(atMs);
  return localDay.name;
}

/** A date knows its local day without any formatting. */
function localDayAround(atMs: number): typeof localDay {
  const date = new Date(atMs);
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  const name = `${year}-${String(month + 1).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
  return { begin: new Date(year, month, day).getTime(), end: new Date(year, month, day + 1).getTime(), name };
}

/** How many calendar days `atMs` lies before `nowMs`; negative when it lies after. */
export function daysBefore(atMs: number, nowMs: number, timeZone?: string): number {
  const day = Date.parse(`${dayOf(atMs, timeZone)}T00:00:00Z`);
  const today = Date.parse(`${dayOf(nowMs, timeZone)}T00:00:00Z`);
  return Math.round((today - day) / 86_400_000);
}
