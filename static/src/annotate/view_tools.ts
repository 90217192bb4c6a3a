/**
 * Viewing and measuring on the drawing page: picture settings, hidden classes, masked areas and
 * their reasons, distances and sizes. It never changes the label by itself.
 */
import type { Config, Say } from "./config";
import { removeRegion } from "./core/actions";
import type { Editor } from "./core/editor";
import { contains } from "./core/geometry";
import type { Masked, MaskKind } from "./core/geometry";
import type { Label, Point, Region, Rings } from "./core/label";
import { loadRangeData } from "./measure/range_data";
import type { RangeData } from "./measure/range_data";
import { rangeAt } from "./measure/range_map";
import { ReadOuts } from "./measure/read_outs";
import { Ruler } from "./measure/ruler";
import { distanceBetween, sizeOf } from "./measure/size";
import type { Space } from "./measure/size";
import { isSmallerThanBar, isSmallerThanBarSquare } from "./measure/scale_bar";
import { formatDistance, formatLength, ruleOf, formatSize } from "./measure/format";
import type { Pen } from "./modes/mode";
import { Notice } from "./panels/notice";
import type { Subject } from "./panels/page";
import { PictureSettingsPanel } from "./panels/picture_settings_panel";
import { findOwner } from "./saving/owner";
import type { Picture } from "./saving/task";
import { cssFilter, saveSettings, settingsStorage, loadSettings } from "./view/picture_settings";
import { Magnifier } from "./view/magnifier";
import type { Pointer, Viewport } from "./view/viewport";

export interface ViewToolsPage {
  announce(sentence: string, tone?: "plain" | "warn", subject?: Subject): void;
  part(id: string): HTMLElement;
}

export class ViewTools {
  private picture: Picture | null = null;
  private rangeData: RangeData | null = null;
  private previousLabel: Label | null = null;
  private shownMasks: readonly Masked[] = [];
  private readonly heldCodes = new Set<number>();
  private panelCodes: ReadonlySet<number> = new Set();
  private rulerIsOn = false;
  private shownSize: Region | null = null;
  private readonly explained = new Set<MaskKind>();
  private readonly storage = settingsStorage();
  readonly panel: PictureSettingsPanel;
  private readonly magnifier: Magnifier;
  readonly ruler = new Ruler((ends) => this.showRuler(ends));
  private readonly readOuts = new ReadOuts();
  private readonly offer: Notice;
  private readonly language = document.documentElement.lang || "en";

  constructor(
    private readonly config: Config,
    private readonly viewport: Viewport,
    private readonly editor: Editor,
    private readonly page: ViewToolsPage,
    private readonly say: Say,
    /** Called when the ruler is switched on or off. */
    private readonly onTool: () => void,
  ) {
    const { id, device_name } = config.labeler;
    const owner = this.storage ? findOwner(this.storage, config.labeler) : String(id ?? device_name);
    const look = loadSettings(this.storage, owner);
    viewport.adjust(cssFilter(look), look.opacity / 100, look.pattern);
    this.panel = new PictureSettingsPanel(look, config.campaign.classes, say, {
      changed: (next) => {
        viewport.adjust(cssFilter(next), next.opacity / 100, next.pattern);
        this.magnifier.use(next.magnifier);
        saveSettings(this.storage, owner, next);
      },
      hidden: (codes) => {
        this.panelCodes = codes;
        this.hideClasses();
      },
    });
    this.magnifier = new Magnifier(viewport);
    this.magnifier.use(look.magnifier);
    this.offer = new Notice(page.part("offer"));
    viewport.onPointer((pointer) => this.onPointer(pointer));
  }

  // -- events of the page -------------------------------------------------------------------------

  /** Prepare for an opened picture, before drawing starts. */
  opened(picture: Picture, masksMissing = false): void {
    this.closed();
    this.picture = picture;
    this.shownMasks = [];
    this.readOuts.showBarRule(this.barRule(picture));
    if (masksMissing) this.page.announce(this.say("masks_missing"), "warn", "picture");
    void loadRangeData(picture).then((found) => {
      if (this.picture !== picture) return;
      this.rangeData = found;
      this.viewport.element.dataset.measured = found ? String(found.estimated) : "none";
      this.showSize();
    });
  }

