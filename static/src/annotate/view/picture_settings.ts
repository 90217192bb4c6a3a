/** How the picture looks on this device: brightness, contrast, inverted or not, opacity of shapes. */

export interface Look {
  /** All in percent; 100 is the picture as it is. */
  readonly brightness: number;
  readonly contrast: number;
  /** Of the regions. */
  readonly opacity: number;
  readonly invert: boolean;
}

export const NEUTRAL: Look = { brightness: 100, contrast: 100, opacity: 100, invert: false };

/** The picture's part of a look, as a CSS filter: the browser applies it, no pixel is touched here. */
export function filterOf({ brightness, contrast, invert }: Look): string {
  const parts = [
    ...(brightness === 100 ? [] : [`brightness(${brightness}%)`]),
    ...(contrast === 100 ? [] : [`contrast(${contrast}%)`]),
    ...(invert ? ["invert(1)"] : []),
  ];
  return parts.join(" ") || "none";
}

const KEY = "ai4mars.look.";
const LIMITS = { brightness: [40, 300], contrast: [40, 300], opacity: [10, 100] } as const;

/** The look that was kept on this device for this person; what is not one is neutral. */
export function recallLook(storage: Storage | null, owner: string): Look {
  try {
    const kept = JSON.parse(storage?.getItem(KEY + owner) ?? "{}") as Partial<Look>;
    const within = (name: keyof typeof LIMITS): number => {
      const [least, most] = LIMITS[name];
      const value = kept[name];
      return typeof value === "number" && value >= least && value <= most ? value : NEUTRAL[name];
    };
    return {
      brightness: within("brightness"),
      contrast: within("contrast"),
      opacity: within("opacity"),
      invert: kept.invert === true,
    };
  } catch {
    return NEUTRAL;
  }
}

/** Kept where the device allows it; else it lasts as long as the page. */
export function keepLook(storage: Storage | null, owner: string, look: Look): void {
  try {
    storage?.setItem(KEY + owner, JSON.stringify(look));
  } catch {
    // Full or forbidden: nothing is lost that matters.
  }
}

/** The device's storage; null where even asking for it is forbidden. */
export function lookStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
