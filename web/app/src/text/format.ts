// Dates, times and numbers in the reader's language.

import { daysBefore } from "./days";

/** The words that `Intl` does not have. */
export interface DayWords {
  today: string;
  yesterday: string;
}

const cache = new Map<string, Intl.DateTimeFormat>();

function dateFormat(locale: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${name}`;
  let format = cache.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, options);
    cache.set(key, format);
  }
  return format;
}

const minutes = new Map<string, { minute: number; words: string }>();

/** Most messages are of the same minute as the one before: its words are at hand. */
function formatMinute(locale: string, name: string, options: Intl.DateTimeFormatOptions, atMs: number): string {
  const minute = Math.floor(atMs / 60_000);
  const key = `${locale} ${name}`;
  const last = minutes.get(key);
  if (last?.minute === minute) return last.words;
  const words = dateFormat(locale, name, options).format(atMs);
  minutes.set(key, { minute, words });
  return words;
}

/** `14:05` or `2:05 PM`. */
export function formatTime(locale: string, atMs: number): string {
  return formatMinute(locale, "time", { timeStyle: "short" }, atMs);
}

/** For the list: the time today, the weekday this week, else the date. */
export function formatListTime(locale: string, words: DayWords, atMs: number, nowMs: number): string {
  const days = daysBefore(atMs, nowMs);
  if (days <= 0) return formatTime(locale, atMs);
  if (days === 1) return words.yesterday;
  if (days < 7) return dateFormat(locale, "weekday", { weekday: "short" }).format(atMs);
  if (days < 300) return dateFormat(locale, "day", { day: "numeric", month: "short" }).format(atMs);
  return dateFormat(locale, "date", { year: "numeric", month: "numeric", day: "numeric" }).format(atMs);
}

/** For day separators. */
export function formatDay(locale: string, words: DayWords, atMs: number, nowMs: number): string {
  const days = daysBefore(atMs, nowMs);
  if (days === 0) return words.today;
  if (days === 1) return words.yesterday;
  if (days > 1 && days < 7) return dateFormat(locale, "weekdayLong", { weekday: "long" }).format(atMs);
  if (days < 300) return dateFormat(locale, "dayLong", { weekday: "short", day: "numeric", month: "long" }).format(atMs);
  return dateFormat(locale, "dateLong", { year: "numeric", month: "long", day: "numeric" }).format(atMs);
}

/** Date and time, for tooltips and device lists. */
export function formatMoment(locale: string, atMs: number): string {
  return formatMinute(locale, "moment", { dateStyle: "medium", timeStyle: "short" }, atMs);
}

const numberFormats = new Map<string, Intl.NumberFormat>();

/** With the language's separators. */
export function formatCount(locale: string, count: number): string {
  let format = numberFormats.get(locale);
  if (format === undefined) {
    // Making one costs a hundred times what using it does.
    format = new Intl.NumberFormat(locale);
    numberFormats.set(locale, format);
  }
  return format.format(count);
}

/** Unread is counted to this number, which means "so many or more". */
const UNREAD_COUNT_MAX = 1_000;

/** For badges: `999+` from there on. */
export function formatBadge(locale: string, count: number): string {
  return count >= UNREAD_COUNT_MAX ? `${formatCount(locale, UNREAD_COUNT_MAX - 1)}+` : formatCount(locale, count);
}

/** `@anna, @bob and @carol`. */
export function listHandles(locale: string, handles: readonly string[]): string {
  return new Intl.ListFormat(locale).format(handles.map((handle) => `@${handle}`));
}