  closed(): void {
    this.picture = this.rangeData = this.previousLabel = null;
    delete this.viewport.element.dataset.measured;
    this.putRulerAway();
    this.readOuts.clear();
    this.offer.hide();
    this.panel.hideOnly([]);
  }

  /** Handle a change of the label, the selection or the class. */
  changed(): void {
    const { label, frame } = this.editor;
    if (frame.masked !== this.shownMasks) this.viewport.showMasked((this.shownMasks = frame.masked));
    if (!this.picture) return;
    const before = this.previousLabel;
    this.previousLabel = label;
    // Check only newly drawn regions, not those of an opened draft.
    const added = before ? label.regions.filter((each) => !before.regions.includes(each)) : [];
    const drawn = before && added.length === 1 && label.regions.length > before.regions.length;
    if (label !== before) this.offer.hide();
    if (drawn) this.offerToRemove(added[0]!);
    if (drawn) this.shownSize = added[0]!;
    this.showSize();
  }

  /** End the size of the newest region when the next action begins. */
  beginAction(): void {
    if (!this.shownSize) return;
    this.shownSize = null;
    this.showSize();
  }

  /** Explain why a part of a shape was removed, and say how many small leftovers were dropped. */
  explain(trimmed: ReadonlySet<MaskKind>, dropped: number): void {
    const words = [...trimmed].map((each) => this.reason(each));
    const name = this.picture?.scale_bar ? "dropped_small" : "dropped_tiny";
    if (dropped) words.push(this.say(name, { count: dropped }));
    if (words.length) this.page.announce(words.join(" "), "plain", "drawing");
  }

  /** Offer to cover the larger region that most of a new shape lies on. */
  offerPaintOver(paintOver: () => void): void {
    this.offer.show("paint-over", this.say("offer_paint_over"), [
      { label: this.say("paint_over_here"), act: paintOver },
      { label: this.say("offer_keep"), act: () => {} },
    ]);
  }

  /** Return whether a piece is too small to be left over as a region. */
  isSmall(rings: Rings): boolean {
    return isSmallerThanBarSquare(rings, this.picture?.scale_bar ?? null, this.space, this.editor.frame);
  }

  // -- keys and buttons ---------------------------------------------------------------------------

  toggleSettings(): void {
    this.panel.toggle();
  }

  toggleMagnifier(): void {
    this.panel.toggleMagnifier();
  }

  /** Hide the class at this index while a key is held. */
  holdClass(place: number, held: boolean): void {
    const code = this.config.campaign.classes[place]?.code;
    if (code === undefined) return;
    if (held) this.heldCodes.add(code);
    else this.heldCodes.delete(code);
    this.hideClasses();
  }

  get measures(): boolean {
    return this.rulerIsOn;
  }

  toggleRuler(): void {
    if (this.rulerIsOn) this.putRulerAway();
    else this.takeRuler();
  }

  /**
   * Handle Escape: remove the line first, then switch the ruler off. Return whether either was
   * active.
   */
  putRulerAway(): boolean {
    if (!this.rulerIsOn) return false;
    this.ruler.clear();
    this.rulerIsOn = false;
    this.viewport.element.toggleAttribute("data-ruler", false);
    this.onTool();
    return true;
  }

  private takeRuler(): void {
    if (!this.picture) return;
    if (!this.space) {
      const why = this.rangeData ? "ruler_no_camera" : "ruler_no_range";
      this.page.announce(this.say(why), "warn", "drawing");
      return;
    }
    this.rulerIsOn = true;
    this.viewport.element.toggleAttribute("data-ruler", true);
    this.onTool();
  }

  // -- displays -----------------------------------------------------------------------------------

