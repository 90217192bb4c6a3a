/** The look at a region from its row in the list: it is highlighted, and the picture zooms to it. */
import { boxOf } from "../core/geometry";
import type { Box } from "../core/geometry";
import type { Region } from "../core/label";
import type { Place } from "../view/surface";

export interface PeekSurface {
  /** The visible part of the picture; null while all of it is fitted to the window. */
  readonly place: Place | null;
  highlight(region: Region | null): void;
  zoomTo(box: Box): void;
  goTo(place: Place | null): void;
}

/** A mouse that only passes over the list moves nothing. */
const PAUSE_MS = 200;

export class RegionPeek {
  private region: Region | null = null;
  /** Where to return to; undefined while the picture has not moved. */
  private before: Place | null | undefined;
  private timer = 0;

  constructor(private readonly surface: PeekSurface) {}

  /** Look at a region; with null, return to where the picture was. */
  look(region: Region | null): void {
    if (region === this.region) return;
    this.region = region;
    this.surface.highlight(region);
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => (region ? this.zoomTo(region) : this.goBack()), PAUSE_MS);
  }

  /** Let the picture stay where it is: somebody works with it. */
  stay(): void {
    window.clearTimeout(this.timer);
    this.before = undefined;
  }

  private zoomTo(region: Region): void {
    if (this.before === undefined) this.before = this.surface.place;
    this.surface.zoomTo(boxOf(region.rings[0] ?? []));
  }

  private goBack(): void {
    if (this.before === undefined) return;
    this.surface.goTo(this.before);
    this.before = undefined;
  }
}
