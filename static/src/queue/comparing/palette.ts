/** Map one byte per pixel to colors. Pure. */

/** Red, green, blue and alpha, each 0..255. */
export type Color = readonly [red: number, green: number, blue: number, alpha: number];

/** Colors by pixel value; values without a color are transparent. */
export type Palette = ReadonlyMap<number, Color>;

/** Return RGBA bytes for a canvas. */
export function paint(values: Uint8Array, palette: Palette): Uint8ClampedArray<ArrayBuffer> {
  const bytes = new Uint8ClampedArray(4 * values.length);
  const table = new Uint8ClampedArray(4 * 256);
  for (const [value, color] of palette) table.set(color, 4 * value);
  // Write whole pixels: the bytes of the table are in canvas order.
  const from = new Uint32Array(table.buffer);
  const to = new Uint32Array(bytes.buffer);
  for (let i = 0; i < values.length; i++) to[i] = from[values[i]!]!;
  return bytes;
}

/** Parse "#rgb" or "#rrggbb"; anything else is black. */
export function colorOf(hex: string, alpha: number): Color {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(hex.trim())?.[1] ?? "000000";
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits;
  const [red, green, blue] = [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16));
  return [red!, green!, blue!, alpha];
}

/**
 * Return the palette of a heat map of disagreement among `labels` labels: transparent for 0, then from `cold` to `hot`.
 */
export function heat(labels: number, cold: Color, hot: Color): Palette {
  const colors = new Map<number, Color>();
  for (let n = 1; n < labels; n++) {
    const share = Math.min(1, (2 * n) / labels); // half of the labels differing is the largest possible split
    const mixed = cold.map((low, channel) => Math.round(low + share * (hot[channel]! - low)));
    colors.set(n, [mixed[0]!, mixed[1]!, mixed[2]!, mixed[3]!]);
  }
  return colors;
}