  /** Return why a point must not be labeled, or its distance; "" for neither. */
  describePoint(point: Point): string {
    const { masked, width, height } = this.editor.frame;
    const [x, y] = point;
    if (x < 0 || y < 0 || x > width || y > height) return "";
    const area = masked.find(({ rings }) => contains(rings, point));
    if (area) return this.reason(area.why);
    if (!this.rangeData) return "";
    const { range, estimated } = this.rangeData;
    return formatDistance(rangeAt(range, point), estimated, this.say, this.language);
  }

  private onPointer(pointer: Pointer | null): void {
    const words = pointer && this.picture ? this.describePoint(pointer.point) : "";
    this.readOuts.showDistance(words);
    const area = pointer?.pressed
      ? this.editor.frame.masked.find(({ rings }) => contains(rings, pointer.point))
      : undefined;
    // The first press on a masked area explains the hatch, unless the ruler is on.
    if (!area || this.rulerIsOn || this.explained.has(area.why)) return;
    this.explained.add(area.why);
    this.page.announce(this.reason(area.why), "plain", "drawing");
  }

  private showRuler(ends: readonly [Point, Point] | null): void {
    this.viewport.showRuler(ends);
    const { space } = this;
    if (!ends || !space) {
      this.readOuts.showRuler("");
      return;
    }
    const length = distanceBetween(space, ...ends);
    const name = space.estimated ? "ruler_estimated" : "ruler";
    this.readOuts.showRuler(
      length === null
        ? this.say("ruler_none")
        : this.say(name, { length: formatLength(length, this.say, this.language) }),
    );
  }

  /**
   * Show the size of the selected or newest region, and whether it meets the minimum of its class.
   */
  private showSize(): void {
    const { selected, label } = this.editor;
    if (this.shownSize && !label.regions.includes(this.shownSize)) this.shownSize = null;
    const region = selected ?? this.shownSize;
    const terrain = this.config.campaign.classes.find(({ code }) => code === region?.code);
    if (!region || !terrain || !ruleOf(terrain) || !this.space) {
      this.readOuts.showSize(null);
      return;
    }
    const size = sizeOf(this.space, region.rings);
    this.readOuts.showSize(
      size
        ? formatSize(size, this.space.estimated, terrain, this.say, this.language)
        : { measures: this.say("size_unknown"), verdict: "", obeyed: false },
    );
  }

  private offerToRemove(region: Region): void {
    const bar = this.picture?.scale_bar;
    if (!bar || !isSmallerThanBar(region.rings, bar, this.space)) return;
    this.offer.show("small", this.say("offer_small"), [
      { label: this.say("offer_remove"), act: () => this.editor.apply(removeRegion(region)) },
      { label: this.say("offer_keep"), act: () => {} },
    ]);
  }

  /**
   * Return the rule of the picture's own scale bar: pictures of one campaign may come from several
   * rovers.
   */
  private barRule({ scale_bar: bar }: Picture): string | null {
    if (!bar) return null;
    const whole = new Intl.NumberFormat(this.language, { maximumFractionDigits: 1 });
    return this.say("bar_rule", { cm: whole.format(bar.width_m * 100) });
  }

  private get space(): Space | null {
    const { rangeData } = this;
    return rangeData?.camera ? (rangeData as Space) : null;
  }

  private hideClasses(): void {
    this.viewport.hideClasses(new Set([...this.heldCodes, ...this.panelCodes]));
  }

  private reason(why: MaskKind): string {
    return this.say(`masked_${why}`, { meters: this.config.campaign.range_limit_m ?? "" });
  }
}

/** Return a pen that passes input to the ruler while it is on, else to the tool. */
export function withRuler(pen: Pen, viewTools: () => ViewTools): Pen {
  const on = (): Pen => (viewTools().measures ? viewTools().ruler : pen);
  return {
    takes: (point, coarse) => on().takes(point, coarse),
    tap: (point, coarse, removing) => on().tap(point, coarse, removing),
    strokeStart: (point) => on().strokeStart(point),
    strokeMove: (point) => on().strokeMove(point),
    strokeEnd: (coarse) => on().strokeEnd(coarse),
    strokeCancel: () => on().strokeCancel(),
    hover: (point) => on().hover(point),
  };
}
