// What the emoji picker shows: rows of a grid, and which cell the arrow keys stand on.

import { type Catalogue, type Emoji, type EmojiGroupId, searchEmoji } from "../emoji/catalogue";
import { toned } from "../emoji/tones";
import type { EmojiRecents } from "./emoji-recents.svelte";

/** Enough to fill several screens; whoever does not find it there types more. */
const FOUND_MAX = 160;

export type PanelGroup = EmojiGroupId | "recent" | "found";

/** One emoji in the grid, in the tone it will be written in. */
export interface Cell {
  shown: string;
  name: string;
}

/** A heading, or as many emoji as fit side by side. */
export type PanelRow = { type: "heading"; group: PanelGroup } | { type: "cells"; cells: readonly Cell[] };

/** Where the arrow keys stand. */
export interface Place {
  row: number;
  column: number;
}

export type Move = "left" | "right" | "up" | "down" | "begin" | "end";

/** One opening of the picker. */
export class EmojiPanel {
  query = $state("");
  columns = $state(8);
  catalogue = $state.raw<Catalogue | undefined>(undefined);
  place = $state.raw<Place | undefined>(undefined);
  /** Those of the moment it opened: they must not move under the finger that presses them. */
  private readonly recent: readonly string[];

  readonly rows: readonly PanelRow[] = $derived(this.arrange());

  constructor(private readonly recents: EmojiRecents) {
    this.recent = recents.list;
  }

  /** The cell the keys stand on. */
  get active(): Cell | undefined {
    return this.place === undefined ? undefined : this.cellsAt(this.place.row)?.[this.place.column];
  }

  /** The groups that are there, with the row each begins at. */
  get headings(): { group: PanelGroup; row: number }[] {
    return this.rows.flatMap((row, index) => (row.type === "heading" ? [{ group: row.group, row: index }] : []));
  }

  /** Something else is searched for: Enter means the first that is found. */
  search(query: string): void {
    this.query = query;
    this.place = query.trim() === "" ? undefined : this.first();
  }

  /** The grid got as wide as this many emoji. */
  resize(columns: number): void {
    if (columns === this.columns || columns < 1) return;
    this.columns = columns;
    if (this.place !== undefined) this.place = this.first();
  }

  /** Moves over the cells; the first key goes to the first one. */
  move(how: Move): void {
    const from = this.place;
    if (from === undefined) {
      this.place = this.first();
      return;
    }
    const cells = this.cellsAt(from.row) ?? [];
    switch (how) {
      case "left":
        this.place = from.column > 0 ? { ...from, column: from.column - 1 } : (this.edge(from.row, -1) ?? from);
        break;
      case "right":
        this.place = from.column < cells.length - 1 ? { ...from, column: from.column + 1 } : (this.edge(from.row, 1) ?? from);
        break;
      case "up":
      case "down":
        this.place = this.across(from, how === "up" ? -1 : 1) ?? from;
        break;
      case "begin":
        this.place = { ...from, column: 0 };
        break;
      case "end":
        this.place = { ...from, column: cells.length - 1 };
        break;
    }
  }

  private first(): Place | undefined {
    const row = this.rows.findIndex(({ type }) => type === "cells");
    return row < 0 ? undefined : { row, column: 0 };
  }

  private cellsAt(row: number): readonly Cell[] | undefined {
    const found = this.rows[row];
    return found?.type === "cells" ? found.cells : undefined;
  }

  /** The next row of cells in this direction; headings are passed over. */
  private rowBeside(row: number, step: 1 | -1): number | undefined {
    for (let index = row + step; index >= 0 && index < this.rows.length; index += step) {
      if (this.cellsAt(index) !== undefined) return index;
    }
    return undefined;
  }

  private edge(row: number, step: 1 | -1): Place | undefined {
    const next = this.rowBeside(row, step);
    if (next === undefined) return undefined;
    return { row: next, column: step === 1 ? 0 : this.cellsAt(next)!.length - 1 };
  }

  private across(from: Place, step: 1 | -1): Place | undefined {
    const row = this.rowBeside(from.row, step);
    return row === undefined ? undefined : { row, column: Math.min(from.column, this.cellsAt(row)!.length - 1) };
  }

  private arrange(): readonly PanelRow[] {
    const { catalogue } = this;
    if (catalogue === undefined) return [];
    if (this.query.trim() !== "") return this.rowsOf("found", searchEmoji(catalogue, this.query, FOUND_MAX).map((emoji) => this.cellOf(emoji)));
    const recent = this.rowsOf("recent", this.recentCells(catalogue));
    return [...recent, ...catalogue.flatMap(({ id, emoji }) => this.rowsOf(id, emoji.map((one) => this.cellOf(one))))];
  }

  private rowsOf(group: PanelGroup, cells: readonly Cell[]): PanelRow[] {
    if (cells.length === 0) return [];
    const rows: PanelRow[] = [{ type: "heading", group }];
    for (let at = 0; at < cells.length; at += this.columns) rows.push({ type: "cells", cells: cells.slice(at, at + this.columns) });
    return rows;
  }

  private cellOf({ emoji, name, takesTone }: Emoji): Cell {
    return { shown: takesTone ? toned(emoji, this.recents.tone) : emoji, name };
  }

  /** In the tone they were used in. */
  private recentCells(catalogue: Catalogue): Cell[] {
    if (this.recent.length === 0) return [];
    const names = new Map(catalogue.flatMap(({ emoji }) => emoji.map((one) => [plain(one.emoji), one.name])));
    return this.recent.map((shown) => ({ shown, name: names.get(plain(shown)) ?? shown }));
  }
}

/** Without tones and selectors, to find the name. */
function plain(emoji: string): string {
  return emoji.replace(/[\u{1F3FB}-\u{1F3FF}\uFE0F]/gu, "");
}
