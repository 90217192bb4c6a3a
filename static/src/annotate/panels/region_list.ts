/** The list of regions with their sizes. The list and the picture show the same selection. */
import type { Say, TerrainClass } from "../config";
import { regionArea } from "../core/geometry";
import type { Size } from "../core/geometry";
import type { Label, Region } from "../core/label";
import { swatch } from "../view/patterns";

export interface RegionListEvents {
  select(region: Region): void;
  setClass(region: Region, code: number): void;
  remove(region: Region): void;
  /** Called with the region whose row the mouse or the keyboard is on; null when they left. */
  look(region: Region | null): void;
}

interface Row {
  readonly item: HTMLElement;
  readonly name: HTMLButtonElement;
  readonly kind: HTMLSelectElement;
}

export class RegionList {
  private readonly rows = new Map<Region, Row>();
  private readonly percent = new Intl.NumberFormat(document.documentElement.lang, {
    style: "percent",
    maximumSignificantDigits: 2,
  });

  constructor(
    private readonly list: HTMLElement,
    private readonly classes: readonly TerrainClass[],
    private readonly say: Say,
    private readonly events: RegionListEvents,
  ) {
    list.addEventListener("pointerover", ({ target, pointerType }) => {
      if (pointerType === "mouse") events.look(this.regionAt(target));
    });
    list.addEventListener("pointerleave", () => events.look(null));
    list.addEventListener("focusin", ({ target }) => {
      if ((target as Element).matches(":focus-visible")) events.look(this.regionAt(target));
    });
    list.addEventListener("focusout", ({ relatedTarget }) => {
      if (!list.contains(relatedTarget as Node | null)) events.look(null);
    });
  }

  private regionAt(target: EventTarget | null): Region | null {
    const found = [...this.rows].find(([, { item }]) => item.contains(target as Node | null));
    return found?.[0] ?? null;
  }

  /** Return the share of the picture that a region takes, as text. */
  shareOf(region: Region, { width, height }: Size): string {
    const share = regionArea(region.rings) / (width * height || 1);
    return share < 0.001 ? this.say("share_tiny") : this.percent.format(share);
  }

  show(label: Label, selected: Region | null, size: Size): void {
    const now = new Set(label.regions);
    const focused = [...this.rows].find(([, { item }]) => item.contains(document.activeElement));
    for (const [region, { item }] of this.rows) {
      if (now.has(region)) continue;
      item.remove();
      this.rows.delete(region);
    }
    label.regions.forEach((region, index) => {
      const row = this.rows.get(region) ?? this.add(region, size);
      const there = this.list.children[index] ?? null;
      if (there !== row.item) this.list.insertBefore(row.item, there);
      const current = region === selected;
      if (current) row.name.setAttribute("aria-current", "true");
      else row.name.removeAttribute("aria-current");
      row.kind.hidden = !current;
      if (current) row.item.scrollIntoView({ block: "nearest" });
    });
    if (focused && !now.has(focused[0])) this.keepFocus(selected);
  }

  /** Move the focus to the next row when the focused row is removed. */
  private keepFocus(selected: Region | null): void {
    const row = (selected && this.rows.get(selected)) ?? [...this.rows.values()].at(-1);
    (row?.name ?? this.list).focus();
  }

  private add(region: Region, size: Size): Row {
    const kind = this.classes.find((each) => each.code === region.code);
    const item = document.createElement("li");
    const name = document.createElement("button");
    name.type = "button";
    name.className = "region-name";
    const words = document.createElement("span");
    words.textContent = kind?.name ?? "";
    const share = document.createElement("span");
    share.className = "region-share";
    share.textContent = this.shareOf(region, size);
    name.append(...(kind ? [swatch(kind.color, kind.pattern)] : []), words, share);
    name.addEventListener("click", () => this.events.select(region));
    const row = { item, name, kind: this.kindField(region) };
    item.append(name, this.removeButton(region, kind?.name ?? ""), row.kind);
    this.rows.set(region, row);
    return row;
  }

  private kindField(region: Region): HTMLSelectElement {
    const field = document.createElement("select");
    field.setAttribute("aria-label", this.say("region_class"));
    for (const { code, name } of this.classes) {
      field.add(new Option(name, String(code), false, code === region.code));
    }
    field.addEventListener("change", () => this.events.setClass(region, Number(field.value)));
    return field;
  }

  private removeButton(region: Region, name: string): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "region-delete";
    button.setAttribute("aria-label", this.say("region_delete", { class: name }));
    button.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#icon-delete"/></svg>';
    button.addEventListener("click", () => this.events.remove(region));
    return button;
  }
}
