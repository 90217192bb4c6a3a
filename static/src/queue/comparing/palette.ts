/** From a byte a pixel to colors. Pure. */

/** Red, green, blue, and how opaque, each 0..255. */
export type Color = readonly [red: number, green: number, blue: number, alpha: number];

/** Colors by value; a value without one is not painted. */
export type Palette = ReadonlyMap<number, Color>;

/** RGBA, as a canvas takes it. */
export function paint(values: Uint8Array, palette: Palette): Uint8ClampedArray<ArrayBuffer> {
  const bytes = new Uint8ClampedArray(4 * values.length);
  const table = new Uint8ClampedArray(4 * 256);
  for (const [value, color] of palette) table.set(color, 4 * value);
  // A pixel at once: the table's bytes lie in the order in which the canvas wants them.
  const from = new Uint32Array(table.buffer);
  const to = new Uint32Array(bytes.buffer);
  for (let i = 0; i < values.length; i++) to[i] = from[values[i]!]!;
  return bytes;
}

/** "#rgb" or "#rrggbb"; anything else is black. */
export function colorOf(hex: string, alpha: number): Color {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(hex.trim())?.[1] ?? "000000";
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits;
  const [red, green, blue] = [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16));
  return [red!, green!, blue!, alpha];
}

/** Of how many labels of `labels` disagree: nothing for none, then more and more of `cold` toward `hot`. */
export function heat(labels: number, cold: Color, hot: Color): Palette {
  const colors = new Map<number, Color>();
  for (let n = 1; n < labels; n++) {
    const share = Math.min(1, (2 * n) / labels); // half of them differing is as split as two answers can be
    const mixed = cold.map((low, channel) => Math.round(low + share * (hot[channel]! - low)));
    colors.set(n, [mixed[0]!, mixed[1]!, mixed[2]!, mixed[3]!]);
  }
  return colors;
}
