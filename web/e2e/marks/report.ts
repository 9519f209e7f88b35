// What a mark prints: one line of JSON for each figure, to be read by people and by programs.
import { readFileSync } from "node:fs";

/** One figure. */
export interface Figure {
  mark: string;
  value: number;
  unit: string;
  /** What the specification allows; absent for figures that stand beside others. */
  limit?: number;
  /** How many times slower than it is the main thread was made. */
  throttle?: number;
}

export function report({ mark, value, unit, limit, throttle }: Figure): void {
  const rounded = Math.round(value * 10) / 10;
  console.log(JSON.stringify({ mark, value: rounded, unit, limit, throttle }));
}

/** How busy the machine is with everything on it: without this, no figure means much. */
export function reportLoad(when: string): void {
  const load = Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]);
  report({ mark: `machine_load_${when}`, value: load, unit: "processes" });
}

/** The value below which this part of all values lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
