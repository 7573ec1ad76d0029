import { untilAnswered } from "../../api/again";
import { answer, api } from "../../api/client";
import { Refusal } from "../../api/failures";
import type { Peaks } from "../../api/schema";
import type { View } from "../timeline/scale";

/** Shortest tile: the server measures peaks of 20 ms, and a tile of this length holds them all. */
const SHORTEST_TILE_SEC = 32;
const POINTS = 2048;
const KEPT_TILES = 32;

/** A part of a waveform that is there to be drawn. */
export interface WavePart {
  readonly peaks: Peaks;
  readonly start: number;
  readonly end: number;
}

/** A stretch of the waveform that is asked for as one. */
export interface Tile {
  readonly start: number;
  readonly end: number;
}

/** Peaks of the sound, loaded in tiles; a coarse line of the whole video stands in for those that have not come. */
export class Waveform {
  private whole = $state.raw<Peaks | null>(null);
  private tiles = $state.raw<ReadonlyMap<string, Peaks>>(new Map());
  private readonly underWay = new Set<string>();
  private view: View | null = null;
  private loading = false;
  private closed = false;
  /** The highest peak of the video: what the height of the line is measured by. */
  readonly loudest = $derived(
    Math.max(
      0.05,
      (this.whole?.peaks ?? []).reduce<number>((top, peak) => Math.max(top, peak ?? 0), 0),
    ),
  );

  constructor(private readonly project: string) {}

  async load(): Promise<void> {
    this.loading = true;
    if (this.view) this.want(this.view);
    this.whole = await this.fetch({});
  }

  /** Ask for nothing more. */
  close(): void {
    this.closed = true;
  }

  /** Ask for what a view shows; before `load` that is noted. */
  want(view: View): void {
    this.view = view;
    if (!this.loading || (this.whole && !this.whole.audible)) return;
    for (const tile of tilesOf(view)) void this.loadTile(tile);
  }

  /** What there is of a view, from left to right. */
  partsOf(view: View): WavePart[] {
    return tilesOf(view).flatMap(({ start, end }) => {
      const peaks = this.tiles.get(keyOf({ start, end })) ?? this.whole;
      return peaks?.audible ? [{ peaks, start, end }] : [];
    });
  }

  private async loadTile(tile: Tile): Promise<void> {
    const key = keyOf(tile);
    if (this.tiles.has(key) || this.underWay.has(key)) return;
    this.underWay.add(key);
    try {
      const peaks = await this.fetch(tile);
      if (peaks) this.tiles = new Map([...[...this.tiles].slice(1 - KEPT_TILES), [key, peaks]]);
    } finally {
      this.underWay.delete(key);
    }
  }

  /** Peaks of a part; null if the video was not analyzed, or nobody wants them any more. */
  private async fetch(part: Partial<Tile>): Promise<Peaks | null> {
    const params = { path: { project_id: this.project }, query: { ...part, points: POINTS } };
    try {
      return await untilAnswered(
        () => answer(api.GET("/api/projects/{project_id}/peaks", { params })),
        () => !this.closed,
      );
    } catch (error) {
      // A project that was not analyzed; what else is refused is what the whole waveform was refused for already.
      if (error instanceof Refusal && (error.status === 404 || part.start !== undefined)) return null;
      throw error;
    }
  }
}

/** The tiles that a view lies in: two at most, of a length that is a power of two. */
export function tilesOf(view: View): Tile[] {
  const length = Math.max(SHORTEST_TILE_SEC, 2 ** Math.ceil(Math.log2(view.length)));
  const first = Math.floor(Math.max(0, view.start) / length);
  const last = Math.ceil((view.start + view.length) / length);
  return Array.from({ length: Math.max(1, last - first) }, (_, index) => ({
    start: (first + index) * length,
    end: (first + index + 1) * length,
  }));
}

const keyOf = ({ start, end }: Tile): string => `${start}-${end}`;
