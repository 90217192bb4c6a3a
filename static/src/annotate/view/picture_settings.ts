/**
 * Picture settings on this device: brightness, contrast, inverted colors, opacity and
 * patterns of shapes, and the magnifier at the mouse.
 */

export interface PictureSettings {
  /** In percent; 100 leaves the picture unchanged. */
  readonly brightness: number;
  readonly contrast: number;
  /** Opacity of the regions. */
  readonly opacity: number;
  /** How far the patterns of regions reach from their borders; 100 fills them. */
  readonly pattern: number;
  readonly invert: boolean;
  readonly magnifier: boolean;
}

export const NEUTRAL: PictureSettings = {
  brightness: 100, contrast: 100, opacity: 100, pattern: 30, invert: false, magnifier: false,
};

/** Return the CSS filter of the settings. The browser applies it; the pixels stay unchanged. */
export function cssFilter({ brightness, contrast, invert }: PictureSettings): string {
  const parts = [
    ...(brightness === 100 ? [] : [`brightness(${brightness}%)`]),
    ...(contrast === 100 ? [] : [`contrast(${contrast}%)`]),
    ...(invert ? ["invert(1)"] : []),
  ];
  return parts.join(" ") || "none";
}

const KEY = "ai4mars.look.";
const LIMITS = { brightness: [40, 300], contrast: [40, 300], opacity: [10, 100], pattern: [0, 100] } as const;

/** Return the settings stored on this device for this person. Invalid values become neutral. */
export function loadSettings(storage: Storage | null, owner: string): PictureSettings {
  try {
    const kept = JSON.parse(storage?.getItem(KEY + owner) ?? "{}") as Partial<PictureSettings>;
    const within = (name: keyof typeof LIMITS): number => {
      const [least, most] = LIMITS[name];
      const value = kept[name];
      return typeof value === "number" && value >= least && value <= most ? value : NEUTRAL[name];
    };
    return {
      brightness: within("brightness"),
      contrast: within("contrast"),
      opacity: within("opacity"),
      pattern: within("pattern"),
      invert: kept.invert === true,
      magnifier: kept.magnifier === true,
    };
  } catch {
    return NEUTRAL;
  }
}

/** Store the settings. If the device does not allow storage, they last until the page closes. */
export function saveSettings(storage: Storage | null, owner: string, look: PictureSettings): void {
  try {
    storage?.setItem(KEY + owner, JSON.stringify(look));
  } catch {
    // Storage is full or forbidden; the settings are not essential.
  }
}

/** Return the local storage, or null if the browser forbids access. */
export function settingsStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
